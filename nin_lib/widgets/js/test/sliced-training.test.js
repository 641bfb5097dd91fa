import "./from-python.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import code from "wasm:../kernel/float32.ts";
import { shapeOf, trainSliced } from "../src/models/sliced-training.js";
import { runOf } from "../src/on-demand/grown-run.js";
import { createSliceTask } from "../src/workers/slice.task.js";
import { SLICES } from "../src/models/slice.js";
import { uniforms } from "../src/models/noise.js";

// Noise for images: what is compared here is not learned.
const uniform = uniforms(1);
const [TRAIN, ALL] = [60, 80];
const IMAGES = {
  pixels: Uint8Array.from({ length: ALL * 784 }, (_, k) => 256 * uniform(k + 1)),
  labels: Uint8Array.from({ length: ALL }, (_, k) => k % 10),
  train: TRAIN,
  table: Float32Array.from({ length: 256 }, (_, pixel) => (pixel - 70) / 90),
};
const P = {
  ...{ sigma_eps: 5, eta: 0.02, seed: 3, epochs: 2, hidden: [64], batch_size: 20, loss: "ce" },
  ...{ redraw: "epoch", val_samples: ALL - TRAIN },
};

function crew(p, workers) {
  const count = SLICES / workers;
  return Array.from({ length: workers }, (_, k) => {
    const answer = createSliceTask();
    answer({ setUp: { code, shape: shapeOf(p), first: k * count, count } });
    return async request => structuredClone(answer(structuredClone(request)));
  });
}

async function trained(p, workers = 1, looking = () => true) {
  let history;
  for await (history of trainSliced(p, IMAGES, crew(p, workers), looking));
  return history;
}

test("a training is the same to the last bit whatever the number of workers", async () => {
  for (const p of [P, { ...P, loss: "mse" }, { ...P, hidden: [64, 64, 64] }]) {
    const alone = await trained(p);
    assert.ok(alone.batch_loss.every(Number.isFinite));
    for (const workers of [2, 4, 8]) assert.deepEqual(await trained(p, workers), alone);
  }
});

test("what is drawn once stays, what is drawn again differs", async () => {
  const [redrawn, fixed] = [await trained(P), await trained({ ...P, redraw: "never" })];
  const epoch = TRAIN / P.batch_size;
  assert.deepEqual(fixed.batch_loss.slice(0, epoch), redrawn.batch_loss.slice(0, epoch));
  assert.notEqual(fixed.batch_loss[epoch], redrawn.batch_loss[epoch]);
});

test("the curvature is measured only while somebody looks", async () => {
  let looks = 0;
  const history = await trained(P, 1, () => looks++ === 1);
  assert.deepEqual(Array.from(history.largest, Number.isFinite), [false, true, false]);
});

test("a training that diverges ends at the step whose loss says so", async () => {
  const history = await trained({ ...P, sigma_eps: 1e5, epochs: 20 });
  assert.ok(history.lost !== null && history.lost === history.steps);
  assert.ok(!(history.batch_loss[history.lost] <= outcomes.thresholds.diverged));
});

test("a run that grows has the places of the stored ones", async () => {
  const history = await trained({ ...P, epochs: 3 });
  const [head, perEpoch] = [4, TRAIN / P.batch_size];
  const run = runOf(history, head);
  const mean = (from, to) => history.batch_loss.slice(from, to).reduce((a, b) => a + b) / (to - from);
  assert.deepEqual(run.batch_loss, [...history.batch_loss.slice(0, head), mean(4, 6), mean(6, 9)]);
  assert.deepEqual(
    run.places("batch_loss").map(at => at * perEpoch),
    [0, 1, 2, 3, 5, 7.5],
  );
  assert.deepEqual(
    run.places("niw_norm"),
    [0, 1, 2, 3, 6, 9].map(step => step / perEpoch),
  );
  assert.deepEqual(
    run.niw_norm,
    [0, 1, 2, 3, 6, 9].map(step => history.niw_norm[step]),
  );
  const young = runOf({ ...history, steps: 5 }, head); // in its second epoch
  assert.deepEqual(young.batch_loss, Array.from(history.batch_loss.slice(0, head)));
  assert.equal(young.val_loss.length, 2);
});
