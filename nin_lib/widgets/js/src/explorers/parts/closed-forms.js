// The gradient flow's closed forms beside a run, and its two time scales in words.

import { format } from "../../ui/format.js";

export const { passiveFlow, timeScales } = makeTimescales();

/**
 * Over the steps of a run: the clean loss, and the noise weight relative to its start, by the closed form and by an exponential.
 * @param {LinearSettings} p
 * @param {LinearRun} run
 */
export function overlaid(p, run) {
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
  return { loss: [closedLoss, lawLoss], chart: [niw, closedNiw, lawNiw] };
}

/**
 * @param {number} eta
 * @param {number} noise
 * @param {number} loss
 */
export function compare(eta, noise, loss) {
  const X = eta / noise;
  const times = `τ noise is ${format(1 / X)} steps, τ loss ${format(loss / eta)}`;
  if (X >= 2)
    return `${times}: against the exponential law the noise weight grows at first (X = ${format(X)}).`;
  if (X >= 1) return `${times}: the noise weight changes its sign at every step (X = ${format(X)}).`;
  if (X >= 0.1) return `${times}: the steps are faster than the exponential law (X = ${format(X)}).`;
  return `${times}: the steps are short enough for the exponential law (X = ${format(X)}).`;
}
