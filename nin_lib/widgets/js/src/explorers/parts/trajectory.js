// One run of the linear model: its curves in two charts, and its phase in words.

import { createChart, LOG_STEPS, STEPS } from "../../charts/chart.js";
import { backButton, button, setValue } from "../../ui/controls.js";
import { format, h, symbol } from "../../ui/host.js";
import { losses, simulate } from "../../models/linear-model.js";
import { noiseStream } from "../../models/noise.js";
import { PHASES, phaseStatus } from "../../ui/phases.js";
/* global palette */

export const SETTINGS = [
  "sigma_eps",
  "eta",
  "batch_size",
  "w0",
  "w1",
  "w_ni",
  "M",
  "sigma_x",
  "steps",
  "seed",
];
// The sliders of these settings, and the axes of maps over them.
export const RANGES = {
  sigma_eps: { name: "sigma_eps", label: "injected noise", min: 0.02, max: 30, log: true },
  eta: { name: "eta", label: "learning rate", min: 0.001, max: 0.1, log: true },
  batch_size: { name: "batch_size", label: "batch size", min: 1, max: 100000, log: true, integer: true },
  w1: { name: "w1", label: "start of", min: -3, max: 3, step: 0.05 },
  w_ni: { name: "w_ni", label: "start of", min: 0.01, max: 3, log: true },
};
const LOSS_DECADES = [-12, 8];

export const readSettings = model => Object.fromEntries(SETTINGS.map(name => [name, model.get(name)]));

// Elements to place (status, charts, buttons), and paint(), which shows the run of the model's settings.
// overlay: { lossCurves, chart: { title, curves }, evaluate(p, run) } adds curves to the loss chart and a third chart, on
// a log axis over `decades`; evaluate returns their values, their marks and words: { loss, chart, decades, marks, words },
// where marks is { loss, chart }. Over linear steps, at first, an exponential is a straight line.
export function createTrajectory(root, model, overlay = null) {
  const status = phaseStatus(root);
  const charts = h("div", { class: "nin-charts" });
  const logSteps = h("input", { type: "checkbox", ...(overlay ? {} : { checked: "" }), onchange: paint });
  const sync = `nin-${Math.random()}`;
  const curve = name => ({ name: symbol(name), color: palette.weights[name], dash: palette.dashes[name] });
  const createCurves = (title, curves, logY) => {
    const chart = createChart(root, { title, curves, logY, sync });
    charts.append(chart.element);
    return chart;
  };
  const weightChart = createCurves(
    "Weights over the steps of training",
    ["w0", "w1", "w_ni"].map(curve),
    false,
  );
  const lossCurves = [...["loss", "clean_loss"].map(curve), ...(overlay?.lossCurves ?? [])];
  const lossChart = createCurves("Loss over the steps of training", lossCurves, true);
  const addedChart = overlay && createCurves(overlay.chart.title, overlay.chart.curves, true);

  let [noise, noiseSeed, at] = [[], null, []];
  function paint() {
    const p = readSettings(model);
    if (at.length !== p.steps + 1) at = Float64Array.from({ length: p.steps + 1 }, (_, step) => step);
    if (noiseSeed !== p.seed || noise.length !== p.steps) {
      noise = noiseStream(p.seed, p.steps);
      noiseSeed = p.seed;
    }
    const run = simulate(p, noise);
    const phase = PHASES[run.phase];
    const added = overlay?.evaluate(p, run);
    const sentence = [describe(p, run), added?.words].filter(Boolean).join(" ");
    status.say(p.sigma_eps, phase, `. ${sentence}`);
    root.ninRun = run;
    if (added) root.ninOverlay = [...added.loss, ...added.chart];
    const { learned, lost } = run;
    const end = { at: lost, text: `diverged at step ${lost}`, color: palette.phases.divergent };
    const learnedAt = learned === null ? [] : [{ at: learned, text: "learned" }];
    const show = (chart, ys, yRange, marks) =>
      chart.set({
        at,
        x: logSteps.checked ? LOG_STEPS : STEPS,
        ys,
        yRange,
        marks: lost === null ? marks : [],
        end: lost === null ? null : end,
        until: lost ?? p.steps,
        description: `Curves over ${p.steps} steps in the ${phase} phase. ${sentence}`,
      });
    const lossYs = [...losses(p, run.weights), ...(added?.loss ?? [])];
    show(weightChart, run.weights, weightRange(p, run), learnedAt);
    show(lossChart, lossYs, LOSS_DECADES, [...learnedAt, ...(added?.marks.loss ?? [])]);
    if (added) show(addedChart, added.chart, added.decades, added.marks.chart);
  }

  const buttons = h("div", { class: "nin-buttons" });
  buttons.append(
    button("New noise", () => setValue(model, "seed", model.get("seed") + 1)),
    backButton(model, SETTINGS),
    h("label", { class: "nin-check" }, logSteps, " logarithmic steps"),
  );

  return {
    status: status.element,
    charts,
    buttons,
    paint,
    destroy() {
      weightChart.destroy();
      lossChart.destroy();
      addedChart?.destroy();
    },
  };
}

function describe(p, { phase, learned, lost, kept, peak }) {
  if (lost !== null) return `A weight passes 10⁸ at step ${lost}.`;
  const clean =
    learned === null
      ? `The clean loss is not yet below 1 % after ${p.steps} ${p.steps === 1 ? "step" : "steps"}`
      : `The clean loss is below 1 % at step ${learned}`;
  if (PHASES[phase] === "catapult") {
    const grows = Number.isFinite(peak) ? `grows to ${format(peak)} times its start` : "starts at zero and grows";
    return `The noise that reaches the output ${grows}, then falls. ${clean}.`;
  }
  if (p.w_ni === 0) return `${clean}; the noise weight starts at zero.`;
  const percent = kept >= 0.0005 ? `${format(100 * kept)} %` : "less than 0.1 %";
  return `${clean}; the noise weight then has ${percent} of its start.`;
}

// An axis that holds still while sigma_eps moves: it depends on where the weights start, and grows only in whole steps.
function weightRange(p, { weights, lost }) {
  const size = Math.max(1, Math.abs(p.w0), Math.abs(p.w1), Math.abs(p.w_ni), Math.sqrt(Math.abs(p.M)));
  let [bottom, top] = [-size / 2, size];
  if (lost === null) {
    for (const values of weights) {
      for (const value of values) {
        if (value > top) top = value;
        if (value < bottom) bottom = value;
      }
    }
  }
  return [Math.floor(bottom), Math.ceil(top)];
}
