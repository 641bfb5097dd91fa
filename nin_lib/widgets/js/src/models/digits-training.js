// The training of the chapter's net on digits: nin_lib.training.train on the streams of nin_lib.widgets.training.
// Python puts `digits` before this: { levels, pixels, labels, train, thresholds, clean_every }, a letter for each
// pixel, and the numbers in the definition of a phase, nin_lib.history.History.phase.

import { Network } from "./network.js";
import { normal, uniforms } from "./noise.js";
/* global digits */

export const EPOCHS = 20;
const [INPUTS, HIDDEN, OUTPUTS] = [64, 128, 10];
export const TRAINING_SAMPLES = digits.train;

// One stream of random numbers for each purpose, as HashStream in Python.
const PURPOSES = ["weights", "nin", "order"];
function stream(seed, purpose) {
  const uniform = uniforms(PURPOSES.length * seed + PURPOSES.indexOf(purpose));
  let place = 0;
  return {
    normal: () => normal(uniform, place++),
    // The numbers 0 ... n - 1 in random order.
    permutation(n) {
      const keys = Float64Array.from({ length: n }, () => uniform(++place));
      return Uint16Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
    },
  };
}

// Images as rows, one row of zeros added to an odd number of them.
function images(from, to) {
  const x = new Float64Array((to - from + ((to - from) % 2)) * INPUTS);
  for (let k = from * INPUTS; k < to * INPUTS; k++) {
    x[k - from * INPUTS] = digits.levels[digits.pixels.charCodeAt(k) - 65];
  }
  return { n: to - from, x, y: Uint8Array.from(digits.labels.slice(from, to), Number) };
}
let data = null; // read at the first training: a page that only shows curves has no use for it
let known = { seed: null }; // the start of the last seed, which a drag uses again and again

// The net, its weights those at the start, and what is measured there.
function startOf(seed) {
  data ??= {
    training: images(0, digits.train),
    validation: images(digits.train, digits.labels.length),
  };
  const net = known.net ?? new Network(INPUTS, HIDDEN, OUTPUTS, digits.train);
  if (known.seed !== seed) {
    for (const weight of Object.values(net.weights)) weight.fill(0);
    const { W0, W1, w_ni } = net.weights;
    const [weights, nin] = [stream(seed, "weights"), stream(seed, "nin")];
    for (let j = 0; j < HIDDEN; j++) {
      for (let i = 0; i < INPUTS; i++) W0[i * HIDDEN + j] = weights.normal() / Math.sqrt(INPUTS);
    }
    for (let c = 0; c < OUTPUTS; c++) {
      for (let j = 0; j < HIDDEN; j++) W1[j * net.columns + c] = weights.normal() / Math.sqrt(HIDDEN);
    }
    for (let j = 0; j < HIDDEN; j++) w_ni[j] = nin.normal() / Math.sqrt(INPUTS);
    const copy = Object.entries(net.weights).map(([name, weight]) => [name, weight.slice()]);
    known = { seed, net, weights: Object.fromEntries(copy), measured: [accuracy(net), cleanLoss(net)] };
  }
  for (const name in known.weights) net.weights[name].set(known.weights[name]);
  return known;
}

const accuracy = net => net.forward(data.validation.n, data.validation.x, data.validation.y).accuracy;
const cleanLoss = net => net.forward(data.training.n, data.training.x, data.training.y).loss;
const unknown = n => new Float64Array(n).fill(NaN);

// Trains, and yields its growing history after each step; p: { sigma_eps, eta, batch_size, seed }.
// history: { p, steps, steps_per_epoch, lost, batch_loss, niw_norm, val_accuracy, clean_loss }. The first array has the
// loss of each step's batch, the second has |W_NI| before each step and at the end, the others are by epochs; what is not
// measured (yet) is NaN. `lost` is the step whose batch loss shows that the training diverges, or null.
export function* train(p, epochs = EPOCHS) {
  const { net, measured } = startOf(p.seed);
  const { training } = data;
  const { w_ni } = net.weights;
  const n = p.batch_size;
  const steps_per_epoch = Math.floor(training.n / n);
  const history = {
    p,
    steps: 0,
    steps_per_epoch,
    lost: null,
    batch_loss: unknown(epochs * steps_per_epoch),
    niw_norm: unknown(epochs * steps_per_epoch + 1),
    val_accuracy: unknown(epochs + 1),
    clean_loss: unknown(epochs + 1),
  };
  [history.val_accuracy[0], history.clean_loss[0]] = measured;
  history.niw_norm[0] = norm(w_ni);
  const [nin, orders] = [stream(p.seed, "nin"), stream(p.seed, "order")];
  for (let j = 0; j < HIDDEN; j++) nin.normal(); // those that W_NI started with
  const noise = new Float64Array(training.n);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = 0; i < noise.length; i++) noise[i] = p.sigma_eps * nin.normal();
    const order = orders.permutation(training.n);
    for (let step = 0; step < steps_per_epoch; step++) {
      for (let row = 0; row < n; row++) {
        const i = order[step * n + row];
        net.x.set(training.x.subarray(i * INPUTS, (i + 1) * INPUTS), row * INPUTS);
        net.y[row] = training.y[i];
        net.eps[row] = noise[i];
      }
      const { loss } = net.forward(n, net.x, net.y, net.eps);
      history.batch_loss[history.steps] = loss;
      if (!(loss <= digits.thresholds.diverged)) {
        history.lost = history.steps;
        yield history;
        return;
      }
      net.step(n, p.eta);
      history.niw_norm[++history.steps] = norm(w_ni);
      if (step === steps_per_epoch - 1) {
        history.val_accuracy[epoch + 1] = accuracy(net);
        if ((epoch + 1) % digits.clean_every === 0) history.clean_loss[epoch + 1] = cleanLoss(net);
      }
      yield history;
    }
  }
}

function norm(vector) {
  let sum = 0;
  for (let j = 0; j < vector.length; j++) sum += vector[j] * vector[j];
  return Math.sqrt(sum);
}

// The phase by the definition of nin_lib.training.History. Before the end: what it is so far, where a batch loss above twice
// its start counts as a catapult already. Besides, whether the clean loss has come down to a quarter, and which share of
// |W_NI| is left then, or else now.
export function phaseOf({ steps, steps_per_epoch, lost, batch_loss, niw_norm, clean_loss }) {
  const { catapulted, decayed, learned: low } = digits.thresholds;
  const learned = clean_loss.findIndex(loss => loss <= low * clean_loss[0]);
  const kept = niw_norm[learned < 0 ? steps : learned * steps_per_epoch] / niw_norm[0];
  const high = batch_loss.findIndex(loss => loss > catapulted * batch_loss[0]);
  const done = steps === batch_loss.length;
  const back = !done || batch_loss.subarray(high).some(loss => loss < batch_loss[0]);
  const quiet = kept < decayed ? "decay" : "decoupled";
  const phase = lost !== null ? "divergent" : high >= 0 && back ? "catapult" : quiet;
  return { phase, learned: learned >= 0, kept };
}
