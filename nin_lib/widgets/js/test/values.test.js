import assert from "node:assert/strict";
import { test } from "node:test";
import { drawnValues, valueAt } from "../src/charts/values.js";

const AXES = { yRange: [0, 1], until: Infinity, logY: false };

test("what lies beyond the axis is drawn just outside of it, what is not finite not at all", () => {
  const values = [0.5, 7, -7, NaN, Infinity, null, 1];
  const at = values.map((_, i) => i);
  assert.deepEqual(drawnValues(values, at, AXES), [0.5, 2, -1, null, null, null, 1]);
});

test("on a logarithmic axis logarithms are drawn, and zero below it", () => {
  const drawn = drawnValues([10, 0, 1e100], [0, 1, 2], { ...AXES, yRange: [-2, 3], logY: true });
  assert.deepEqual(drawn, [1, -7, 8]);
});

test("nothing is drawn beyond `until`, nor where a curve has no value", () => {
  assert.deepEqual(drawnValues([1, 1, 1], [0, 5, 10, 15], { ...AXES, until: 5 }), [1, 1, null, null]);
});

test("the reading is that at the cursor, or of a joined curve the last before it", () => {
  const values = [3, null, NaN, 4];
  assert.equal(valueAt(values, 2, true), 3);
  assert.equal(valueAt(values, 2, false), null);
  assert.equal(valueAt(values, 3, true), 4);
  assert.equal(valueAt(values, null, true), null);
  assert.equal(valueAt([null, 1], 0, true), null);
});
