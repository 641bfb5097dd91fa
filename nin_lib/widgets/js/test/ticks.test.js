import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decadeLabels,
  decadeRange,
  decadeSplits,
  labelsOf,
  LINEAR,
  log,
  LOG_STEPS,
  multiples,
  splitsOf,
  STEPS,
  thin,
} from "../src/charts/ticks.js";

test("logarithmic steps: the labels are the steps at whose places they stand, the start among them", () => {
  const places = splitsOf(LOG_STEPS, 400, 0, LOG_STEPS.place(600), 1);
  assert.deepEqual(labelsOf(LOG_STEPS, places), ["0", "1", "3", "10", "30", "100", "300"]);
  assert.deepEqual(
    places,
    [0, 1, 3, 10, 30, 100, 300].map(step => Math.log10(1 + step)),
  );
  const narrow = splitsOf(LOG_STEPS, 200, 0, LOG_STEPS.place(100), 1);
  assert.deepEqual(labelsOf(LOG_STEPS, narrow), ["0", "1", "10", "100"]);
});

test("place and value of an abscissa are each other's inverse", () => {
  for (const x of [LINEAR, STEPS, LOG_STEPS, log([1, 10])]) {
    for (const value of [0.5, 1, 7, 600]) assert.ok(Math.abs(x.value(x.place(value)) - value) < 1e-9);
  }
});

test("a logarithmic abscissa labels its own ticks, fewer where there is no room", () => {
  const x = log([0.02, 0.05, 0.1, 0.2, 0.5, 1]);
  assert.deepEqual(labelsOf(x, splitsOf(x, 300, -2, 0, 1)), ["0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
  assert.deepEqual(labelsOf(x, splitsOf(x, 150, -2, 0, 1)), ["0.02", "0.1", "0.5"]);
  assert.deepEqual(thin([1, 2, 3, 4, 5], 2), [1, 4]);
});

test("linear axes label multiples of the increment, of steps whole ones only", () => {
  assert.deepEqual(splitsOf(LINEAR, 300, -0.5, 1, 0.5), [-0.5, 0, 0.5, 1]);
  assert.deepEqual(labelsOf(STEPS, splitsOf(STEPS, 300, 0, 3, 0.5)), ["0", "1", "2", "3"]);
  assert.deepEqual(
    multiples(0.2, 0.7, 0.1).map(x => x.toFixed(1)),
    ["0.2", "0.3", "0.4", "0.5", "0.6", "0.7"],
  );
});

test("decades are labelled as powers of ten, seven steps at most", () => {
  assert.deepEqual(decadeSplits(-2, 3), [-2, -1, 0, 1, 2, 3]);
  assert.deepEqual(decadeSplits(-12, 8), [-12, -9, -6, -3, 0, 3, 6]);
  assert.deepEqual(decadeLabels([-12, 0, 6]), ["10⁻¹²", "10⁰", "10⁶"]);
});

test("within one decade the labels are round numbers", () => {
  assert.deepEqual(decadeLabels(decadeSplits(-1.05, -0.25)), ["10⁻¹", "0.2", "0.5"]);
  assert.deepEqual(decadeLabels(decadeSplits(0.28, 0.7)), ["2", "3", "4", "5"]);
});

test("the range of values on a logarithmic axis leaves out what has no logarithm", () => {
  assert.deepEqual(decadeRange([100, 0, 0.1, Infinity, NaN]), [-1.1, 2.1]);
});
