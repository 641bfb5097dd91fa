// The plane of two weights: circles about its origin, the cross of its axes, and a path with a point at its end.

import { h } from "../ui/elements.js";
import { onFrame } from "../ui/frames.js";
import { format } from "../ui/format.js";
import { onPage } from "../ui/theme.js";
import { prepare } from "./canvas.js";
import { DASHES, drawLabel, ink } from "./chart-parts.js";
import { FONT } from "./map-drawing.js";

const MARGIN = 18; // pixels
const TRAIL = 60; // so many last steps of the path stand out

/**
 * What the plane shows: how far its axes reach, circles, and the path up to where it is now.
 * @typedef {{ radius: number, text: string, color: string, dash: string }} Circle
 * @typedef {{ reach: number, circles: Circle[], path: [x: number, y: number][], description: string }} PlaneShown
 */

/**
 * @param {View} view
 * @param {{ x: string, y: string, color: string }} axes their names, and the colour of the path
 */
export function createPlane({ root, signal, own }, axes) {
  const canvas = h("canvas");
  const element = h("div", { class: "nin-plane", role: "img" }, canvas);
  /** @type {PlaneShown} */
  let shown = { reach: 1, circles: [], path: [], description: "" };
  const draw = onFrame(() => {
    const context = canvas.getContext("2d");
    if (!context || element.clientWidth === 0) return;
    prepare(context, element);
    context.font = FONT;
    const { clientWidth: width, clientHeight: height } = element;
    const unit = (Math.min(width, height) / 2 - MARGIN) / shown.reach;
    /** @type {(point: [x: number, y: number]) => [number, number]} */
    const pixel = ([x, y]) => [width / 2 + x * unit, height / 2 - y * unit];
    drawCross(context, { width, height }, axes, ink(root, 0.8));
    for (const circle of shown.circles) drawCircle(context, pixel([0, 0]), circle, unit);
    nameCircles(context, { width, height }, shown.circles, unit, ink(root, 0.9));
    drawPath(context, shown.path.map(pixel), onPage(root, axes.color));
  });
  const observer = new ResizeObserver(draw);
  observer.observe(element);
  own(() => observer.disconnect());
  root.addEventListener("nin-theme", draw, { signal });
  return {
    element,
    /** @param {PlaneShown} next */
    show(next) {
      shown = next;
      element.setAttribute("aria-label", next.description);
      draw();
    },
  };
}

/**
 * The axes are the valley: on them no noise reaches the output.
 * @param {CanvasRenderingContext2D} context
 * @param {{ width: number, height: number }} size
 * @param {{ x: string, y: string }} names
 * @param {string} color
 */
function drawCross(context, { width, height }, names, color) {
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = 1;
  context.setLineDash([]);
  context.beginPath();
  context.moveTo(0, height / 2);
  context.lineTo(width, height / 2);
  context.moveTo(width / 2, 0);
  context.lineTo(width / 2, height);
  context.stroke();
  context.textAlign = "right";
  context.textBaseline = "bottom";
  context.fillText(names.x, width - 2, height / 2 - 2);
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText(names.y, width / 2 + 5, 2);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[x: number, y: number]} center
 * @param {Circle} circle
 * @param {number} unit
 */
function drawCircle(context, [x, y], { radius, color, dash }, unit) {
  context.strokeStyle = color;
  context.lineWidth = 2;
  context.setLineDash(DASHES[dash]);
  context.beginPath();
  context.arc(x, y, Math.min(radius * unit, 1e5), 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
}

/**
 * A name right under the first circle and over the second, so that they never meet; of those that are too large for it a line
 * in the corner, which says how large.
 * @param {CanvasRenderingContext2D} context
 * @param {{ width: number, height: number }} size
 * @param {Circle[]} circles
 * @param {number} unit
 * @param {string} color
 */
function nameCircles(context, { width, height }, circles, unit, color) {
  context.fillStyle = color;
  circles.forEach(({ text, radius }, k) => {
    const edge = radius * unit + 2;
    if (edge < height / 2 - MARGIN / 2) {
      context.textAlign = "left";
      context.textBaseline = k === 0 ? "top" : "bottom";
      drawLabel(context, text, width / 2 + 5, height / 2 + (k === 0 ? edge : -edge), 2);
    } else {
      context.textAlign = "right";
      context.textBaseline = "bottom";
      context.fillText(
        `${text}: out of view, at radius ${format(radius)}`,
        width - 2,
        height - 2 - k * MARGIN,
      );
    }
  });
}

/**
 * The whole path, faint, and its last steps one by one.
 * @param {CanvasRenderingContext2D} context
 * @param {[x: number, y: number][]} pixels
 * @param {string} color
 */
function drawPath(context, pixels, color) {
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = 1.5;
  context.globalAlpha = 0.25;
  context.beginPath();
  for (const pixel of pixels.slice(0, 1 - TRAIL)) context.lineTo(...pixel);
  context.stroke();
  const last = pixels.slice(-TRAIL);
  last.slice(1).forEach(([x, y], k) => {
    context.globalAlpha = 0.25 + (0.75 * (k + 1)) / last.length;
    context.beginPath();
    context.moveTo(...last[k]);
    context.lineTo(x, y);
    context.stroke();
  });
  context.globalAlpha = 1;
  last.forEach(([x, y], k) => {
    context.beginPath();
    context.arc(x, y, k === last.length - 1 ? 6 : 2, 0, 2 * Math.PI);
    context.fill();
  });
}
