// The charts of a training of nin_lib.training: losses, accuracy and norms over the epochs, as in the paper's Fig. 3.

import { onOneAbscissa } from "../../models/run-record.js";
import { h } from "../../ui/elements.js";
import { createChart } from "../../charts/chart.js";
import { decadeRange, LOG_STEPS } from "../../charts/ticks.js";

const TRAINED = "#e69f00";
/**
 * The curves of each chart: the name of their values in a run, what to call them, and whose colour and dash they have.
 * `yRange` is that of an axis which is not logarithmic, `least` the smallest value on one that is.
 * @typedef {{ title: string, curves: [CurveKey, string, keyof typeof palette.weights][], yRange?: [number, number], least?: number }} ChartOfRuns
 * @type {ChartOfRuns[]}
 */
const CHARTS = [
  {
    title: "Loss",
    curves: [
      ["batch_loss", "batch loss", "loss"],
      ["val_loss", "validation loss", "clean_loss"],
    ],
  },
  {
    title: "Validation accuracy",
    curves: [["val_accuracy", "validation, without noise", "clean_loss"]],
    yRange: [0, 1],
  },
  { title: "Norm of the noise weights", curves: [["niw_norm", "noise weights", "w_ni"]] },
];
/** @type {ChartOfRuns} */
const NEXT = { title: "Norm of the next layer's weights", curves: [["next_norm", "next layer", "w1"]] };
/** @type {ChartOfRuns} */
const CURVATURE = {
  title: "Curvature along the noise weights",
  curves: [
    ["pull", "true pull", "w1"],
    ["decay_reads", "decay reads", "w_ni"],
  ],
  least: 1e-6,
};

/**
 * Of the runs that are shown the first is drawn strong, those of other seeds thin; with `live` there is room for one that was
 * trained here over them.
 * @param {View} view
 * @param {Run[]} runs all that there are, for axes that hold still while a reader goes from one to another
 * @param {boolean} live
 */
export function createRunCharts(view, runs, live) {
  const seeds = new Set(runs.map(run => run.seed)).size;
  const epochs = Math.max(...runs.map(run => run.epochs));
  const calm = runs.filter(run => run.lost === null);
  const last = runs.some(run => run.pull.length > 0) ? CURVATURE : NEXT;
  const charts = [...CHARTS, last].map(({ title, curves, yRange, least = 0 }) => {
    const keys = curves.map(([key]) => key);
    const values = (calm.length > 0 ? calm : runs).flatMap(run => keys.flatMap(key => run[key]));
    const lines = linesOf(curves, seeds, live);
    const chart = createChart(view, { title, at: "epoch", xTitle: "epoch", curves: lines, logY: !yRange });
    return { keys, yRange: yRange ?? decadeRange(values.filter(value => value >= least)), chart };
  });

  return {
    element: h("div", { class: "nin-charts" }, ...charts.map(({ chart }) => chart.element)),
    /**
     * @param {Run[]} shown
     * @param {Run | null} trained
     * @param {string} said the phase in words
     */
    show(shown, trained, said) {
      const drawn = trained ? [...shown, trained] : shown;
      const longest = Math.max(...drawn.map(run => run.epochs));
      const { at, valuesOf } = onOneAbscissa(drawn);
      for (const { keys, yRange, chart } of charts) {
        const ys = keys.flatMap(key => Array.from({ length: seeds }, (_, k) => valuesOf(shown[k], key)));
        chart.set({
          at,
          x: LOG_STEPS,
          ys: live ? [...ys, ...keys.map(key => valuesOf(trained, key))] : ys,
          xRange: [0, LOG_STEPS.place(Math.max(epochs, longest))],
          yRange,
          end: endOf(shown[0], drawn),
          description: `Curves over ${longest} epochs of training, ${said}`,
        });
      }
    },
  };
}

/**
 * For each curve a line for each seed, and with `live` one more.
 * @param {ChartOfRuns["curves"]} curves
 * @param {number} seeds
 * @param {boolean} live
 * @returns {Curve[]}
 */
function linesOf(curves, seeds, live) {
  const lines = curves.flatMap(([, name, style]) => {
    const line = { color: palette.weights[style], dash: palette.dashes[style], join: true };
    return [
      { ...line, name },
      ...Array.from({ length: seeds - 1 }, () => ({ ...line, width: 1, alpha: 0.6 })),
    ];
  });
  const own = curves.map(([, , style], i) => ({
    name: i === 0 ? "trained here" : null,
    color: TRAINED,
    dash: palette.dashes[style],
    width: 2.5,
    join: true,
  }));
  return live ? [...lines, ...own] : lines;
}

/**
 * The mark where the first run diverged; what lies behind it has a shade if no other run goes on.
 * @param {Run} first
 * @param {Run[]} drawn
 */
function endOf({ lost, steps_per_epoch }, drawn) {
  if (lost === null) return null;
  return {
    at: lost / steps_per_epoch,
    text: `diverged in epoch ${Math.floor(lost / steps_per_epoch) + 1}`,
    color: drawn.every(run => run.lost !== null) ? palette.phases.divergent : "transparent",
  };
}
