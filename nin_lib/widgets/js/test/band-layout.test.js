import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsOfStops, labelPlaces, longestRuns, namePlaces } from "../src/charts/band-layout.js";

test("the longest run of each phase that occurs", () => {
  const runs = longestRuns([1, 0, 0, 2, 0, 0, 0, 1, 1]);
  assert.deepEqual(Object.fromEntries(runs), {
    0: { from: 4, to: 7 },
    1: { from: 7, to: 9 },
    2: { from: 3, to: 4 },
  });
  assert.deepEqual(Object.fromEntries(longestRuns([-1, -1, 2, -1])), { 2: { from: 2, to: 3 } });
  assert.equal(longestRuns([]).size, 0);
});

test("a name stands over the middle of its run", () => {
  // 10 cells on 200 pixels: phase 0 from 0 to 120, phase 3 from 120 to 200
  assert.deepEqual(namePlaces([0, 0, 0, 0, 0, 0, 3, 3, 3, 3], 200, [40, 40, 40, 40]), [40, null, null, 140]);
});

test("names do not leave the band, nor overlap, and one without room is left out", () => {
  const phases = [0, 1, 1, 1, 1, 1, 1, 1, 2, 3]; // 20 pixels a cell
  const places = namePlaces(phases, 200, [60, 60, 60, 60]);
  assert.equal(places[3], 140); // at the right edge
  assert.equal(places[2], 140 - 8 - 60);
  assert.equal(places[1], 140 - 2 * 68);
  assert.equal(places[0], null);
});

test("a name without room over its run moves aside and moves others, where there is room for all", () => {
  const phases = [0, 1, 2, 2, 2, 2, 2, 2, 2, 3]; // 20 pixels a cell
  assert.deepEqual(namePlaces(phases, 200, [40, 40, 40, 40]), [0, 48, 96, 160]);
});

test("the labels of a scale stand over their places, where there is room, the ends before the rest", () => {
  assert.deepEqual(labelPlaces([0, 0.5, 1], 400, [20, 30, 20]), [-10, 185, 390]);
  assert.deepEqual(labelPlaces([0, 0.04, 0.5, 0.97, 1], 400, [20, 20, 20, 20, 20]), [
    -10,
    null,
    190,
    null,
    390,
  ]);
  assert.deepEqual(labelPlaces([0], 400, [20]), [-10]);
});

test("a phase reaches from a stop to the next of its kind, and where it changes the band is empty", () => {
  const cells = [...cellsOfStops([0, 1, 1, 3])];
  assert.equal(cells.length, 60);
  const runs = Object.fromEntries(longestRuns(cells));
  assert.deepEqual(runs, { 0: { from: 0, to: 1 }, 1: { from: 19, to: 41 }, 3: { from: 59, to: 60 } });
  assert.ok(cells.slice(1, 19).every(phase => phase === -1));
  assert.deepEqual([...cellsOfStops([2])], [2]);
});
