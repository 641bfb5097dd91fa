// `node --import ./test/kernels.js test/train-sliced.js FOLDER`, FOLDER the address of the images: trains as the page does, without
// workers, what standard input asks for, and prints what tests/test_training_here.py compares with PyTorch.

import { text } from "node:stream/consumers";
import relaxed from "wasm:../kernel/float32.ts?relaxed";
import simd from "wasm:../kernel/float32.ts";
import "./from-python.js";
import { loadImages } from "../src/models/images.js";
import { Slice, SLICES } from "../src/models/slice.js";
import { SlicedNet } from "../src/models/sliced-net.js";
import { shapeOf, trainSliced } from "../src/models/sliced-training.js";

const images = await loadImages(process.argv[2], () => {});
const array = numbers => Array.from(numbers);
const ACTIONS = { gradients, train };

function crewOf(p, code, workers) {
  const count = SLICES / workers;
  return Array.from({ length: workers }, (_, k) => new Slice(code, shapeOf(p), k * count, count));
}
const asks = crew =>
  crew.map(slice => async request => {
    const [[action, given]] = Object.entries(request);
    return slice[action](given);
  });

// Losses and norms of the first steps; without a step, what is measured at the start.
async function train({ p, steps, workers, code }) {
  const { clean_every } = outcomes;
  if (steps > 0) outcomes.clean_every = NaN; // the clean loss of all images takes longer than the steps
  let history;
  for await (history of trainSliced(p, images, asks(crewOf(p, code, workers)), () => steps === 0))
    if (history.steps === steps) break;
  outcomes.clean_every = clean_every;
  const { batch_loss, niw_norm, val_loss, val_accuracy, clean_loss, next_norm, largest } = history;
  const measured = { val_loss, val_accuracy, clean_loss, next_norm, largest };
  return {
    batch_loss: array(batch_loss.subarray(0, steps)),
    niw_norm: array(niw_norm.subarray(0, steps + 1)),
    start: Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, values[0]])),
  };
}

// The gradient of the loss on the first images, in the order of the net's parameters.
async function gradients({ p, n, eps, code }) {
  const crew = crewOf(p, code, 2);
  const net = new SlicedNet(shapeOf(p), p.loss, images.table, asks(crew));
  await net.draw(p.seed);
  const before = net.biases.map(bias => bias.slice());
  const [x, y] = [images.pixels.slice(0, n * 784), images.labels.slice(0, n)];
  const { loss } = await net.forward({ n, x, y, eps: Float32Array.from(eps) });
  await net.step(n, 1);
  const biases = net.biases.map((bias, k) => array(bias.map((value, c) => before[k][c] - value)));
  const pairs = crew.map(({ pairs }) =>
    pairs.map(({ pair: { gradients, shape } }) => ({
      shape,
      ...Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, array(values)])),
    })),
  );
  return { loss, biases, pairs };
}

const answers = [];
for (const { action, kernel, ...asked } of JSON.parse(await text(process.stdin))) {
  answers.push(await ACTIONS[action]({ ...asked, code: kernel === "relaxed" ? relaxed : simd }));
}
console.log(JSON.stringify(answers));
