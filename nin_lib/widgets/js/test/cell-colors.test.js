import "./from-python.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, colorByPhase, colorBySteps, regionNames } from "../src/explorers/parts/cell-colors.js";

// Red, green, blue and opacity, as they stand in the image.
const bytes = pixel => [...new Uint8Array(Uint32Array.of(pixel).buffer)];

test("a cell has the colour of its phase", () => {
  const names = ["decoupled", "decay", "catapult", "divergent"];
  const pixels = colorByPhase(Uint8Array.of(0, 1, 2, 3));
  names.forEach((name, k) => assert.deepEqual(bytes(pixels[k]), [...bytesOf(palette.phases[name]), 255]));
  assert.deepEqual(bytesOf("#D55E00"), [213, 94, 0]);
});

test("by steps, the fewest and the most have the ends of the ramp; without an end there is no colour", () => {
  const phases = Uint8Array.of(1, 1, 1, 0, 3);
  const { pixels, fewest, most } = colorBySteps({ phases, learned: Int32Array.of(10, 100, 1000, -1, 5) });
  assert.deepEqual([fewest, most], [10, 1000]); // what diverges has not learned
  assert.deepEqual(bytes(pixels[0]), [...bytesOf(stepColors[0]), 255]);
  assert.deepEqual(bytes(pixels[2]), [...bytesOf(stepColors.at(-1)), 255]);
  assert.deepEqual([...pixels.slice(3)], [0, 0]);
  const middle = bytesOf(stepColors[Math.floor(stepColors.length / 2)]);
  bytes(pixels[1])
    .slice(0, 3)
    .forEach((byte, k) => assert.ok(Math.abs(byte - middle[k]) < 20));
});

test("a region's name is in the row where it is widest, no single odd row making it so", () => {
  const [columns, rows] = [20, 50];
  const phases = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++)
    phases.fill(1, row * columns + (row < 30 ? 12 : 4), (row + 1) * columns);
  phases.fill(1, 8 * columns, 9 * columns); // an odd row
  const names = regionNames(phases, { columns, rows });
  assert.deepEqual(
    names.map(({ text }) => text),
    ["decoupled", "decay"],
  );
  const [decoupled, decay] = names.map(({ along }) => along);
  assert.ok(decoupled.line > 8 + 6 && decoupled.line < 30 - 6);
  assert.deepEqual([decoupled.from, decoupled.to], [0, 12]);
  assert.ok(decay.line >= 30 + 6);
  assert.deepEqual([decay.from, decay.to], [4, 20]);
});

test("and in the column where it is highest, for a name that fits only upright", () => {
  const [columns, rows] = [40, 50];
  const phases = new Uint8Array(columns * rows);
  for (let row = 10; row < 45; row++) phases.fill(3, row * columns + 20, row * columns + 34);
  for (let row = 0; row < rows; row++) phases[row * columns + 37] = 3; // an odd column
  phases.fill(1, 30 * columns, 31 * columns); // a streak
  const { text, along, upright } = regionNames(phases, { columns, rows }).at(-1);
  assert.equal(text, "divergent");
  assert.deepEqual([along.from, along.to], [20, 34]);
  assert.deepEqual([upright.from, upright.to], [10, 45]);
  assert.ok(upright.line >= 20 && upright.line < 34);
});
