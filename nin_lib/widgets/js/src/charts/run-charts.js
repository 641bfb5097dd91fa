// The charts of a training of nin_lib.training: losses, accuracy and norms over the epochs, as in the paper's Fig. 3.

import { createChart, LOG_STEPS } from "./chart.js";
import { h } from "../ui/host.js";
/* global palette */

const TRAINED = "#e69f00";
// The curves of each chart: the name of their values in a run, what to call them, and whose colour and dash they have.
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
  { title: "Norm of the next layer's weights", curves: [["next_norm", "next layer", "w1"]] },
];
const KEYS = CHARTS.flatMap(({ curves }) => curves.map(([key]) => key));

// A run as Python writes it, its curves made numbers, and the places in epochs where these stand. Of the batch losses, the
// first `head` stand at their steps, each of the others in the middle of the epoch (or the rest of one) whose mean it is.
export function readRun(record, head) {
  const numbers = text => (text === "" ? [] : text.split(" ").map(Number));
  const { epochs, steps_per_epoch: perEpoch } = record;
  const whole = Array.from({ length: epochs + 1 }, (_, epoch) => epoch);
  const steps = Array.from({ length: Math.min(head, epochs * perEpoch) }, (_, step) => step / perEpoch);
  for (let epoch = Math.floor(head / perEpoch); epoch < epochs; epoch++)
    steps.push((Math.max(head / perEpoch, epoch) + epoch + 1) / 2);
  const curves = KEYS.map(key => [key, numbers(record[key])]);
  return { ...record, ...Object.fromEntries(curves), places: key => (key === "batch_loss" ? steps : whole) };
}

// runs: all that there are, for axes that hold still while a reader goes from one to another. Of those shown the first is
// drawn strong, runs of other seeds thin; with `live` there is room for one that was trained here over them.
export function createRunCharts(root, runs, live) {
  const seeds = new Set(runs.map(run => run.seed)).size;
  const epochs = Math.max(...runs.map(run => run.epochs));
  const calm = runs.filter(run => run.lost === null);
  const charts = CHARTS.map(({ title, curves, yRange }) => {
    const lines = curves.flatMap(([, name, style]) => {
      const line = { color: palette.weights[style], dash: palette.dashes[style], join: true };
      return [{ ...line, name }, ...Array.from({ length: seeds - 1 }, () => ({ ...line, width: 1, alpha: 0.6 }))];
    });
    const own = curves.map(([, , style], i) => ({
      name: i === 0 ? "trained here" : null,
      color: TRAINED,
      dash: palette.dashes[style],
      width: 2.5,
      join: true,
    }));
    const keys = curves.map(([key]) => key);
    return {
      keys,
      yRange: yRange ?? decades((calm.length > 0 ? calm : runs).flatMap(run => keys.flatMap(key => run[key]))),
      chart: createChart(root, { title, xTitle: "epoch", curves: live ? [...lines, ...own] : lines, logY: !yRange }),
    };
  });

  return {
    element: h("div", { class: "nin-charts" }, ...charts.map(({ chart }) => chart.element)),
    // trained: a run or null; said: the phase in words.
    show(shown, trained, said) {
      const drawn = trained ? [...shown, trained] : shown;
      const longest = Math.max(...drawn.map(run => run.epochs));
      const places = drawn.flatMap(run => [...run.places("batch_loss"), ...run.places("val_loss")]);
      const at = [...new Set(places)].sort((a, b) => a - b);
      const index = new Map(at.map((place, i) => [place, i]));
      const valuesOf = (run, key) => {
        const values = new Array(at.length).fill(null);
        run?.[key].forEach((value, i) => {
          values[index.get(run.places(key)[i])] = value;
        });
        return values;
      };
      const [{ lost, steps_per_epoch }] = shown;
      const end = {
        at: lost / steps_per_epoch,
        text: `diverged in epoch ${Math.floor(lost / steps_per_epoch) + 1}`,
        color: drawn.every(run => run.lost !== null) ? palette.phases.divergent : "transparent",
      };
      for (const { keys, yRange, chart } of charts) {
        const ys = keys.flatMap(key => Array.from({ length: seeds }, (_, k) => valuesOf(shown[k], key)));
        chart.set({
          at,
          x: LOG_STEPS,
          ys: live ? [...ys, ...keys.map(key => valuesOf(trained, key))] : ys,
          xRange: [0, LOG_STEPS.place(Math.max(epochs, longest))],
          yRange,
          end: lost === null ? null : end,
          description: `Curves over ${longest} epochs of training, ${said}`,
        });
      }
    },
    destroy: () => charts.forEach(({ chart }) => chart.destroy()),
  };
}

// A range for these values on a logarithmic axis.
function decades(values) {
  const logs = values.filter(value => value > 0 && Number.isFinite(value)).map(Math.log10);
  const [low, high] = [Math.min, Math.max].map(f => logs.reduce((a, b) => f(a, b), logs[0] ?? 0));
  return [low - 0.1, high + 0.1];
}
