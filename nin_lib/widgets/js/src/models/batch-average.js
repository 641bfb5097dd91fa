// Averages of q eps^n over batches, and Theorem 1: what nin_lib.widgets.batch_average and nin_lib.expansion compute.
// Python puts before this bundle `noises` (printed from SymPy), `moments` (exact ones, as numbers) and `sampling`.

import { uniforms } from "./noise.js";

/**
 * q uniform on (0, 2) and eps of unit variance, each sample from three uniform numbers of the explorers' stream.
 * @param {string} distribution
 * @param {number} seed
 */
export function drawSamples(distribution, seed) {
  const uniform = uniforms(seed);
  const [q, eps] = [new Float64Array(sampling.samples), new Float64Array(sampling.samples)];
  const noise = noises[distribution];
  for (let i = 0; i < q.length; i++) {
    q[i] = 2 * uniform(3 * i + 1);
    eps[i] = noise(uniform(3 * i + 2), uniform(3 * i + 3));
  }
  return { q, eps };
}

/**
 * @param {{ q: Float64Array, eps: Float64Array }} samples
 * @param {number} power
 */
export function terms({ q, eps }, power) {
  const result = Float64Array.from(q);
  for (let i = 0; i < result.length; i++) for (let k = 0; k < power; k++) result[i] *= eps[i];
  return result;
}

/**
 * @param {Float64Array} terms
 * @param {number} size
 */
export function batchAverages(terms, size) {
  const averages = new Float64Array(Math.floor(terms.length / size));
  for (let k = 0; k < averages.length; k++) {
    let sum = 0;
    for (let i = k * size; i < (k + 1) * size; i++) sum += terms[i];
    averages[k] = sum / size;
  }
  return averages;
}

/**
 * Theorem 1: mean and standard deviation of a batch average, both null where its variance diverges; and the ratio
 * E eps^4n / (E eps^2n)^2, null where that diverges.
 * @param {string} distribution
 * @param {number} power
 * @param {number} size
 * @returns {{ mean: number, deviation: number, ratio: number | null } | { mean: null, deviation: null, ratio: null }}
 */
export function predict(distribution, power, size) {
  const noise = moments.noise[distribution];
  const [second, fourth] = [noise[2 * power], noise[4 * power]];
  if (second === null) return { mean: null, deviation: null, ratio: null };
  const mean = moments.q[1] * Number(noise[power]);
  const deviation = Math.sqrt((moments.q[2] * second - mean ** 2) / size);
  return { mean, deviation, ratio: fourth === null ? null : fourth / second ** 2 };
}

/**
 * Mean and standard deviation of the averages; the latter about the predicted mean, where there is one.
 * @param {Float64Array} averages
 * @param {number | null} center
 */
export function measure(averages, center) {
  let sum = 0;
  for (const value of averages) sum += value;
  const mean = sum / averages.length;
  let square = 0;
  for (const value of averages) square += (value - (center ?? mean)) ** 2;
  return { mean, deviation: Math.sqrt(square / averages.length) };
}

/**
 * The density of the averages in `bins` bins from lo to hi.
 * @param {Float64Array} averages
 * @param {number} lo
 * @param {number} hi
 * @param {number} bins
 */
export function histogram(averages, lo, hi, bins) {
  const counts = new Float64Array(bins);
  const width = (hi - lo) / bins;
  for (const value of averages) {
    const bin = Math.floor((value - lo) / width);
    if (bin >= 0 && bin < bins) counts[bin]++;
  }
  return counts.map(count => count / averages.length / width);
}

/**
 * Exponent p of y ~ x^p, by least squares through the logarithms.
 * @param {number[]} xs
 * @param {number[]} ys
 */
export function slope(xs, ys) {
  const [u, w] = [xs.map(Math.log), ys.map(Math.log)];
  const middle = u.reduce((s, t) => s + t, 0) / u.length;
  let [above, below] = [0, 0];
  u.forEach((t, i) => {
    above += (t - middle) * w[i];
    below += (t - middle) ** 2;
  });
  return above / below;
}
