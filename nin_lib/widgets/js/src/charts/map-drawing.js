// What is drawn on a map besides its cells: axes, theory's lines, names and the point.

import { axisTicks, pixelOf, pointPixel } from "./map-geometry.js";

export const FONT = "12px system-ui, sans-serif";

/**
 * @param {CanvasRenderingContext2D} context
 * @param {MapGeometry} geometry
 * @param {MapAxes} axes
 * @param {string} color
 */
export function drawAxes(context, geometry, axes, color) {
  const { x0, y0, w, h } = geometry;
  const ticks = axisTicks(geometry, axes);
  context.fillStyle = context.strokeStyle = color;
  context.lineWidth = 1;
  context.strokeRect(x0 - 0.5, y0 - 0.5, w + 1, h + 1);
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { x, text } of ticks.x) {
    stroke(context, [
      [x, y0 + h],
      [x, y0 + h + 4],
    ]);
    context.fillText(text, x, y0 + h + 7);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { y, text } of ticks.y) {
    stroke(context, [
      [x0, y],
      [x0 - 4, y],
    ]);
    context.fillText(text, x0 - 7, y);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[x: number, y: number][]} points
 */
function stroke(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

/**
 * Lines through values of both settings, black with a white border.
 * @param {CanvasRenderingContext2D} context
 * @param {MapGeometry} geometry
 * @param {MapAxes} axes
 * @param {MapLine[]} lines
 */
export function drawLines(context, geometry, axes, lines) {
  for (const border of [true, false]) {
    for (const { dash, points } of lines) {
      context.strokeStyle = border ? "rgba(255,255,255,0.85)" : "#000";
      context.lineWidth = border ? 4 : 1.75;
      context.setLineDash(border ? [] : dash);
      const pixels = points.map(([x, y]) => pixelOf(geometry, axes, x, y));
      stroke(
        context,
        pixels.filter(([x]) => Number.isFinite(x)).map(([x, y]) => [Math.min(Math.max(x, -1e4), 1e4), y]),
      );
    }
  }
  context.setLineDash([]);
}

/**
 * Each name where it fits, upright if it fits only so.
 * @param {CanvasRenderingContext2D} context
 * @param {MapGeometry} geometry
 * @param {{ columns: number, rows: number }} cells
 * @param {MapName[]} names
 */
export function drawNames(context, { x0, w, h, toX, toY }, { columns, rows }, names) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { text, along, upright } of names) {
    const length = context.measureText(text).width + 4;
    if (along && length <= ((along.to - along.from) * w) / columns) {
      write(context, text, x0 + ((along.from + along.to) / 2 / columns) * w, toY(along.line / (rows - 1)));
    } else if (upright && length <= ((upright.to - upright.from) * h) / rows) {
      const middle = (upright.from + upright.to - 1) / 2;
      context.save();
      context.translate(toX(upright.line / (columns - 1)), toY(middle / (rows - 1)));
      context.rotate(-Math.PI / 2);
      write(context, text, 0, 0);
      context.restore();
    }
  }
}

/**
 * The name of the vertical axis, at its upper end.
 * @param {CanvasRenderingContext2D} context
 * @param {MapGeometry} geometry
 * @param {string} name
 */
export function drawVertical(context, { x0, y0 }, name) {
  context.textAlign = "left";
  context.textBaseline = "top";
  write(context, `↑ ${name}`, x0 + 6, y0 + 6);
}

/**
 * Black with a white border, as the lines are.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 */
function write(context, text, x, y) {
  context.strokeStyle = "rgba(255,255,255,0.85)";
  context.fillStyle = "#000";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {MapGeometry} geometry
 * @param {MapAxes} axes
 * @param {MapPoint} point
 */
export function drawPoint(context, geometry, axes, point) {
  const [x, y] = pointPixel(geometry, axes, point);
  for (const [color, width] of /** @type {const} */ ([
    ["#fff", 5],
    ["#000", 2],
  ])) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, 7, 0, 2 * Math.PI);
    context.stroke();
  }
}
