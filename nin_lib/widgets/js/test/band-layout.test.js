import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsOfStops, longestRuns, namePlaces, tickPlaces } from "../src/charts/band-layout.js";

test("the longest run of each phase that occurs", () => {
  const runs = longestRuns([1, 0, 0, 2, 0, 0, 0, 1, 1]);
  assert.deepEqual(Object.fromEntries(runs), {
    0: { from: 4, to: 7 },
    1: { from: 7, to: 9 },
    2: { from: 3, to: 4 },
  });
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

test("a tick's pole stands at its place, and its flag ends there", () => {
  const [tick] = tickPlaces([0.5], 400, [90]);
  assert.deepEqual(tick, { x: 200, from: 110, row: 0 });
});

test("where there is no room on the left, the flag begins at the pole", () => {
  assert.deepEqual(tickPlaces([0.1], 400, [90]), [{ x: 40, from: 40, row: 0 }]);
});

test("the flag of a pole that is close hangs a row lower; places beyond the band have none", () => {
  const ticks = tickPlaces([0.75, NaN, 0.7, 0, 1.2, 0.2], 400, [90, 90, 90, 90, 90, 50]);
  assert.deepEqual(ticks, [
    { x: 300, from: 210, row: 1 },
    null,
    { x: 280, from: 190, row: 0 },
    null,
    null,
    { x: 80, from: 30, row: 0 },
  ]);
});

test("the first and the last stop have half a cell", () => {
  assert.deepEqual(cellsOfStops([0, 1, 1, 3]), [0, 1, 1, 1, 1, 3]);
});
