import "./from-python.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { densities, warning } from "../src/explorers/parts/average-summary.js";
import { batchAverages, histogram, measure, predict, slope, terms } from "../src/models/batch-average.js";

const near = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-12, `${found}, not ${wanted}`);

test("terms are q eps^n, and averages those of whole batches", () => {
  const samples = { q: Float64Array.of(2, 3, 4, 5, 6), eps: Float64Array.of(1, -2, 3, 1, 1) };
  assert.deepEqual([...terms(samples, 3)], [2, -24, 108, 5, 6]);
  assert.deepEqual([...batchAverages(Float64Array.of(1, 3, 5, 9, 100), 2)], [2, 7]);
});

test("Theorem 1 for normal noise: E q = 1, E q^2 = 4/3", () => {
  const first = predict("normal", 1, 64);
  near(first.mean, 0);
  near(first.deviation, Math.sqrt(4 / 3 / 64));
  near(first.ratio, 3);
  const second = predict("normal", 2, 9);
  near(second.mean, 1);
  near(second.deviation, Math.sqrt(((4 / 3) * 3 - 1) / 9));
  assert.deepEqual(predict("student-t", 3, 64), { mean: null, deviation: null, ratio: null });
});

test("the deviation is about the predicted mean, where there is one", () => {
  assert.deepEqual(measure(Float64Array.of(1, 3), null), { mean: 2, deviation: 1 });
  assert.deepEqual(measure(Float64Array.of(1, 3), 1), { mean: 2, deviation: Math.SQRT2 });
});

test("a histogram is a density, its bins half open", () => {
  const values = Float64Array.of(0, 0.5, 1, 1.5, 1.9, 2, -1);
  assert.deepEqual([...histogram(values, 0, 2, 2)], [2 / 7, 3 / 7]);
});

test("the exponent of a power law", () => {
  const xs = [4, 16, 64, 256];
  near(
    slope(
      xs,
      xs.map(x => 3 * x ** -0.5),
    ),
    -0.5,
  );
});

test("the histogram is centred on the prediction, its bins at their middles", () => {
  const averages = Float64Array.of(0, 0, 0.1);
  const shown = densities({ averages, expected: { mean: 1, deviation: 2, ratio: 3 }, mean: 0, deviation: 1 });
  assert.deepEqual([shown.lo, shown.hi, shown.at.length], [-8, 10, 61]);
  near(shown.at[30], 1);
  near(shown.at[0], -8 + 9 / 61);
  near(shown.bell[30], 1 / 2 / Math.sqrt(2 * Math.PI));
  const measured = densities({
    averages,
    expected: { mean: null, deviation: null, ratio: null },
    mean: 5,
    deviation: 1,
  });
  near(measured.at[30], 5);
});

test("what to think of the measured deviation", () => {
  assert.match(warning({ mean: null, ratio: null }), /does not apply/);
  assert.match(warning({ mean: 0, ratio: null }), /no finite variance/);
  assert.match(warning({ mean: 0, ratio: 101 }), /not to be trusted/);
  assert.equal(warning({ mean: 0, ratio: 3 }), "");
});
