// The training of nin_lib.training.train on Fashion-MNIST, on the streams of nin_lib.widgets.training, by a crew of workers.

import { lanczos } from "./local-curvature.js";
import { normal, permutation, streamOf } from "./noise.js";
import { SlicedNet } from "./sliced-net.js";

/** @typedef {import("./images.js").Images} Images */
/**
 * @typedef {object} SlicedSettings of nin_lib.training.train_mlp
 * @property {number} sigma_eps
 * @property {number} eta
 * @property {number} seed
 * @property {number} epochs
 * @property {number[]} hidden
 * @property {number} batch_size
 * @property {"ce" | "mse"} loss
 * @property {"epoch" | "never"} redraw
 * @property {number} val_samples the first samples of the validation set serve to validate
 */
const PIXELS = 784;
const ROWS = 1000; // of what is only measured, at a time
const CURVATURE_SAMPLES = 1000;

/** @param {SlicedSettings} p @returns {import("./slice.js").NetShape} */
export const shapeOf = ({ hidden, batch_size }) => ({
  widths: [PIXELS, ...hidden, 10],
  columns: 16,
  rows: Math.max(ROWS, batch_size),
});

/**
 * Trains, and yields its growing history before the first step and after each one: the loss of each step's batch, |W_NI| before each step
 * and at the end, the others by epochs; what is not measured (yet) is NaN. `lost` is the step whose batch loss shows that it
 * diverges, or null.
 * @param {SlicedSettings} p
 * @param {Images} images
 * @param {import("./sliced-net.js").Ask[]} crew
 * @param {() => boolean} looking whether to measure the largest eigenvalue of the local Hessian before the next epoch
 */
export async function* trainSliced(p, images, crew, looking) {
  const net = new SlicedNet(shapeOf(p), p.loss, images.table, crew);
  await net.draw(p.seed);
  const draws = createDraws(p, images.train);
  const history = emptyHistory(p, images.train);
  const record = async (/** @type {number} */ epoch) => {
    await measure(net, p, images, history, epoch);
    if (looking()) history.largest[epoch] = await largestOf(net, images, p.hidden[0]);
  };
  await record(0);
  yield history;
  for (let epoch = 0; epoch < p.epochs; epoch++) {
    draws.next();
    for (let step = 0; step < history.steps_per_epoch; step++) {
      const { loss } = await net.forward(draws.batch(images, step));
      history.batch_loss[history.steps] = loss;
      if (!(loss <= outcomes.thresholds.diverged)) {
        history.lost = history.steps;
        yield history;
        return;
      }
      await net.step(p.batch_size, p.eta);
      history.niw_norm[++history.steps] = await net.norm("w_ni");
      if (step === history.steps_per_epoch - 1) await record(epoch + 1);
      yield history;
    }
  }
}

/**
 * What an epoch costs here in seconds, its validation with it, from a few steps.
 * @param {SlicedSettings} p
 * @param {Images} images
 * @param {import("./sliced-net.js").Ask[]} crew
 */
export async function secondsOf(p, images, crew) {
  const net = new SlicedNet(shapeOf(p), p.loss, images.table, crew);
  await net.draw(p.seed);
  const draws = createDraws(p, images.train);
  draws.next();
  const steps = Math.floor(images.train / p.batch_size);
  const few = Math.min(steps, Math.ceil(PROBED / p.batch_size));
  let since = 0;
  for (let step = -1; step < few; step++) {
    if (step === 0) since = performance.now(); // the first one warms up
    await net.forward(draws.batch(images, Math.max(step, 0)));
    await net.step(p.batch_size, 0);
  }
  const stepSeconds = (performance.now() - since) / 1000 / few;
  since = performance.now();
  await net.forward(samples(images, 0, ROWS));
  const forward = (performance.now() - since) / 1000;
  return steps * stepSeconds + (p.val_samples / ROWS + images.train / ROWS / outcomes.clean_every) * forward;
}
const PROBED = 3000; // samples

/**
 * Order and noise of the samples.
 * @param {SlicedSettings} p
 * @param {number} train
 */
function createDraws({ sigma_eps, seed, hidden, batch_size: n, redraw }, train) {
  const [nin, orders] = [streamOf(seed, "nin"), streamOf(seed, "order")];
  const noise = new Float32Array(train);
  let [drawn, epoch] = [hidden[0], 0]; // W_NI came first
  let order = new Uint32Array(0);
  return {
    next() {
      if (epoch === 0 || redraw === "epoch") {
        for (let i = 0; i < train; i++) noise[i] = sigma_eps * normal(nin, drawn++);
      }
      order = permutation(orders, train, epoch++ * train);
    },
    /**
     * @param {Images} images
     * @param {number} step of the epoch
     */
    batch({ pixels, labels }, step) {
      const [x, y, eps] = [new Uint8Array(n * PIXELS), new Uint8Array(n), new Float32Array(n)];
      for (let row = 0; row < n; row++) {
        const i = order[step * n + row];
        x.set(pixels.subarray(i * PIXELS, (i + 1) * PIXELS), row * PIXELS);
        y[row] = labels[i];
        eps[row] = noise[i];
      }
      return { n, x, y, eps };
    },
  };
}

/**
 * @param {SlicedSettings} p
 * @param {number} train
 */
function emptyHistory(p, train) {
  const steps_per_epoch = Math.floor(train / p.batch_size);
  const unknown = (/** @type {number} */ n) => new Float64Array(n).fill(NaN);
  const byEpochs = () => unknown(p.epochs + 1);
  return {
    ...{ p, steps: 0, steps_per_epoch, lost: /** @type {number | null} */ (null) },
    batch_loss: unknown(p.epochs * steps_per_epoch),
    niw_norm: unknown(p.epochs * steps_per_epoch + 1),
    ...{ val_loss: byEpochs(), val_accuracy: byEpochs(), clean_loss: byEpochs(), next_norm: byEpochs() },
    largest: byEpochs(),
  };
}
/** @typedef {ReturnType<typeof emptyHistory>} SlicedHistory */

/**
 * @param {SlicedNet} net
 * @param {SlicedSettings} p
 * @param {Images} images
 * @param {SlicedHistory} history
 * @param {number} epoch
 */
async function measure(net, p, images, history, epoch) {
  const { train } = images;
  const { loss, accuracy } = await evaluate(net, images, train, train + p.val_samples);
  history.val_loss[epoch] = loss;
  history.val_accuracy[epoch] = accuracy;
  history.next_norm[epoch] = await net.norm("W_out");
  if (epoch === 0) history.niw_norm[0] = await net.norm("w_ni");
  if (epoch % outcomes.clean_every === 0)
    history.clean_loss[epoch] = (await evaluate(net, images, 0, train)).loss;
}

/**
 * Mean loss and accuracy of these samples, without noise.
 * @param {SlicedNet} net
 * @param {Images} images
 * @param {number} from
 * @param {number} to
 */
async function evaluate(net, images, from, to) {
  let [loss, hits] = [0, 0];
  for (let at = from; at < to; at += ROWS) {
    const some = samples(images, at, Math.min(to, at + ROWS));
    const found = await net.forward(some);
    loss += found.loss * some.n;
    hits += found.accuracy * some.n;
  }
  return { loss: loss / (to - from), accuracy: Math.round(hits) / (to - from) };
}

/** @type {(images: Images, from: number, to: number) => import("./sliced-net.js").Batch} */
const samples = ({ pixels, labels }, from, to) => ({
  n: to - from,
  x: pixels.slice(from * PIXELS, to * PIXELS),
  y: labels.slice(from, to),
});

/**
 * The largest eigenvalue of the local Hessian over the first training samples.
 * @param {SlicedNet} net
 * @param {Images} images
 * @param {number} size units of the node's layer
 */
async function largestOf(net, images, size) {
  const n = Math.min(CURVATURE_SAMPLES, images.train);
  const multiply = await net.localHessian(samples(images, 0, n));
  const iteration = lanczos(size, 1e-4);
  let step = iteration.next([]);
  while (!step.done) step = iteration.next(await multiply(Float32Array.from(step.value)));
  return step.value;
}
