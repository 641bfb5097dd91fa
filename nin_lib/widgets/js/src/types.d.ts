// The shapes that modules hand to each other.

// --- the explorer and its controls

/** The part of anywidget's model that explorers use. */
interface Model {
  get(key: string): any;
  set(key: string, value: any): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
  save_changes(): void;
  /** In a live kernel: a message to Python. */
  send?(message: string): void;
}

/** What the parts of an explorer are handed; see ui/view.js. */
interface View {
  /** The explorer's element; `nin` holds what is on the screen, for tests and benchmarks to see. */
  root: HTMLElement & { nin: Record<string, any> };
  model: Model;
  /** What links call the explorer: its own name, or of explorers that show an experiment the experiment's. */
  name: string;
  /** There is a kernel. */
  live: boolean;
  /** Aborts when the explorer is taken down: for listeners of the document and the like. */
  signal: AbortSignal;
  /** Calls `end` when the explorer is taken down. */
  own(end: () => void): void;
  /** What each setting accepts that a link may name. */
  limits: Map<string, Limits>;
  /** Their values at the start, to which the reader can go back. */
  start: Record<string, any>;
  /** Lines of Python that make what is on the screen, where they are not `pythonLines`. */
  python?: string;
  /** What is on the screen to be kept or taken away; charts add themselves. */
  charts: OnScreen[];
  /** Calls `listener` when one of these settings changes, until the explorer is taken down. */
  listen(names: string[], listener: () => void): void;
}

/** What a setting accepts: `limits` of a trait in nin_lib/widgets/settings.py. */
type Limits =
  { low: number; high: number; strictly?: boolean; whole?: boolean; remedy: string } | { choices: string[] };

/** How a setting runs over its slider. */
interface SettingRange {
  name: string;
  label: string;
  min: number;
  max: number;
  step?: number;
  log?: boolean;
  /** Whole numbers only. */
  integer?: boolean;
  /** Increasing values, evenly spaced; min is the first, max the last. */
  stops?: number[];
}

interface Scale {
  /** The ends of the slider's own positions. */
  low: number;
  high: number;
  /** The place of a value: 0 at min, 1 at max. */
  place(value: number): number;
  /** The value at a place, exactly. */
  at(place: number): number;
  /** The value that a reader sets there, rounded. */
  settingAt(place: number): number;
}

// --- charts

/** How values stand on the abscissa: `place` and `value` are each other's inverse. */
interface Abscissa {
  place(value: number): number;
  value(place: number): number;
  /** The values to label on an axis of so many CSS pixels, up to the value `last`; without it, multiples of a round number. */
  ticks?(width: number, last: number): number[];
  /** Only whole numbers are labelled. */
  whole?: boolean;
}

interface Curve {
  /** In words or as an element; none for a curve that the legend leaves out. */
  name?: string | Node | null;
  color: string;
  kind?: "line" | "points" | "dotted" | "bars";
  dash?: string;
  width?: number;
  alpha?: number;
  /** A line runs across places where it has no value, as it does when dotted. */
  join?: boolean;
}

interface Mark {
  at: number;
  text: string;
  /** Where it is an event of a curve: the curve's value there. */
  value?: number;
}

/** What a chart is told to show. Ranges are in places: logarithms where the axis is logarithmic. */
interface Shows {
  /** The values of the abscissa, and how they stand on it. */
  at: ArrayLike<number>;
  x?: Abscissa;
  /** For each curve its values there, null or NaN for none. */
  ys: ArrayLike<number | null>[];
  xRange?: [number, number];
  yRange: [number, number];
  marks?: Mark[];
  /** From where on the curves are pale. */
  fade?: number | null;
  /** A mark with a shade behind it. */
  end?: (Mark & { color: string }) | null;
  /** The last value of the abscissa that is drawn. */
  until?: number;
  /** The chart in words. */
  description: string;
}

/** What a chart shows at the moment. */
type Shown = Required<Omit<Shows, "description">> & { places: number[] };

interface Chart {
  element: Element;
  set(shows: Shows): void;
}

/** The values in a chart. */
interface ChartTaken {
  title: string;
  at: { name: string; values: ArrayLike<number | null> };
  curves: { name: string; values: ArrayLike<number | null> }[];
}

/** A chart or a map, to be kept or taken away. */
interface OnScreen {
  title: string;
  data(): ChartTaken;
  /** What its curves are called, and how they are drawn. */
  legend(): { text: string; color: string; dashes: number[] }[];
  /** Null before it is drawn. */
  canvas(): HTMLCanvasElement | null;
  /** Leaves what is shown in pale, with this label. */
  keep(label: Node): void;
  /** The entries of a key to what is kept. */
  kept(): Element[];
  forget(): void;
}

interface MapGeometry {
  x0: number;
  y0: number;
  w: number;
  h: number;
  toX(place: number): number;
  toY(place: number): number;
  placeAtX(x: number): number;
  placeAtY(y: number): number;
}
interface MapAxes {
  x: SettingRange;
  y: SettingRange;
}
interface MapPoint {
  x: number;
  y: number;
}
interface MapLine {
  dash: number[];
  points: [x: number, y: number][];
}
/** A run of cells of this row, or of this column. */
interface MapRun {
  line: number;
  from: number;
  to: number;
}
/** A name, and where there is most room for it. */
interface MapName {
  text: string;
  along: MapRun | null;
  upright: MapRun | null;
}
interface MapShown {
  axes: MapAxes | null;
  /** The name of the vertical axis. */
  vertical: string;
  lines: MapLine[];
  names: MapName[];
  point: MapPoint | null;
  /** Points that were kept, each for the axis that was the vertical one. */
  kept: { point: MapPoint; vertical: string }[];
}

// --- models

/** A run of the linear model; see models/linear-model.js. */
interface LinearRun {
  weights: Float64Array[];
  phase: number;
  learned: number | null;
  overshot: number | null;
  lost: number | null;
  kept: number;
  peak: number;
}

/** A map of phases as its worker answers; see workers/phase-map.worker.js. */
interface PhaseMap {
  id: number;
  phases: Uint8Array;
  learned: Int32Array;
  fine: boolean;
}

interface TrainingSettings {
  sigma_eps: number;
  eta: number;
  batch_size: number;
  seed: number;
}

/** The growing history of a training; see models/digits-training.js. */
interface TrainingHistory {
  p: TrainingSettings;
  steps: number;
  steps_per_epoch: number;
  lost: number | null;
  batch_loss: Float64Array;
  niw_norm: Float64Array;
  val_accuracy: Float64Array;
  clean_loss: Float64Array;
  /** Before the first epoch, and so on, if it was looked at. */
  inside: Inside[];
}

interface Inside {
  largest: number;
  pull: number;
  w_ni: Float64Array;
  clean: Answer[];
  noisy: Answer[];
}

interface Answer {
  right: number;
  answer: number;
  /** From 0 to 1. */
  sure: number;
}

type CurveKey =
  "batch_loss" | "val_loss" | "val_accuracy" | "niw_norm" | "next_norm" | "pull" | "decay_reads";

/** A training of nin_lib.training as Python writes it, its curves as texts; see models/run-record.js. */
interface RunRecord extends Record<CurveKey, string> {
  sigma_eps: number;
  seed: number;
  epochs: number;
  steps_per_epoch: number;
  phase: string;
  words: string;
  lost: number | null;
}

/** What the page must know of an experiment to train its network; see `recipe_of` in run_records.py. */
interface Recipe {
  hidden: number[];
  loss: "ce" | "mse";
  batch_size: number;
  val_samples: number;
}

type Run = Omit<RunRecord, CurveKey> &
  Record<CurveKey, number[]> & {
    /** Where in epochs the values of a curve stand. */
    places(key: CurveKey): number[];
  };
