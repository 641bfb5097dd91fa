// The loss of the chapter's small network along W_NI, exact and by its series: what nin_lib.widgets.expansion computes.
// Python puts `network` before this bundle: weights, batch, and the Taylor coefficients along W_NI.

const { a, b, v, w_ni, x, y, taylor, mean_power } = network;
export const { sigmas } = network; // a grid of sigma_eps, evenly spaced in its logarithm
/** @type {Record<string, (z: number) => number>} */
const PHI = { tanh: Math.tanh, relu: z => Math.max(z, 0) };
export const MAX_ORDER = mean_power.length - 1;

/**
 * Batch loss when every sample receives the noise eps.
 * @param {string} activation
 * @param {number} eps
 */
export function lossAlong(activation, eps) {
  const phi = PHI[activation];
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    let f = 0;
    for (let j = 0; j < a.length; j++) f += v[j] * phi(a[j] * x[i] + b[j] + eps * w_ni[j]);
    sum += (f - y[i]) ** 2 / 2;
  }
  return sum / x.length;
}

/**
 * The series for `lossAlong`, cut after the power `order`.
 * @param {string} activation
 * @param {number} order
 * @param {number} eps
 */
export function seriesAlong(activation, order, eps) {
  let value = 0;
  for (let k = order; k >= 0; k--) value = value * eps + taylor[activation][k];
  return value;
}

const NODES = 400;
const nodes = Array.from({ length: NODES + 1 }, (_, i) => (16 * i) / NODES - 8);
const weights = nodes.map(t => ((16 / NODES) * Math.exp((-t * t) / 2)) / Math.sqrt(2 * Math.PI));
/**
 * Mean of `lossAlong` over normal noise: the trapezoidal rule on +-8 sigma, which for a smooth function and normal weights is
 * exact to rounding; across the kinks of ReLU its error is of the order of the square of the spacing.
 * @param {string} activation
 * @param {number} sigma
 */
export function meanLoss(activation, sigma) {
  return nodes.reduce((sum, t, i) => sum + weights[i] * lossAlong(activation, sigma * t), 0);
}

/**
 * The series for `meanLoss`, cut after the power `order`.
 * @param {string} activation
 * @param {number} order
 * @param {number} sigma
 */
export function meanSeries(activation, order, sigma) {
  let value = 0;
  for (let k = 0; k <= order; k++) value += taylor[activation][k] * mean_power[k] * sigma ** k;
  return value;
}

/** @type {Record<string, Float64Array>} */
const known = {};
/**
 * The exact mean loss over the grid of sigmas, computed once for each activation.
 * @param {string} activation
 */
export const means = activation =>
  (known[activation] ??= Float64Array.from(sigmas, sigma => meanLoss(activation, sigma)));

/**
 * The sigma at which a series of this order is no better than none, beyond which it is worse: Infinity if that lies beyond the
 * grid. Between two points of the grid the logarithm of the ratio of both errors is taken as straight.
 * @param {string} activation
 * @param {number} order
 */
export function helpsUpTo(activation, order) {
  if (order < 2) return Infinity;
  const exact = means(activation);
  const logRatio = (/** @type {number} */ i) => {
    const none = Math.abs(taylor[activation][0] - exact[i]);
    return Math.log(Math.abs(meanSeries(activation, order, sigmas[i]) - exact[i]) / none);
  };
  for (let i = 1; i < sigmas.length; i++) {
    const [here, before] = [logRatio(i), logRatio(i - 1)];
    if (here > 0) return sigmas[i - 1] * (sigmas[i] / sigmas[i - 1]) ** (before / (before - here));
  }
  return Infinity;
}

/**
 * The even order with the smallest error at sigma, whose exact mean loss is given.
 * @param {string} activation
 * @param {number} sigma
 * @param {number} exact
 */
export function bestOrder(activation, sigma, exact) {
  let [best, smallest] = [0, Infinity];
  for (let order = 0; order <= MAX_ORDER; order += 2) {
    const error = Math.abs(meanSeries(activation, order, sigma) - exact);
    if (error < smallest) [best, smallest] = [order, error];
  }
  return best;
}
