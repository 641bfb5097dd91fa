// A run of the linear model in words, and the range in which its weights are drawn.

import { format } from "../../ui/format.js";

/**
 * What a reader should notice of a run, besides its phase.
 * @param {LinearSettings} p
 * @param {LinearRun} run
 * @param {string} phase
 */
export function describe(p, { learned, lost, kept, peak }, phase) {
  if (lost !== null) return `A weight passes 10⁸ at step ${lost}.`;
  const clean =
    learned === null
      ? `The clean loss is not yet below 1 % after ${p.steps} ${p.steps === 1 ? "step" : "steps"}`
      : `The clean loss is below 1 % at step ${learned}`;
  if (phase === "catapult") {
    const grows = Number.isFinite(peak)
      ? `grows to ${format(peak)} times its start`
      : "starts at zero and grows";
    return `The noise that reaches the output ${grows}, then falls. ${clean}.`;
  }
  if (p.w_ni === 0) return `${clean}; the noise weight starts at zero.`;
  const percent = kept >= 0.0005 ? `${format(100 * kept)} %` : "less than 0.1 %";
  return `${clean}; the noise weight then has ${percent} of its start.`;
}

/**
 * A range that holds still while sigma_eps moves: it depends on where the weights start, and grows only in whole steps.
 * @param {LinearSettings} p
 * @param {Pick<LinearRun, "weights" | "lost">} run
 * @returns {[number, number]}
 */
export function weightRange(p, { weights, lost }) {
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
