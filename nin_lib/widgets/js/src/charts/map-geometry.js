// Where things stand on a map of cells, in CSS pixels from its upper left corner.

import { powerOfTen } from "../ui/format.js";
import { scaleOf, within } from "../ui/scale.js";

const MARGIN = { left: 44, bottom: 24, top: 8, right: 10 };

/**
 * The box of the cells on a map of this size, and where in it the places from 0 to 1 of a setting are: at the middle of their
 * cells, those of the vertical axis from below.
 * @param {{ width: number, height: number, columns: number, rows: number }} size
 * @returns {MapGeometry}
 */
export function geometryOf({ width, height, columns, rows }) {
  const [x0, y0] = [MARGIN.left, MARGIN.top];
  const [w, h] = [width - x0 - MARGIN.right, height - y0 - MARGIN.bottom];
  /** @type {(part: number, cells: number) => number} */
  const placeAt = (part, cells) => within((part * cells - 0.5) / (cells - 1));
  return {
    x0,
    y0,
    w,
    h,
    toX: place => x0 + (w * (place * (columns - 1) + 0.5)) / columns,
    toY: place => y0 + h - (h * (place * (rows - 1) + 0.5)) / rows,
    placeAtX: x => placeAt((x - x0) / w, columns),
    placeAtY: y => placeAt(1 - (y - y0) / h, rows),
  };
}

/**
 * The pixel of a value of both settings.
 * @param {MapGeometry} geometry
 * @param {MapAxes} axes
 * @param {number} x
 * @param {number} y
 * @returns {[x: number, y: number]}
 */
export function pixelOf(geometry, axes, x, y) {
  return [geometry.toX(scaleOf(axes.x).place(x)), geometry.toY(scaleOf(axes.y).place(y))];
}

/**
 * The pixel of the point, at the border where its values are beyond.
 * @param {MapGeometry} geometry
 * @param {MapAxes} axes
 * @param {MapPoint} point
 * @returns {[x: number, y: number]}
 */
export function pointPixel({ toX, toY }, axes, point) {
  return [toX(within(scaleOf(axes.x).place(point.x))), toY(within(scaleOf(axes.y).place(point.y)))];
}

/**
 * The labels of both axes: those of the horizontal one at x, those of the vertical one at y.
 * @param {MapGeometry} geometry
 * @param {MapAxes} axes
 */
export function axisTicks({ w, h, toX, toY }, axes) {
  return {
    x: ticksOf(axes.x, w / 40).map(value => ({ x: toX(scaleOf(axes.x).place(value)), text: String(value) })),
    y: ticksOf(axes.y, h / 24).map(value => ({
      y: toY(scaleOf(axes.y).place(value)),
      text: value >= 1e4 ? powerOfTen(Math.log10(value)) : String(value).replace("-", "−"),
    })),
  };
}

/**
 * Round values on an axis, about `count` of them.
 * @param {SettingRange} range
 * @param {number} count
 */
export function ticksOf({ min, max, log }, count) {
  const values = [];
  if (log) {
    const wide = count > 2 * Math.log10(max / min) && max / min <= 1e4;
    for (let k = Math.floor(Math.log10(min)); k <= Math.log10(max); k++) {
      for (const digit of wide ? [1, 3] : [1]) values.push(Number(`${digit}e${k}`));
    }
  } else {
    for (let value = Math.ceil(min); value <= max; value++) values.push(value);
  }
  return values.filter(value => value >= min && value <= max);
}

/**
 * Cells that are given row by row from below, as the image has them: from above.
 * @param {Uint32Array} cells
 * @param {number} columns
 */
export function fromAbove(cells, columns) {
  const rows = cells.length / columns;
  const image = new Uint32Array(cells.length);
  for (let row = 0; row < rows; row++) {
    image.set(cells.subarray(row * columns, (row + 1) * columns), (rows - 1 - row) * columns);
  }
  return image;
}

/**
 * Where `cells` cells to the right of it, or upwards, a setting of this range is; on an axis of whole numbers further, until it
 * has moved.
 * @param {number} value
 * @param {SettingRange} range
 * @param {{ by: number, count: number }} cells
 */
export function moved(value, range, { by, count }) {
  if (by === 0) return value;
  const { place, settingAt } = scaleOf(range);
  let result = value;
  for (let k = Math.abs(by); result === value && k < count; k++) {
    result = settingAt(within(place(value) + (Math.sign(by) * k) / (count - 1)));
  }
  return result;
}
