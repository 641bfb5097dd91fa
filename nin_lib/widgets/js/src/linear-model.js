// The two-layer linear model in the browser: what nin_lib.linear does with NumPy, on the code printed from its SymPy
// expressions, which Python puts before this bundle: makeLinear() returns { run, loss, clean_loss }.
/* global makeLinear */

export const { run, loss, clean_loss } = makeLinear();

// The numbers in the definition of a phase, as in nin_lib.linear.
const LARGEST_WEIGHT = 1e8;
const LEARNED = 0.01;
const DECAYED = 0.5;

// p: { eta, M, sigma_x, sigma_eps, batch_size, w0, w1, w_ni, steps }; noise: Float64Array of Phi, at least `steps` long.
// Returns the run and the phase as an index into PHASES (phases.js), with the events that its words need:
// `learned`, the step at which the clean loss falls below 1 % of its start, and `lost`, that at which a weight passes
// 1e8 (null where there is none); `kept`, |w_ni| when learned (else at the end) and `peak`, the largest |w1 w_ni|,
// both relative to the start.
export function simulate(p, noise) {
  const record = run(p, [p.w0, p.w1, p.w_ni], p.steps, noise);
  const [w0, w1, w_ni] = record;
  const threshold = LEARNED * clean_loss(p, p.w0, p.w1);
  const start = Math.abs(p.w1 * p.w_ni);
  let previous = p.w1 * p.w_ni;
  let peak = start;
  let catapult = false;
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
    if ((v + previous) * previous < 0 && size > start) catapult = true;
    previous = v;
    if (learned === null && clean_loss(p, w0[t], w1[t]) < threshold) learned = t;
  }
  const kept = Math.abs(w_ni[learned ?? p.steps]) / Math.abs(p.w_ni);
  const decay = Math.abs(w_ni[learned ?? p.steps]) < DECAYED * Math.abs(p.w_ni);
  const phase = lost !== null ? 3 : catapult ? 2 : decay ? 1 : 0;
  return { weights: record, phase, learned, lost, kept, peak: peak / start };
}

// Loss and clean loss along a run; a loss that is not a number has overflowed.
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

// Theory's values of sigma_eps between the phases, the formulas of LinearModel.boundaries.
export function boundaries({ eta, M, sigma_x, w0, w1, w_ni }) {
  const exposure = integralOfSquare(w0, w1, M) / sigma_x ** 2;
  const [restW0, restM] = sigma_x === 0 ? [0, 0] : [w0, M];
  const c = w1 ** 2 - restW0 ** 2 - w_ni ** 2;
  return {
    decoupled: Math.sqrt(Math.LN2 / exposure),
    late: Math.sqrt(4 / (eta * (c + Math.hypot(c, 2 * restM)))),
    catapult: Math.sqrt(2 / (eta * Math.max(w1 ** 2, w_ni ** 2))),
    divergent: Math.sqrt(4 / (eta * (w1 ** 2 + w_ni ** 2))),
  };
}

// sigma_x^2 times the integral of w1^2 over the time in which the noise-free flow brings the clean loss to 1 %.
function integralOfSquare(w0, w1, M) {
  const [P, c] = [w0 * w1, w1 ** 2 - w0 ** 2];
  const R = Math.hypot(c, 2 * M);
  const primitive = P => Math.log((c ** 2 + 4 * M * P + R * Math.hypot(c, 2 * P)) / Math.abs(M - P));
  const end = M - Math.sqrt(LEARNED) * (M - P);
  const twist = c === 0 ? 0 : (c / R) * (primitive(end) - primitive(P));
  return (twist - Math.log(LEARNED) / 2) / 2;
}
