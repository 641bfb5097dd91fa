// Read it yourself: the reader marks a stretch of the decay of |W_NI|, whose slope is read as curvature beside the true pull.

import { createChart } from "../../charts/chart.js";
import { curvatureRead, meanOver } from "../../models/decay.js";
import { EPOCHS } from "../../models/digits-training.js";
import { slider } from "../../ui/controls.js";
import { h, symbol } from "../../ui/elements.js";
import { format } from "../../ui/format.js";
import { StaticModel } from "../../ui/model.js";
import { listenTo } from "../../ui/view.js";

/** @type {SettingRange[]} */
const ENDS = [
  { name: "from_epoch", label: "stretch", min: 0, max: EPOCHS, step: 1, integer: true },
  { name: "to_epoch", label: "stretch", min: 0, max: EPOCHS, step: 1, integer: true },
];
/** @type {Limits} */
const EPOCH = { low: 0, high: EPOCHS, whole: true, remedy: "it counts the epochs of the training" };

const TOO_LOW =
  "The kicks of the batches, and steps that are not small, take the rest: weaker noise reads better.";

/**
 * A part to unfold; `ask` is called for a training that measures the pull when a reader does.
 * @param {View} view
 * @param {() => void} ask
 */
export function createReading(view, ask) {
  const stretch = new StaticModel({ from_epoch: 1, to_epoch: 6 });
  const listen = listenTo(stretch, view.own);
  const limits = new Map(ENDS.map(({ name }) => [name, EPOCH]));
  const ends = ENDS.map(range => slider({ ...view, model: stretch, limits, listen }, range));
  const name = h("span", {}, "|", symbol("w_ni"), "|");
  const chart = createChart(view, {
    title: "Mark a stretch of the decay",
    at: "epoch",
    xTitle: "epoch",
    curves: [
      { name, color: palette.weights.w_ni },
      { name: "read as exponential", color: palette.weights.w1, dash: "dash", width: 2.5 },
    ],
    logY: true,
  });
  const says = h("p", { class: "nin-reads", role: "status" });
  const controls = h("div", { class: "nin-controls" }, ...ends);
  const element = h(
    "details",
    { class: "nin-details" },
    h("summary", {}, "Read it yourself"),
    chart.element,
    controls,
    says,
  );
  /** @type {TrainingHistory | null} */
  let history = null;
  function show() {
    if (!element.open || !history) return;
    const [first, last] = ENDS.map(({ name }) => stretch.get(name)).sort((a, b) => a - b);
    const read = readStretch(history, first, last);
    chart.set(drawnStretch(history, first, last));
    says.textContent = inWords(read, first, last);
    view.root.nin.reading = read;
  }
  element.addEventListener("toggle", () => element.open && ask());
  listen([...limits.keys()], show);
  return {
    element,
    /** @param {TrainingHistory} newest */
    show(newest) {
      history = newest;
      show();
    },
  };
}

/**
 * What the fall over the stretch reads, and the mean pull over it; NaN where the training has not arrived.
 * @param {TrainingHistory} history
 * @param {number} first
 * @param {number} last
 */
function readStretch({ p, steps_per_epoch: steps, niw_norm, inside }, first, last) {
  const [from, to] = [niw_norm[first * steps], niw_norm[last * steps]];
  const pulls = inside.slice(first, last + 1).map(({ pull }) => pull);
  return {
    steps: (last - first) * steps,
    kept: to / from,
    curvature: last > first ? curvatureRead(from, to, (last - first) * steps, p) : NaN,
    pull: pulls.length === last - first + 1 && last > first ? meanOver(pulls) : NaN,
  };
}

/**
 * @param {ReturnType<typeof readStretch>} read
 * @param {number} first
 * @param {number} last
 */
function inWords({ steps, kept, curvature, pull }, first, last) {
  if (first === last) return "A stretch has two ends: choose another epoch for one of them.";
  if (Number.isNaN(kept)) return "The training has not come to the end of this stretch.";
  const read = `From epoch ${first} to ${last}, in ${steps} steps, the norm goes to ${format(100 * kept)}\u00a0% of what it was: `;
  const off = pull > 0 ? ` (${format(100 * (curvature / pull))}\u00a0% of it)` : "";
  const true_ = Number.isNaN(pull) ? "" : `, where the true pull is ${format(pull)}${off}`;
  const low = curvature < 0.8 * pull ? ` ${TOO_LOW}` : "";
  return `${read}the decay reads a curvature of ${format(curvature)}${true_}.${low}`;
}

/**
 * @param {TrainingHistory} history
 * @param {number} first
 * @param {number} last
 * @returns {Shows}
 */
function drawnStretch({ steps_per_epoch: steps, niw_norm }, first, last) {
  const at = Float64Array.from(niw_norm, (_, step) => step / steps);
  const [from, to] = [niw_norm[first * steps], niw_norm[last * steps]];
  const line = at.map(t =>
    t < first || t > last ? NaN : from * (to / from) ** ((t - first) / (last - first)),
  );
  return {
    at,
    ys: [niw_norm, line],
    yRange: [-1, 2],
    marks: [
      { at: first, text: "from", value: from },
      { at: last, text: "to", value: to },
    ],
    description: `The norm of the noise weights over ${EPOCHS} epochs, and an exponential from epoch ${first} to ${last}.`,
  };
}
