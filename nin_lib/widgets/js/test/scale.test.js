import assert from "node:assert/strict";
import { test } from "node:test";
import { scaleOf, spread, within } from "../src/ui/scale.js";

const SIGMA = { name: "sigma_eps", label: "", min: 0.02, max: 20, log: true };
const W1 = { name: "w1", label: "", min: -3, max: 3 };
const SIZE = { name: "batch_size", label: "", min: 1, max: 1000, log: true, integer: true };
const RUNS = { name: "sigma_eps", label: "", min: 0, max: 40, stops: [0, 4, 10, 40] };
const near = (found, wanted, tolerance = 1e-12) =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${found}, not ${wanted}`);

test("a setting runs evenly in its value, or in its logarithm", () => {
  near(scaleOf(W1).place(0), 0.5);
  near(scaleOf(W1).at(0.75), 1.5);
  near(scaleOf(SIGMA).place(0.2), 1 / 3);
  near(scaleOf(SIGMA).at(2 / 3), 2);
  assert.deepEqual([scaleOf(SIGMA).low, scaleOf(SIGMA).high], [Math.log10(0.02), Math.log10(20)]);
});

test("place and value are each other's inverse, from 0 at min to 1 at max", () => {
  for (const range of [SIGMA, W1, RUNS]) {
    const { place, at } = scaleOf(range);
    near(place(range.min), 0);
    near(place(range.max), 1);
    for (let k = 0; k <= 20; k++) near(place(at(k / 20)), k / 20, 1e-9);
  }
});

test("a reader sets three digits, and every digit of a whole number", () => {
  assert.equal(scaleOf(SIGMA).settingAt(0.5), 0.632);
  assert.equal(scaleOf(W1).settingAt(0.123456), -2.26);
  assert.equal(scaleOf(SIZE).settingAt(Math.log10(777) / 3), 777);
  assert.equal(scaleOf({ ...SIZE, max: 100000 }).settingAt(Math.log10(12345) / 5), 12345);
});

test("stops are evenly spaced, and between two of them the value runs evenly", () => {
  const { place, at, settingAt, high } = scaleOf(RUNS);
  assert.deepEqual([0, 4, 10, 40].map(place), [0, 1 / 3, 2 / 3, 1]);
  near(at(0.5), 7);
  near(place(25), 5 / 6);
  assert.equal(settingAt(1 / 3), 4);
  assert.equal(high, 3);
  const one = scaleOf({ ...RUNS, min: 5, max: 5, stops: [5] });
  assert.deepEqual([one.place(5), one.at(0)], [0, 5]);
});

test("values spread over a range, both ends among them", () => {
  assert.deepEqual([...spread(W1, 5)], [-3, -1.5, 0, 1.5, 3]);
  const sigmas = spread(SIGMA, 4);
  [0.02, 0.2, 2, 20].forEach((sigma, i) => near(sigmas[i], sigma));
});

test("a place beyond the ends is at the nearer one", () => {
  assert.deepEqual([-0.1, 0.3, 7].map(within), [0, 0.3, 1]);
});
