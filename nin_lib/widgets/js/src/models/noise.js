// The explorers' noise: a stream that Python computes to the last bit (nin_lib.widgets.base.noise_stream).
// Only integer operations, additions and multiplications, which every processor rounds alike; a Box-Muller transform would not do.

/** @param {number} x */
const hash = x => {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
};

/**
 * The uniform numbers in (0, 1) of a seed, as a function of their place 1, 2, ...
 * @param {number} seed
 * @returns {(place: number) => number}
 */
export function uniforms(seed) {
  const start = hash(seed | 0);
  return k => (hash(start + Math.imul(k, 0x9e3779b9)) + 0.5) / 4294967296;
}

/**
 * n numbers of mean 0 and variance 1, each the sum of 12 uniform ones less 6, which is normal but for its tails beyond 6.
 * @param {number} seed
 * @param {number} n
 */
export function noiseStream(seed, n) {
  const uniform = uniforms(seed);
  const stream = new Float64Array(n);
  for (let i = 0; i < n; i++) stream[i] = normal(uniform, i);
  return stream;
}

/**
 * The i-th of them, i = 0, 1, ...
 * @param {(place: number) => number} uniform
 * @param {number} i
 */
export function normal(uniform, i) {
  let sum = 0;
  for (let k = 12 * i + 1; k <= 12 * i + 12; k++) sum += uniform(k);
  return sum - 6;
}

// One stream of random numbers for each purpose, as nin_lib.widgets.training.HashStream.
const PURPOSES = ["weights", "nin", "order"];
/**
 * The uniform numbers of a seed for a purpose.
 * @param {number} seed
 * @param {string} purpose
 */
export const streamOf = (seed, purpose) => uniforms(PURPOSES.length * seed + PURPOSES.indexOf(purpose));

/**
 * The numbers 0 ... n - 1 in random order, by n uniform numbers after the first `place`.
 * @param {(place: number) => number} uniform
 * @param {number} n
 * @param {number} place
 */
export function permutation(uniform, n, place) {
  const keys = Float64Array.from({ length: n }, (_, i) => uniform(place + i + 1));
  return Uint32Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
}
