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
 * Vertical lines across the chart, each with a label in a row of its own, so that labels never collide.
 * @param {import("uplot")} u
 * @param {Element} root
 * @param {{ place: number, text: string }[]} marks
 */
export function drawMarks(u, root, marks) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const dpr = devicePixelRatio;
  ctx.save();
  ctx.font = `${11 * dpr}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.strokeStyle = ctx.fillStyle = ink(root, 0.7);
  ctx.lineWidth = dpr;
  ctx.setLineDash([3 * dpr, 3 * dpr]);
  marks.forEach(({ place, text }, row) => {
    const x = u.valToPos(place, "x", true);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    const fits = x + ctx.measureText(text).width + 8 * dpr < left + width;
    ctx.textAlign = fits ? "left" : "right";
    ctx.fillText(text, x + (fits ? 5 : -5) * dpr, top + (3 + 14 * row) * dpr);
  });
  ctx.restore();
}

/**
 * Keeps a chart as large as the element `plot` and in the colours of the theme.
 * @param {View} view
 * @param {import("uplot")} uplot
 * @param {Element} plot
 */
export function follow({ root, signal, own }, uplot, plot) {
  const fit = onFrame(() => {
    const { width, height } = plot.getBoundingClientRect();
    if (width > 0) uplot.setSize({ width: Math.floor(width), height: Math.floor(height) });
  });
  const observer = new ResizeObserver(fit);
  observer.observe(plot);
  root.addEventListener("nin-theme", () => uplot.redraw(false), { signal });
  own(() => observer.disconnect());
  own(() => uplot.destroy());
}

/** @param {{ color: string, dash: string }} line */
export function lineSample({ color, dash }) {
  return svg(
    8,
    `<line x1="0" y1="4" x2="22" y2="4" stroke="${color}" ` +
      `stroke-width="2.5" stroke-dasharray="${DASHES[dash].join(" ")}"/>`,
  );
}

/**
 * What stands before a curve's name in the legend.
 * @param {Curve} curve
 */
export function curveSample({ color, kind = "line", dash = "solid" }) {
  if (kind === "points")
    return svg(10, `<circle cx="11" cy="5" r="3.5" fill="none" stroke="${color}" stroke-width="2"/>`);
  if (kind === "bars")
    return svg(10, `<rect x="6" y="0" width="10" height="10" fill="${color}" fill-opacity="0.6"/>`);
  return lineSample({ color, dash });
}

/**
 * @param {number} height
 * @param {string} shape
 */
function svg(height, shape) {
  const span = h("span", { class: "nin-line" });
  span.innerHTML = `<svg width="22" height="${height}" aria-hidden="true">${shape}</svg>`;
  return span;
}
