// The chapter's net on digits, trained anew in a worker at every move of a slider.

import { createChart } from "../charts/chart.js";
import { backButton, button, setValue, slider } from "../ui/controls.js";
import { EPOCHS, phaseOf, train, TRAINING_SAMPLES } from "../models/digits-training.js";
import { defineExplorer, format, h, onFrame, symbol } from "../ui/host.js";
import { phaseStatus } from "../ui/phases.js";
import workerText from "../workers/training.worker.js";
/* global digits, palette */

const RANGES = [
  { name: "sigma_eps", label: "injected noise", min: 0.5, max: 60, log: true },
  { name: "eta", label: "learning rate", min: 0.02, max: 1, log: true },
  { name: "batch_size", label: "batch size", min: 16, max: 512, log: true, integer: true },
];
const SETTINGS = [...RANGES.map(({ name }) => name), "seed"];

// What the settings say, or the nearest that can be trained: a link may say anything.
function readSettings(model) {
  const [sigma_eps, eta, batch_size, seed] = SETTINGS.map(name => model.get(name));
  return {
    sigma_eps: Math.max(sigma_eps, 0),
    eta: Math.max(eta, 0),
    batch_size: Math.min(Math.max(Math.round(batch_size), 1), TRAINING_SAMPLES),
    seed: seed >>> 0,
  };
}

function mount(root, model) {
  const [sigma, ...others] = RANGES.map(range => slider(model, range));
  const status = phaseStatus(root);
  const curve = (name, label, kind) => ({
    name: label,
    color: palette.weights[name],
    dash: palette.dashes[name],
    kind,
  });
  const plot = (title, curves, logY) => createChart(root, { title, xTitle: "epoch", curves, logY });
  const lossPlot = plot(
    "Loss",
    [curve("loss", "batch loss"), curve("clean_loss", "clean loss", "dotted")],
    true,
  );
  const niwPlot = plot("Noise weights", [curve("w_ni", h("span", {}, "|", symbol("w_ni"), "|"))], true);
  const accuracyPlot = plot(
    "Validation accuracy",
    [curve("clean_loss", "without noise", "dotted")],
    false,
  );
  const controls = h("div", { class: "nin-chart" }); // takes the place of a fourth chart
  controls.append(
    h("div", { class: "nin-controls" }, ...others.map(([element]) => element)),
    h(
      "div",
      { class: "nin-buttons" },
      button("New seed", () => setValue(model, "seed", (model.get("seed") + 1) >>> 0)),
      backButton(model, SETTINGS),
    ),
  );
  root.append(
    sigma[0],
    status.element,
    h("div", { class: "nin-charts" }, lossPlot.element, niwPlot.element, accuracyPlot.element, controls),
  );

  let run = null;
  let shown = null; // the curves on the screen: those of the run, and beyond its head those of the run before
  const paintSoon = onFrame(paint);
  function paint() {
    const { p, steps, steps_per_epoch: perEpoch, lost, done } = run;
    const now = steps / perEpoch;
    if (shown?.at.length !== EPOCHS * perEpoch + 1 || done) shown = emptyCurves(perEpoch);
    merge(shown, run);
    // A training's first epoch says little of its phase: what was said before stays until then.
    if (now >= 1 || done || !root.dataset.phase) say();
    const ends = lost !== null ? [{ at: now, text: "diverged" }] : [];
    const common = {
      at: shown.at,
      xRange: [0, EPOCHS],
      marks: ends,
      fade: done ? null : now,
      description: `Curves over ${EPOCHS} epochs of training, ${status.said()}`,
    };
    lossPlot.set({ ...common, ys: [shown.batch_loss, shown.clean_loss], yRange: [-2, 3] });
    niwPlot.set({ ...common, ys: [shown.niw_norm], yRange: [-1, 2] });
    accuracyPlot.set({ ...common, ys: [shown.val_accuracy], yRange: [0, 1] });
    root.ninTraining = run;
  }
  function say() {
    const { phase, learned, kept } = phaseOf(run);
    const rest = run.done ? `. ${describe(run, phase, learned, kept)}` : " so far, still in training.";
    status.say(run.p.sigma_eps, phase, rest);
  }

  const source = `const digits = ${JSON.stringify(digits)};\n${workerText}`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" })); // works under file://, too
  const worker = new Worker(url);
  worker.onmessage = ({ data }) => {
    run = data;
    paintSoon();
  };
  const request = () => worker.postMessage(readSettings(model));
  for (const key of SETTINGS) model.on(`change:${key}`, request);
  request();

  return () => {
    for (const key of SETTINGS) model.off(`change:${key}`, request);
    worker.terminate();
    URL.revokeObjectURL(url);
    for (const plot of [lossPlot, niwPlot, accuracyPlot]) plot.destroy();
    for (const [, end] of [sigma, ...others]) end();
  };
}

// Curves over all steps, the start of each and the end: `at` in epochs, values NaN.
function emptyCurves(perEpoch) {
  const n = EPOCHS * perEpoch + 1;
  const names = ["batch_loss", "niw_norm", "val_accuracy", "clean_loss"];
  const none = names.map(name => [name, new Float64Array(n).fill(NaN)]);
  return { at: Float64Array.from({ length: n }, (_, i) => i / perEpoch), ...Object.fromEntries(none) };
}

function merge(curves, { steps, steps_per_epoch, lost, batch_loss, niw_norm, val_accuracy, clean_loss }) {
  curves.batch_loss.set(batch_loss.subarray(0, lost === null ? steps : lost + 1));
  curves.niw_norm.set(niw_norm.subarray(0, steps + 1));
  curves.clean_loss.fill(NaN); // measured so rarely that a line would join two trainings
  for (let epoch = 0; epoch * steps_per_epoch <= steps; epoch++) {
    curves.val_accuracy[epoch * steps_per_epoch] = val_accuracy[epoch];
    curves.clean_loss[epoch * steps_per_epoch] = clean_loss[epoch];
  }
}

function describe({ lost, batch_loss, steps_per_epoch, val_accuracy }, phase, learned, kept) {
  if (lost !== null) return `The batch loss passes 10⁸ in epoch ${Math.floor(lost / steps_per_epoch) + 1}.`;
  const reads = `The net reads ${format(100 * val_accuracy.at(-1))}\u00a0% of the validation digits`;
  if (phase === "catapult") {
    const peak = batch_loss.reduce((a, b) => Math.max(a, b)) / batch_loss[0];
    return `The batch loss peaks at ${format(peak)} times its start. ${reads} in the end.`;
  }
  const when = learned ? "When the clean loss is down to a quarter" : "In the end";
  return `${when}, the noise weights have ${format(100 * kept)}\u00a0% of their norm. ${reads} in the end.`;
}

export const { render, mountAll } = defineExplorer("training", mount);
export { phaseOf, train }; // what the tests compare with Python
