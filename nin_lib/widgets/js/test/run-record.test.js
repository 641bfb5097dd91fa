import assert from "node:assert/strict";
import { test } from "node:test";
import { batchLossPlaces, onOneAbscissa, readRun } from "../src/models/run-record.js";

const RECORD = {
  sigma_eps: 1,
  seed: 0,
  epochs: 3,
  steps_per_epoch: 4,
  phase: "decay",
  words: "",
  lost: null,
  batch_loss: "2.3 1.9 0.5",
  val_loss: "2.3 1 0.5 0.25",
  val_accuracy: "0.1 0.5",
  niw_norm: "1 0.5 0.25 0.1",
  next_norm: "",
  pull: "0.2 nan nan 0.1",
  decay_reads: "0.3",
};

test("the first batch losses stand at their steps, means in the middle of their epochs", () => {
  assert.deepEqual(batchLossPlaces({ epochs: 3, steps_per_epoch: 4 }, 4), [0, 0.25, 0.5, 0.75, 1.5, 2.5]);
});

test("the mean over the rest of an epoch stands in the middle of that rest", () => {
  assert.deepEqual(batchLossPlaces({ epochs: 2, steps_per_epoch: 4 }, 2), [0, 0.25, 0.75, 1.5]);
});

test("a training shorter than the head has no means", () => {
  assert.deepEqual(batchLossPlaces({ epochs: 1, steps_per_epoch: 4 }, 100), [0, 0.25, 0.5, 0.75]);
});

test("a run's texts become numbers, none of an empty text", () => {
  const run = readRun(RECORD, 2);
  assert.deepEqual(run.batch_loss, [2.3, 1.9, 0.5]);
  assert.deepEqual(run.next_norm, []);
  assert.deepEqual(run.pull, [0.2, NaN, NaN, 0.1]);
  assert.deepEqual(run.places("val_loss"), [0, 1, 2, 3]);
  assert.deepEqual(run.places("decay_reads"), [0.5, 1.5, 2.5]);
  assert.deepEqual(run.places("batch_loss"), [0, 0.25, 0.75, 1.5, 2.5]);
});

test("curves of different places are laid over one abscissa", () => {
  const [one, other] = [readRun(RECORD, 2), readRun({ ...RECORD, epochs: 4, niw_norm: "1 2 3 4 5" }, 2)];
  const { at, valuesOf } = onOneAbscissa([one, other]);
  assert.deepEqual(at, [0, 0.25, 0.5, 0.75, 1, 2, 3, 4]); // where there are values
  assert.deepEqual(valuesOf(one, "batch_loss"), [2.3, 1.9, null, 0.5, ...Array(4).fill(null)]);
  assert.deepEqual(valuesOf(other, "niw_norm"), [1, null, null, null, 2, 3, 4, 5]);
  assert.deepEqual(valuesOf(undefined, "niw_norm"), Array(8).fill(null));
});
