// The trajectory of the two-layer linear model under a slider for sigma_eps, and the band of its phases.

import { createBand, swatch } from "../band.js";
import { createChart } from "../chart.js";
import { button, setValue, slider } from "../controls.js";
import { defineExplorer, format, h, onFrame, symbol } from "../host.js";
import { boundaries, losses, PHASES, simulate } from "../linear-model.js";
import { noiseStream } from "../noise.js";
import { createPhaseMap, logspace } from "../phase-map.js";
/* global palette */

const SIGMA = { name: "sigma_eps", min: 0.02, max: 30, log: true };
const SLIDERS = [
  { name: "eta", label: "learning rate", min: 0.001, max: 0.1, log: true },
  { name: "batch_size", label: "batch size", min: 1, max: 100000, log: true, integer: true },
  { name: "w1", label: "start of", min: -3, max: 3, step: 0.05 },
  { name: "w_ni", label: "start of", min: 0.01, max: 3, log: true },
];
const CELLS = 256;
const LOSS_RANGE = [-12, 8]; // decades
const STATE = ["sigma_eps", "eta", "batch_size", "w0", "w1", "w_ni", "M", "sigma_x", "steps", "seed"];

function mount(root, model) {
  const state = () => Object.fromEntries(STATE.map(key => [key, model.get(key)]));
  const start = state();

  const ends = [];
  const add = ([element, end]) => {
    ends.push(end);
    return element;
  };
  root.append(add(slider(model, { ...SIGMA, label: "injected noise" })));
  const band = createBand(root, model, SIGMA, ["decay", "late catapult", "catapult", "divergence"]);
  const status = h("p", { class: "nin-status", role: "status" });
  const charts = h("div", { class: "nin-charts" });
  const sync = `nin-${Math.random()}`;
  const curve = name => ({ name, color: palette.weights[name], dash: palette.dashes[name] });
  const controls = h("div", { class: "nin-controls" }, ...SLIDERS.map(options => add(slider(model, options))));
  const buttons = h("div", { class: "nin-buttons" });
  buttons.append(
    button("New noise", () => setValue(model, "seed", model.get("seed") + 1)),
    button("Back to the start", () => {
      for (const key of STATE) model.set(key, start[key]);
      model.save_changes();
    }),
  );
  root.append(status, charts, controls, buttons);
  const logSteps = h("input", { type: "checkbox", checked: "", onchange: paint });
  buttons.append(h("label", { class: "nin-check" }, logSteps, " logarithmic steps"));
  const weights = createChart(charts, { title: "Weights over the steps of training", curves: ["w0", "w1", "w_ni"].map(curve), sync });
  const lossChart = createChart(charts, { title: "Loss over the steps of training", curves: ["loss", "clean_loss"].map(curve), log: true, sync });

  let noise = noiseStream(start.seed, start.steps);
  let noiseOf = `${start.seed} ${start.steps}`;
  function paint() {
    const p = state();
    if (noiseOf !== `${p.seed} ${p.steps}`) {
      noise = noiseStream(p.seed, p.steps);
      noiseOf = `${p.seed} ${p.steps}`;
    }
    const run = simulate(p, noise);
    const phase = PHASES[run.phase];
    root.dataset.phase = phase;
    const words = describe(p, run);
    status.replaceChildren(
      symbol("sigma_eps"), ` = ${format(p.sigma_eps)}: `, swatch(phase), h("strong", {}, phase), `. ${words}`,
    );
    const options = {
      logSteps: logSteps.checked,
      description: `Curves over ${p.steps} steps in the ${phase} phase. ${words}`,
      marks: run.learned === null ? [] : [{ step: run.learned, text: "learned" }],
      end: run.lost === null ? null : { step: run.lost, text: `diverged at step ${run.lost}`, color: palette.phases.divergent },
    };
    weights.set(run.weights, weightRange(p, run), options);
    lossChart.set(losses(p, run.weights), LOSS_RANGE, options);
    root.ninRun = run;
  }

  const sigmas = logspace(SIGMA.min, SIGMA.max, CELLS);
  const phaseMap = createPhaseMap(({ phases, fine }) => {
    band.showPhases(phases);
    root.ninBand = { sigma_eps: sigmas, phases, fine };
  });
  function refreshBand() {
    const p = state();
    phaseMap.request({ p, seed: p.seed, columns: ["sigma_eps", sigmas], rows: ["sigma_x", [p.sigma_x]] });
    band.showTicks(Object.values(boundaries(p)));
  }
  const paintSoon = onFrame(paint);
  const bandSoon = onFrame(refreshBand);
  for (const key of STATE) model.on(`change:${key}`, paintSoon);
  for (const key of STATE.slice(1)) model.on(`change:${key}`, bandSoon);
  paint();
  refreshBand();

  return () => {
    for (const key of STATE) model.off(`change:${key}`, paintSoon);
    for (const key of STATE.slice(1)) model.off(`change:${key}`, bandSoon);
    phaseMap.destroy();
    weights.destroy();
    lossChart.destroy();
    band.destroy();
    ends.forEach(end => end());
  };
}

function describe(p, { phase, learned, lost, kept, peak }) {
  if (lost !== null) return `A weight passes 10⁸ at step ${lost}.`;
  const clean = learned === null ? `The clean loss is not yet below 1 % after ${p.steps} steps` : `The clean loss is below 1 % at step ${learned}`;
  if (PHASES[phase] === "catapult") return `The noise that reaches the output grows to ${format(peak)} times its start, then falls. ${clean}.`;
  const percent = kept >= 0.0005 ? `${format(100 * kept)} %` : "less than 0.1 %";
  return `${clean}; the noise weight then has ${percent} of its start.`;
}

// Axes that hold still while sigma_eps moves: they depend on where the weights start, and grow only in whole steps.
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

export const { render, mountAll } = defineExplorer("linear", mount);
export { boundaries, losses, noiseStream, simulate }; // what the tests compare with Python
