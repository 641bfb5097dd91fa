// A run of the linear model in words and marks, and the range in which its weights are drawn.

import { stability } from "../../models/linear-model.js";
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
      ? `The clean loss is not yet below 1\u00a0% after ${p.steps} ${p.steps === 1 ? "step" : "steps"}`
      : `The clean loss is below 1\u00a0% at step ${learned}`;
  if (phase === "catapult") {
    const grows = Number.isFinite(peak)
      ? `grows to ${format(peak)} times its start`
      : "starts at zero and grows";
    return `The noise that reaches the output ${grows}, then falls. ${clean}.`;
  }
  if (p.w_ni === 0) return `${clean}; the noise weight starts at zero.`;
  const percent = kept >= 0.0005 ? `${format(100 * kept)}\u00a0%` : "less than 0.1\u00a0%";
  return `${clean}; the noise weight then has ${percent} of its start.`;
}

/**
 * Where on a run's curves what happens that the status speaks of: marks for the sizes of its weights, and for its losses.
 * @param {LinearSettings} p
 * @param {LinearRun} run
 * @param {Float64Array[]} losses with the noise and without
 * @returns {{ weights: Mark[], loss: Mark[] }}
 */
export function eventsOf(p, { weights: [, w1, w_ni], learned, overshot }, [noisy, clean]) {
  const done = learned === null ? [] : [{ at: learned, text: `learned at step ${learned}` }];
  const below = done.map(mark => ({
    ...mark,
    text: `clean loss < 1\u00a0% at ${mark.at}`,
    value: clean[mark.at],
  }));
  if (overshot === null) return { weights: done, loss: below };
  // The small weight flies, and the large one, which feeds it, gives way.
  const [name, large, small] = Math.abs(p.w1) < Math.abs(p.w_ni) ? ["w_NI", w_ni, w1] : ["w₁", w1, w_ni];
  const over = { at: overshot, text: `overshoots at step ${overshot}` };
  const calm = large.findIndex((w, step) => step >= overshot && stability(p, w, 0)[0] < 2);
  const gives =
    calm < 0 ? [] : [{ at: calm, text: `${name} gives way at ${calm}`, value: Math.abs(large[calm]) }];
  return {
    weights: [{ ...over, value: Math.abs(small[overshot]) }, ...gives, ...done],
    loss: [{ ...over, value: noisy[overshot] }, ...below],
  };
}

const LOWEST = -5;
/**
 * The decades of an axis for the sizes of the weights, which hold still while sigma_eps moves: they depend on where the weights
 * start, and grow only in whole steps.
 * @param {LinearSettings} p
 * @param {Pick<LinearRun, "weights" | "lost">} run
 * @returns {[number, number]}
 */
export function weightDecades(p, { weights, lost }) {
  let size = Math.max(1000, Math.abs(p.w0), Math.abs(p.w1), Math.abs(p.w_ni));
  if (lost === null) {
    for (const values of weights) {
      for (const value of values) size = Math.max(size, Math.abs(value));
    }
  }
  return [LOWEST, Math.ceil(Math.log10(size))];
}
