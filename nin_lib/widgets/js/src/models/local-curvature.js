// The local Hessian <H> at the layer of the noise injection node, of a net as it stands: what nin_lib.curvature.LocalCurvature
// measures. On each smooth piece of a ReLU net it is the mean over samples of D W1 (diag(p) - p p^T) W1^T D, where D says which
// units are on and p what the net answers.

import { answersOf } from "./loss.js";

/** @typedef {import("./network.js").Network} Network */
/** @typedef {{ n: number, x: Float64Array, y: Uint8Array }} Samples */

/**
 * <H> over these samples as a function that multiplies vectors by it. It holds until the net computes something else.
 * @param {Network} net
 * @param {Samples} samples
 */
export function localHessian(net, { n, x, y }) {
  net.forward(n, x, y);
  const { out, pair, columns, outputs } = net;
  const rows = { n, columns, outputs, y };
  const p = answersOf(rows, out);
  return (/** @type {Float64Array} */ v) => {
    pair.tangent(n, v);
    byHessianOfCrossEntropy(rows, out, p);
    pair.backToUnits(n);
    return /** @type {Float64Array} */ (pair.gradients.b.slice());
  };
}

/**
 * Turns the changes u of the outputs into those of the gradient of the mean loss, (p u - p (p . u)) / n.
 * @param {import("./loss.js").Rows} rows
 * @param {import("./kernel.js").Numbers} u
 * @param {import("./kernel.js").Numbers} p what the net answers
 */
export function byHessianOfCrossEntropy({ n, columns, outputs }, u, p) {
  for (let i = 0, o = 0; i < n; i++, o += columns) {
    let mean = 0;
    for (let c = 0; c < outputs; c++) mean += p[o + c] * u[o + c];
    for (let c = 0; c < outputs; c++) u[o + c] = (p[o + c] * (u[o + c] - mean)) / n;
  }
}

/** @type {(a: Float64Array, b: Float64Array) => number} */
const dot = (a, b) => a.reduce((sum, value, j) => sum + value * b[j], 0);

/**
 * The same for squared errors, 2 u / (n outputs).
 * @param {import("./loss.js").Rows} rows
 * @param {import("./kernel.js").Numbers} u
 */
export function byHessianOfSquares({ n, columns, outputs }, u) {
  for (let k = 0; k < n * columns; k++) u[k] *= 2 / (n * outputs);
}

/**
 * The largest eigenvalue of a symmetric matrix of this size, by Lanczos iteration: power iteration that keeps what it has seen.
 * Yields a vector, and goes on with its product by the matrix; ends when the eigenvalue moves by less than this part of itself.
 * @param {number} size
 * @param {number} tolerance
 * @returns {Generator<Float64Array, number, ArrayLike<number>>}
 */
export function* lanczos(size, tolerance) {
  /** @type {Float64Array} */
  let v = Float64Array.from({ length: size }, (_, j) => Math.cos(j * j + 1)); // has a part along any direction
  /** @type {Float64Array[]} */
  const seen = [];
  /** @type {number[]} */
  const diagonal = [];
  /** @type {number[]} */
  const beside = [];
  let largest = 0;
  for (;;) {
    const length = Math.sqrt(dot(v, v));
    if (seen.length > 0) beside.push(length);
    if (seen.length === size || !(length > 1e-12 * largest)) return Math.max(largest, 0);
    seen.push(v.map(value => value / length));
    v = Float64Array.from(yield seen[seen.length - 1]);
    diagonal.push(dot(v, seen[seen.length - 1]));
    for (const other of [...seen, ...seen]) {
      const part = dot(v, other); // twice, against rounding
      v = v.map((value, j) => value - part * other[j]);
    }
    const before = largest;
    largest = largestOfTridiagonal(diagonal, beside);
    if (seen.length > 1 && Math.abs(largest - before) <= tolerance * largest) return Math.max(largest, 0);
  }
}

/**
 * @param {(v: Float64Array) => Float64Array} multiply
 * @param {number} size
 */
export function largestEigenvalue(multiply, size) {
  const iteration = lanczos(size, 1e-10);
  let step = iteration.next([]);
  while (!step.done) step = iteration.next(multiply(step.value));
  return step.value;
}

/**
 * By bisection: below the largest eigenvalue, a step of the elimination is negative.
 * @param {number[]} diagonal
 * @param {number[]} beside
 */
function largestOfTridiagonal(diagonal, beside) {
  let [low, high] = [Math.max(...diagonal), 0];
  diagonal.forEach((value, k) => {
    high = Math.max(high, value + Math.abs(beside[k - 1] ?? 0) + Math.abs(beside[k] ?? 0));
  });
  for (let k = 0; k < 60 && low < high; k++) {
    const middle = (low + high) / 2;
    let pivot = 1;
    const above = diagonal.every((value, i) => {
      pivot = middle - value - (i > 0 ? beside[i - 1] ** 2 / pivot : 0);
      return pivot > 0;
    });
    [low, high] = above ? [low, middle] : [middle, high];
  }
  return high;
}

/**
 * The curvature along W_NI that the noise feels, to all orders: LocalCurvature.pull for this noise and its negative.
 * @param {Network} net
 * @param {Samples} samples
 * @param {Float64Array} eps
 * @param {number} sigma_eps
 */
export function pull(net, { n, x, y }, eps, sigma_eps) {
  const { w_ni } = net.weights;
  let along = 0;
  for (const noise of [eps, eps.map(value => -value)]) {
    net.forward(n, x, y, noise);
    net.backward(n);
    along += dot(/** @type {Float64Array} */ (net.pair.gradients.w_ni), w_ni) / 2;
  }
  return along / (sigma_eps ** 2 * dot(w_ni, w_ni));
}

/**
 * What the net answers to the first samples, and how sure it is of it.
 * @param {Network} net
 * @param {Samples} samples
 * @param {number} count
 * @param {Float64Array} [eps]
 */
export function answers(net, { x, y }, count, eps) {
  const { columns, outputs, out } = net;
  net.forward(count, x, y, eps);
  const p = answersOf({ n: count, columns, outputs, y }, out);
  return Array.from({ length: count }, (_, i) => {
    const sure = Array.from(p.subarray(i * columns, i * columns + outputs));
    const answer = sure.indexOf(Math.max(...sure));
    return { right: y[i], answer, sure: sure[answer] };
  });
}
