// What the explorers' uPlot charts have in common: how they look, their legends and marks, how they follow size and theme.

import { h } from "../ui/elements.js";
import { onFrame } from "../ui/frames.js";
import { inkOf } from "../ui/theme.js";

/** @type {Record<string, number[]>} */
export const DASHES = { solid: [], dash: [8, 4], dot: [2, 3], dashdot: [8, 3, 2, 3], longdash: [14, 4] };

/**
 * The text colour of an explorer, with an opacity.
 * @param {Element} root
 * @param {number} alpha
 */
export const ink = (root, alpha) => `rgba(${inkOf(root)},${alpha})`;

/**
 * The options of an axis, in the colours of the explorer `root`.
 * @param {Element} root
 */
export const axisOf = root => ({
  stroke: () => ink(root, 0.8),
  font: "12px system-ui, sans-serif",
  grid: { stroke: () => ink(root, 0.12), width: 1 },
  ticks: { stroke: () => ink(root, 0.3), width: 1, size: 4 },
  gap: 4,
});

/**
 * The name of what the abscissa counts, at the head of the row of its labels.
 * @param {import("uplot")} u
 * @param {Element} root
 * @param {string} name
 */
export function drawName({ ctx, bbox: { left, top, height } }, root, name) {
  ctx.save();
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = ink(root, 0.8);
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  ctx.fillText(name, left - 12 * devicePixelRatio, top + height + 8 * devicePixelRatio);
  ctx.restore();
}

/**
 * Vertical lines across the chart, each with a label in a row of its own, so that labels never collide, and with a ring where
 * it has an event of a curve. Labels come last, and whatever would cross one ends around it.
 * @param {import("uplot")} u
 * @param {Element} root
 * @param {{ place: number, text: string, height: number | null }[]} marks
 */
export function drawMarks(u, root, marks) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const dpr = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = ink(root, 0.7);
  ctx.lineWidth = dpr;
  ctx.setLineDash([3 * dpr, 3 * dpr]);
  const placed = marks.map(mark => ({ ...mark, x: u.valToPos(mark.place, "x", true) }));
  for (const { x } of placed) {
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
  }
  for (const { x, height: at } of placed) if (at !== null) ring(ctx, x, u.valToPos(at, "y", true));
  ctx.font = `${11 * dpr}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  placed.forEach(({ x, text }, row) => {
    const fits = x + ctx.measureText(text).width + 8 * dpr < left + width;
    ctx.textAlign = fits ? "left" : "right";
    drawLabel(ctx, text, x + (fits ? 5 : -5) * dpr, top + (3 + 14 * row) * dpr, 3.5 * dpr);
  });
  ctx.restore();
}

/**
 * A text with a rim in which nothing else is seen, on any background.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} rim its width
 */
export function drawLabel(ctx, text, x, y, rim) {
  ctx.save();
  ctx.globalCompositeOperation = "destination-out";
  ctx.strokeStyle = "#000";
  ctx.lineWidth = 2 * rim;
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  ctx.strokeText(text, x, y);
  ctx.restore();
  ctx.fillText(text, x, y);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} x
 * @param {number} y
 */
function ring(ctx, x, y) {
  ctx.setLineDash([]);
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.beginPath();
  ctx.arc(x, y, 4 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.stroke();
}

/**
 * Builds a chart once the element `plot` has a size, in a task of its own: several charts at once would keep a reader's first
 * press waiting. Then keeps it as large as the element and in the colours of the theme. Returns what the chart is at present.
 * @param {View} view
 * @param {Element} plot
 * @param {(size: { width: number, height: number }) => import("uplot")} build
 */
export function onceSized({ root, signal, own }, plot, build) {
  /** @type {import("uplot") | null} */
  let uplot = null;
  let timer = 0;
  const size = () => {
    const { width, height } = plot.getBoundingClientRect();
    return { width: Math.floor(width), height: Math.floor(height) };
  };
  const fit = onFrame(() => {
    if (size().width > 0) uplot?.setSize(size());
  });
  const observer = new ResizeObserver(() => {
    if (uplot) return fit();
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (size().width > 0) uplot = build(size());
    });
  });
  observer.observe(plot);
  root.addEventListener("nin-theme", () => uplot?.redraw(false), { signal });
  own(() => {
    observer.disconnect();
    clearTimeout(timer);
    uplot?.destroy();
  });
  return () => uplot;
}

/** @param {{ color: string, dash: string, width?: number, alpha?: number }} line */
export function lineSample({ color, dash, width = 2.5, alpha = 1 }) {
  const stroke = `stroke="${color}" stroke-width="${width}" stroke-opacity="${alpha}"`;
  const line = `${stroke} stroke-dasharray="${DASHES[dash].join(" ")}"`;
  return svg(22, 8, `<line x1="0" y1="4" x2="22" y2="4" ${line}/>`);
}

/**
 * A line across a band of phases, black with a white border, which is seen on each of their colours.
 * @param {string} dash
 */
export function poleSample(dash) {
  const line = 'x1="3" y1="0" x2="3" y2="34"';
  const dashes = DASHES[dash].join(" ");
  return svg(
    6,
    34,
    `<line ${line} stroke="#fff" stroke-width="3.5"/>` +
      `<line ${line} stroke="#000" stroke-width="2" stroke-dasharray="${dashes}"/>`,
  );
}

/**
 * What stands before a curve's name in the legend.
 * @param {Curve} curve
 */
export function curveSample({ color, kind = "line", dash = "solid" }) {
  if (kind === "points")
    return svg(22, 10, `<circle cx="11" cy="5" r="3.5" fill="none" stroke="${color}" stroke-width="2"/>`);
  if (kind === "bars")
    return svg(22, 10, `<rect x="6" y="0" width="10" height="10" fill="${color}" fill-opacity="0.6"/>`);
  return lineSample({ color, dash });
}

/**
 * @param {number} width
 * @param {number} height
 * @param {string} shape
 */
function svg(width, height, shape) {
  const span = h("span", { class: "nin-line" });
  span.innerHTML = `<svg width="${width}" height="${height}" aria-hidden="true">${shape}</svg>`;
  return span;
}
