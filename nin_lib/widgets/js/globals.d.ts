// What Python puts before a bundle (`javascript` of the explorers in nin_lib/widgets, and the palette in base.py), and what
// esbuild makes of an import as text.

declare module "text:*" {
  const text: string;
  export default text;
}

/** A module of the kernel; with "?relaxed" it needs a browser that has relaxed SIMD. */
declare module "wasm:*" {
  const code: Uint8Array<ArrayBuffer>;
  export default code;
}

/** The book's colours and dashes; the phases in the order of nin_lib.linear.Phase. */
declare const palette: {
  phases: Record<string, string>;
  weights: Record<"w0" | "w1" | "w_ni" | "loss" | "clean_loss", string>;
  dashes: Record<"w0" | "w1" | "w_ni" | "loss" | "clean_loss", string>;
};

/** Lines of Python that make the curves on the screen, with settings in braces: `python` of an explorer fills them. */
declare const pythonLines: string;

/** What each setting accepts. */
declare const limits: Record<string, Limits>;

type LinearSettings = Record<
  "sigma_eps" | "eta" | "batch_size" | "w0" | "w1" | "w_ni" | "M" | "sigma_x" | "steps" | "seed",
  number
>;

/** nin_lib.linear.javascript. */
declare function makeLinear(): {
  run(p: LinearSettings, start: number[], steps: number, stream: Float64Array): Float64Array[];
  loss(p: LinearSettings, w0: number, w1: number, w_ni: number): number;
  clean_loss(p: LinearSettings, w0: number, w1: number): number;
  /** Those of LinearModel.boundaries, in its order. */
  boundaries(p: LinearSettings): [decoupled: number, catapult: number, late: number, divergent: number];
  /** X = eta sigma_eps^2 w1^2 and S = eta sigma_eps^2 (w1^2 + w_ni^2). */
  stability(p: LinearSettings, w1: number, w_ni: number): [X: number, S: number];
  LARGEST_WEIGHT: number;
  LEARNED: number;
  DECAYED: number;
};

/** nin_lib.timescales.javascript. */
declare function makeTimescales(): {
  passiveFlow(
    p: LinearSettings,
    start: number[],
    t: number,
  ): [w0: number, w1: number, w_ni: number, clean_loss: number];
  timeScales(p: LinearSettings, start: number[]): [noise: number, loss: number];
};

/** Of the phase diagram: the colours of the steps to learn, "#rrggbb" from few to many. */
declare const stepColors: string[];

/** Of the expansion: the network, its batch, and the Taylor coefficients of the batch loss along W_NI. */
declare const network: Record<"a" | "b" | "v" | "w_ni" | "x" | "y" | "sigmas" | "mean_power", number[]> & {
  taylor: Record<string, number[]>;
};

/** Of batch averages: noise of unit variance from two uniform numbers, exact moments (null: infinite), and how much is drawn. */
declare const noises: Record<string, (u: number, v: number) => number>;
declare const moments: { noise: Record<string, (number | null)[]>; q: number[] };
declare const sampling: { samples: number; sizes: number[] };

/** Of the training: the digits, a letter for each pixel. */
declare const digits: {
  levels: number[];
  pixels: string;
  labels: string;
  train: number;
};

/** Of trainings: the numbers in the definition of a phase, nin_lib.history.History.phase, and what is said of a training. */
declare const outcomes: {
  thresholds: Record<"diverged" | "catapulted" | "decayed" | "learned", number>;
  clean_every: number;
  sentences: Record<"lost" | "peak" | "learned" | "unlearned" | "accuracy" | "early", string>;
};

/** On a page whose site carries the images of Fashion-MNIST: the address of their folder, relative to the page. */
declare var ninImages: string;

/** What training-here.js defines, once it is loaded. */
declare var trainingHere: typeof import("./src/on-demand/training-here.js");

/** Of a training on the page: as `pythonLines`. */
declare const pythonOfTraining: string;
