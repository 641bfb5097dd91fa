import assert from "node:assert/strict";
import { test } from "node:test";
import { drawAxes, drawLines, drawNames, drawPoint } from "../src/charts/map-drawing.js";
import {
  axisTicks,
  fromAbove,
  geometryOf,
  moved,
  pixelOf,
  pointPixel,
  ticksOf,
} from "../src/charts/map-geometry.js";

// A box of 200 x 150 pixels with its corner at (44, 8): a pixel for each cell.
const GEOMETRY = geometryOf({ width: 254, height: 182, columns: 200, rows: 150 });
const AXES = {
  x: { name: "sigma_eps", label: "", min: 0.01, max: 100, log: true },
  y: { name: "w1", label: "", min: -3, max: 3 },
};
const near = (found, wanted) =>
  found.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-9, `${found}, not ${wanted}`));

// A canvas's context that notes what is drawn.
function noting() {
  const calls = [];
  const note =
    name =>
    (...args) =>
      void calls.push([name, ...args]);
  const drawing = [
    "strokeRect",
    "beginPath",
    "lineTo",
    "stroke",
    "strokeText",
    "fillText",
    "setLineDash",
    "arc",
  ];
  const names = [...drawing, "save", "translate", "rotate", "restore"];
  const context = Object.fromEntries(names.map(name => [name, note(name)]));
  const of = name => calls.filter(([called]) => called === name).map(([, ...args]) => args);
  return { ...context, measureText: text => ({ width: 6 * text.length }), of };
}

test("a place is the middle of its cell: from the left, and from below", () => {
  near([GEOMETRY.toX(0), GEOMETRY.toX(1)], [44.5, 243.5]);
  near([GEOMETRY.toY(0), GEOMETRY.toY(1)], [157.5, 8.5]);
});

test("the pointer gives back the place of the cell under it, or the nearest one", () => {
  for (const place of [0, 0.25, 1]) {
    near([GEOMETRY.placeAtX(GEOMETRY.toX(place)), GEOMETRY.placeAtY(GEOMETRY.toY(place))], [place, place]);
  }
  near([GEOMETRY.placeAtX(-5), GEOMETRY.placeAtY(-5), GEOMETRY.placeAtY(999)], [0, 1, 0]);
});

test("larger values are to the right and above", () => {
  near(pixelOf(GEOMETRY, AXES, 0.01, -3), [44.5, 157.5]);
  near(pixelOf(GEOMETRY, AXES, 100, 3), [243.5, 8.5]);
  near(pixelOf(GEOMETRY, AXES, 1, 0), [144, 83]);
});

test("the point is at the border where its values are beyond", () => {
  near(pointPixel(GEOMETRY, AXES, { x: 1, y: 1.5 }), [144, 45.75]);
  near(pointPixel(GEOMETRY, AXES, { x: 1e9, y: -7 }), [243.5, 157.5]);
});

test("the labels of the axes stand at their values", () => {
  const { x, y } = axisTicks(GEOMETRY, AXES);
  assert.deepEqual(
    x.map(tick => tick.text),
    ["0.01", "0.1", "1", "10", "100"],
  );
  near(
    x.map(tick => tick.x),
    [44.5, 94.25, 144, 193.75, 243.5],
  );
  assert.deepEqual(
    y.map(tick => tick.text),
    ["−3", "−2", "−1", "0", "1", "2", "3"],
  );
  near([y[0].y, y[3].y, y[6].y], [157.5, 83, 8.5]);
  const sizes = axisTicks(GEOMETRY, { ...AXES, y: { ...AXES.y, min: 1, max: 1e5, log: true } }).y;
  assert.deepEqual(
    sizes.map(tick => tick.text),
    ["1", "10", "100", "1000", "10⁴", "10⁵"],
  );
});

test("round values, more of them where there is room", () => {
  assert.deepEqual(ticksOf(AXES.x, 20), [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100]);
  assert.deepEqual(ticksOf({ ...AXES.x, max: 30 }, 4), [0.01, 0.1, 1, 10]);
});

test("cells that come from below are turned over for the image", () => {
  assert.deepEqual([...fromAbove(Uint32Array.of(1, 2, 3, 4, 5, 6), 2)], [5, 6, 3, 4, 1, 2]);
});

test("an arrow moves by cells, on an axis of whole numbers until it has moved", () => {
  assert.equal(moved(0, AXES.y, { by: 1, count: 151 }), 0.04);
  assert.equal(moved(0, AXES.y, { by: -10, count: 151 }), -0.4);
  assert.equal(moved(3, AXES.y, { by: 10, count: 151 }), 3);
  assert.equal(moved(1.23456, AXES.y, { by: 0, count: 151 }), 1.23456);
  const sizes = { name: "batch_size", label: "", min: 1, max: 1e5, log: true, integer: true };
  assert.equal(moved(1, sizes, { by: 1, count: 150 }), 2);
});

test("axes are drawn with their labels left of and below the box, larger values above", () => {
  const context = noting();
  drawAxes(context, GEOMETRY, AXES, "grey");
  const at = Object.fromEntries(context.of("fillText").map(([text, x, y]) => [text, [x, y]]));
  near(at["100"], [243.5, 165]);
  near(at["−3"], [37, 157.5]);
  near(at["2"], [37, GEOMETRY.toY(5 / 6)]);
});

test("lines are drawn through the pixels of their values, twice: a border, and the line with its dash", () => {
  const context = noting();
  const points = [
    [0.01, -3],
    [NaN, 0],
    [1, 1.5],
    [Infinity, 2],
  ];
  drawLines(context, GEOMETRY, AXES, [{ dash: [8, 4], points }]);
  const drawn = context.of("lineTo");
  assert.equal(drawn.length, 4);
  for (const k of [0, 2]) {
    near(drawn[k], [44.5, 157.5]);
    near(drawn[k + 1], [144, 45.75]);
  }
  assert.deepEqual(context.of("setLineDash"), [[[]], [[8, 4]], [[]]]);
});

test("a name stands on the middle of its run of cells where it fits, else upright on that of its column", () => {
  const context = noting();
  const cells = { columns: 200, rows: 150 };
  drawNames(context, GEOMETRY, cells, [
    { text: "decay", along: { line: 0, from: 40, to: 140 }, upright: null },
    { text: "catapult", along: { line: 100, from: 150, to: 180 }, upright: { line: 160, from: 0, to: 100 } },
    { text: "divergent", along: { line: 100, from: 150, to: 180 }, upright: null }, // nowhere
  ]);
  assert.deepEqual(context.of("fillText"), [
    ["decay", 134, 157.5],
    ["catapult", 0, 0],
  ]);
  assert.deepEqual(context.of("strokeText"), context.of("fillText")); // a border, on a line of theory
  const [[x, y]] = context.of("translate");
  near([x, y], [GEOMETRY.toX(160 / 199), GEOMETRY.toY(49.5 / 149)]);
  assert.deepEqual(context.of("rotate"), [[-Math.PI / 2]]);
});

test("the point is a ring around its pixel", () => {
  const context = noting();
  drawPoint(context, GEOMETRY, AXES, { x: 1, y: 1.5 });
  for (const [x, y] of context.of("arc")) near([x, y], [144, 45.75]);
  assert.equal(context.of("arc").length, 2);
});
