// The linear model's explorer with the gradient flow's closed forms laid over the run, and its two time scales.

import { defineExplorer } from "../ui/host.js";
import { mount } from "./linear.js";
import { compare, overlaid, passiveFlow, timeScales } from "./parts/closed-forms.js";

/** @type {Curve[]} */
const added = [
  { name: "closed form", color: "#e69f00", dash: "dash" },
  { name: "exponential", color: palette.weights.w0, dash: "dot" },
];
const simulated = { name: "simulated", color: palette.weights.w_ni, dash: palette.dashes.w_ni };

/** @type {import("./parts/trajectory.js").Overlay} */
const overlay = {
  lossCurves: added,
  chart: { title: "Noise weight relative to its start", curves: [simulated, ...added] },
  decades: [-6, 2],
  evaluate(p, run) {
    const [noise, loss] = timeScales(p, [p.w0, p.w1, p.w_ni]);
    /** @type {(time: number, text: string) => Mark[]} */
    const mark = (time, text) => (time / p.eta <= p.steps ? [{ at: time / p.eta, text }] : []);
    return {
      ...overlaid(p, run),
      marks: { loss: mark(loss, "τ loss"), chart: mark(noise, "τ noise") },
      words: compare(p.eta, noise, loss),
    };
  },
};

export const { render, mountAll } = defineExplorer(
  "timescales",
  "Explorer: time scales of the linear model",
  view => mount(view, overlay),
);
export { passiveFlow, timeScales }; // what the tests compare with Python
