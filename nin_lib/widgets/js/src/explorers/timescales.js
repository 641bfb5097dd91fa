// The linear model's explorer with the gradient flow's closed forms laid over the run, and its two time scales.

import { defineExplorer, format } from "../ui/host.js";
import { mount } from "./linear.js";
/* global palette, makeTimescales */

const { passiveFlow, timeScales } = makeTimescales();
const DECADES = [-6, 2];
const added = [
  { name: "closed form", color: "#e69f00", dash: "dash" },
  { name: "exponential", color: palette.weights.w0, dash: "dot" },
];
const simulated = { name: "simulated", color: palette.weights.w_ni, dash: palette.dashes.w_ni };

const overlay = {
  lossCurves: added,
  chart: { title: "Noise weight relative to its start", curves: [simulated, ...added] },
  evaluate(p, run) {
    const start = [p.w0, p.w1, p.w_ni];
    const [noise, loss] = timeScales(p, start);
    const curves = [0, 1, 2, 3, 4].map(() => new Float64Array(p.steps + 1));
    const [closedLoss, lawLoss, niw, closedNiw, lawNiw] = curves;
    for (let step = 0; step <= p.steps; step++) {
      const t = p.eta * step;
      const flow = passiveFlow(p, start, t);
      closedLoss[step] = flow[3];
      lawLoss[step] = closedLoss[0] * Math.exp(-t / loss);
      niw[step] = Math.abs(run.weights[2][step] / p.w_ni);
      closedNiw[step] = Math.abs(flow[2] / p.w_ni);
      lawNiw[step] = Math.exp(-t / noise);
    }
    const mark = (time, text) => (time / p.eta <= p.steps ? [{ at: time / p.eta, text }] : []);
    return {
      loss: [closedLoss, lawLoss],
      chart: [niw, closedNiw, lawNiw],
      decades: DECADES,
      marks: { loss: mark(loss, "τ loss"), chart: mark(noise, "τ noise") },
      words: compare(p.eta, noise, loss),
    };
  },
};

function compare(eta, noise, loss) {
  const X = eta / noise;
  const times = `τ noise is ${format(1 / X)} steps, τ loss ${format(loss / eta)}`;
  if (X >= 2)
    return `${times}: against the exponential law the noise weight grows at first (X = ${format(X)}).`;
  if (X >= 1) return `${times}: the noise weight changes its sign at every step (X = ${format(X)}).`;
  if (X >= 0.1) return `${times}: the steps are faster than the exponential law (X = ${format(X)}).`;
  return `${times}: the steps are short enough for the exponential law (X = ${format(X)}).`;
}

export const { render, mountAll } = defineExplorer("timescales", (root, model) =>
  mount(root, model, overlay),
);
export { passiveFlow, timeScales }; // what the tests compare with Python
