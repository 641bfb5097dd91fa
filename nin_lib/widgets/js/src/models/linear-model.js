// The two-layer linear model in the browser: what nin_lib.linear does with NumPy, on the code printed from its SymPy
// expressions, and the numbers in the definition of a phase, which Python puts before this bundle.

const {
  run,
  loss,
  clean_loss,
  boundaries: theory,
  stability,
  LARGEST_WEIGHT,
  LEARNED,
  DECAYED,
} = makeLinear();
export { run, loss, clean_loss, stability };

/**
 * Returns the run and the phase as an index into PHASES (ui/phases.js), with the events that its words need: `learned`, the
 * step at which the clean loss falls below 1 % of its start, `overshot`, that at which the noise at the output has grown and
 * changed its sign, and `lost`, that at which a weight passes 1e8 (null where there is none); `kept`, |w_ni| when learned (else at the end) and `peak`, the largest |w1 w_ni|, both relative to the start.
 * @param {LinearSettings} p
 * @param {Float64Array} noise Phi, at least p.steps long
 * @returns {LinearRun}
 */
export function simulate(p, noise) {
  const record = run(p, [p.w0, p.w1, p.w_ni], p.steps, noise);
  const [w0, w1, w_ni] = record;
  const threshold = LEARNED * clean_loss(p, p.w0, p.w1);
  const start = Math.abs(p.w1 * p.w_ni);
  let previous = p.w1 * p.w_ni;
  let peak = start;
  /** @type {number | null} */
  let overshot = null;
  /** @type {number | null} */
  let learned = null;
  let lost = null;
  for (let t = 0; t <= p.steps; t++) {
    if (!(Math.max(Math.abs(w0[t]), Math.abs(w1[t]), Math.abs(w_ni[t])) <= LARGEST_WEIGHT)) {
      lost = t;
      break;
    }
    const v = w1[t] * w_ni[t];
    const size = Math.abs(v);
    if (size > peak) peak = size;
    // v changes its sign and grows
    if (overshot === null && (v + previous) * previous < 0 && size > start) overshot = t;
    previous = v;
    if (learned === null && clean_loss(p, w0[t], w1[t]) < threshold) learned = t;
  }
  const kept = Math.abs(w_ni[learned ?? p.steps]) / Math.abs(p.w_ni);
  const decay = Math.abs(w_ni[learned ?? p.steps]) < DECAYED * Math.abs(p.w_ni);
  const phase = lost !== null ? 3 : overshot !== null ? 2 : decay ? 1 : 0;
  return { weights: record, phase, learned, overshot, lost, kept, peak: peak / start };
}

/**
 * Loss and clean loss along a run; a loss that is not a number has overflowed.
 * @param {LinearSettings} p
 * @param {Float64Array[]} weights
 */
export function losses(p, [w0, w1, w_ni]) {
  const [noisy, clean] = [new Float64Array(w0.length), new Float64Array(w0.length)];
  for (let t = 0; t < w0.length; t++) {
    noisy[t] = loss(p, w0[t], w1[t], w_ni[t]);
    clean[t] = clean_loss(p, w0[t], w1[t]);
    if (Number.isNaN(noisy[t])) noisy[t] = Infinity;
    if (Number.isNaN(clean[t])) clean[t] = Infinity;
  }
  return [noisy, clean];
}

/**
 * Theory's values of sigma_eps between the phases, in the order in which the band names them.
 * @param {LinearSettings} p
 */
export function boundaries(p) {
  const [decoupled, catapult, late, divergent] = theory(p);
  return { decoupled, late, catapult, divergent };
}
