// The training of the chapter's net on digits: nin_lib.training.train on the streams of nin_lib.widgets.training.
// Python puts `digits` before this, a letter for each pixel, and `outcomes`.

import { answers, largestEigenvalue, localHessian, pull } from "./local-curvature.js";
import { copied, Network } from "./network.js";
import { normal, permutation, streamOf } from "./noise.js";

export const EPOCHS = 20;
const [INPUTS, HIDDEN, OUTPUTS] = [64, 128, 10];

/**
 * Numbers one after the other.
 * @param {number} seed
 * @param {string} purpose
 */
function stream(seed, purpose) {
  const uniform = streamOf(seed, purpose);
  let place = 0;
  return {
    normal: () => normal(uniform, place++),
    /** @param {number} n */
    permutation(n) {
      place += n;
      return permutation(uniform, n, place - n);
    },
  };
}

/**
 * Images as rows.
 * @param {number} from
 * @param {number} to
 */
function images(from, to) {
  const x = new Float64Array((to - from) * INPUTS);
  for (let k = from * INPUTS; k < to * INPUTS; k++) {
    x[k - from * INPUTS] = digits.levels[digits.pixels.charCodeAt(k) - 65];
  }
  return { n: to - from, x, y: Uint8Array.from(digits.labels.slice(from, to), Number) };
}

/**
 * The data, the net and its start from the last seed, which a drag uses again and again. Made at the first training: a page
 * that only shows curves has no use for it.
 * @type {ReturnType<typeof createStart> | null}
 */
let start = null;

function createStart() {
  const training = images(0, digits.train);
  const validation = images(digits.train, digits.labels.length);
  const net = new Network(INPUTS, HIDDEN, OUTPUTS, digits.train);
  const accuracy = () => net.forward(validation.n, validation.x, validation.y).accuracy;
  const cleanLoss = () => net.forward(training.n, training.x, training.y).loss;
  let [seed, weights, measured] = [NaN, copied(net.weights), { accuracy: NaN, cleanLoss: NaN }];
  return {
    net,
    training,
    validation,
    accuracy,
    cleanLoss,
    /**
     * Sets the net to the start of this seed; what is measured there.
     * @param {number} newSeed
     */
    from(newSeed) {
      if (seed !== newSeed) {
        drawWeights(net, newSeed);
        [seed, weights] = [newSeed, copied(net.weights)];
        measured = { accuracy: accuracy(), cleanLoss: cleanLoss() };
      }
      net.set(weights);
      return measured;
    },
  };
}

/**
 * @param {Network} net
 * @param {number} seed
 */
function drawWeights({ weights: { W0, b0, w_ni, W1, b1 }, columns }, seed) {
  for (const weight of [W0, b0, w_ni, W1, b1]) weight.fill(0);
  const [weights, nin] = [stream(seed, "weights"), stream(seed, "nin")];
  for (let j = 0; j < HIDDEN; j++) {
    for (let i = 0; i < INPUTS; i++) W0[i * HIDDEN + j] = weights.normal() / Math.sqrt(INPUTS);
  }
  for (let c = 0; c < OUTPUTS; c++) {
    for (let j = 0; j < HIDDEN; j++) W1[j * columns + c] = weights.normal() / Math.sqrt(HIDDEN);
  }
  for (let j = 0; j < HIDDEN; j++) w_ni[j] = nin.normal() / Math.sqrt(INPUTS);
}

/**
 * Batches of n samples in a new order at each epoch, each sample with its noise: brings the next one into the net.
 * @param {ReturnType<typeof createStart>} start
 * @param {TrainingSettings} p
 */
function createBatches({ net, training }, { sigma_eps, batch_size: n, seed }) {
  const [nin, orders] = [stream(seed, "nin"), stream(seed, "order")];
  for (let j = 0; j < HIDDEN; j++) nin.normal(); // those that W_NI started with
  const noise = new Float64Array(training.n);
  let order = new Uint32Array(0);
  return {
    noise,
    drawNoise() {
      for (let i = 0; i < noise.length; i++) noise[i] = sigma_eps * nin.normal();
    },
    drawOrder() {
      order = orders.permutation(training.n);
    },
    /** @param {number} step of the epoch */
    bring(step) {
      for (let row = 0; row < n; row++) {
        const i = order[step * n + row];
        net.x.set(training.x.subarray(i * INPUTS, (i + 1) * INPUTS), row * INPUTS);
        net.y[row] = training.y[i];
        net.eps[row] = noise[i];
      }
    },
  };
}

/**
 * Trains, and yields its growing history after each step. Its arrays: the loss of each step's batch; |W_NI| before each step
 * and at the end; the others by epochs; what is not measured (yet) is NaN. `lost` is the step whose batch loss shows that the
 * training diverges, or null. With `look`, `inside` has what `lookInside` finds at the start and after
 * each epoch; the last comes after the last step.
 * @param {TrainingSettings} p
 * @param {number} [epochs]
 * @param {boolean} [look]
 */
export function* train(p, epochs = EPOCHS, look = false) {
  start ??= createStart();
  const { net, accuracy, cleanLoss } = start;
  const measured = start.from(p.seed);
  const batches = createBatches(start, p);
  const history = emptyHistory(p, epochs);
  history.val_accuracy[0] = measured.accuracy;
  history.clean_loss[0] = measured.cleanLoss;
  history.niw_norm[0] = norm(net.weights.w_ni);
  for (let epoch = 0; epoch < epochs; epoch++) {
    batches.drawNoise();
    batches.drawOrder();
    if (look) history.inside.push(lookInside(start, p, batches.noise));
    for (let step = 0; step < history.steps_per_epoch; step++) {
      batches.bring(step);
      const { loss } = net.forward(p.batch_size, net.x, net.y, net.eps);
      history.batch_loss[history.steps] = loss;
      if (!(loss <= outcomes.thresholds.diverged)) {
        history.lost = history.steps;
        yield history;
        return;
      }
      net.step(p.batch_size, p.eta);
      history.niw_norm[++history.steps] = norm(net.weights.w_ni);
      if (step === history.steps_per_epoch - 1) {
        history.val_accuracy[epoch + 1] = accuracy();
        if ((epoch + 1) % outcomes.clean_every === 0) history.clean_loss[epoch + 1] = cleanLoss();
      }
      yield history;
    }
  }
  if (!look) return;
  batches.drawNoise();
  history.inside.push(lookInside(start, p, batches.noise));
}

export const DIGITS_SHOWN = 8;
/**
 * What the net is like before an epoch with this noise: the largest eigenvalue of the local Hessian, the pull on W_NI, W_NI
 * itself, and the answers to the first validation digits without the noise and with it.
 * @param {ReturnType<typeof createStart>} start
 * @param {TrainingSettings} p
 * @param {Float64Array} noise
 * @returns {Inside}
 */
function lookInside({ net, training, validation }, { sigma_eps }, noise) {
  return {
    largest: largestEigenvalue(localHessian(net, training), HIDDEN),
    pull: pull(net, training, noise, sigma_eps),
    w_ni: net.weights.w_ni.slice(),
    clean: answers(net, validation, DIGITS_SHOWN),
    noisy: answers(net, validation, DIGITS_SHOWN, noise),
  };
}

/**
 * The validation digits that are shown, the grey of each pixel from 0 to 1.
 */
export function digitsShown() {
  const { x } = images(digits.train, digits.train + DIGITS_SHOWN);
  const [low, high] = [digits.levels[0], digits.levels[digits.levels.length - 1]];
  return Array.from({ length: DIGITS_SHOWN }, (_, k) =>
    x.slice(k * INPUTS, (k + 1) * INPUTS).map(level => (level - low) / (high - low)),
  );
}

/**
 * @param {TrainingSettings} p
 * @param {number} epochs
 * @returns {TrainingHistory}
 */
function emptyHistory(p, epochs) {
  const steps_per_epoch = Math.floor(digits.train / p.batch_size);
  const unknown = (/** @type {number} */ n) => new Float64Array(n).fill(NaN);
  return {
    p,
    steps: 0,
    steps_per_epoch,
    lost: null,
    batch_loss: unknown(epochs * steps_per_epoch),
    niw_norm: unknown(epochs * steps_per_epoch + 1),
    val_accuracy: unknown(epochs + 1),
    clean_loss: unknown(epochs + 1),
    inside: [],
  };
}

/** @param {Float64Array} vector */
function norm(vector) {
  let sum = 0;
  for (let j = 0; j < vector.length; j++) sum += vector[j] * vector[j];
  return Math.sqrt(sum);
}
