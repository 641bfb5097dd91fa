// What the explorers' uPlot charts have in common: how they look, how they label decades, how they follow size and theme.

import { h, inkOf, onFrame } from "../ui/host.js";

export const DASHES = { solid: [], dash: [8, 4], dot: [2, 3], dashdot: [8, 3, 2, 3], longdash: [14, 4] };
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
export const powerOfTen = k =>
  "10" + (k < 0 ? "⁻" : "") + [...String(Math.abs(k))].map(d => SUPERSCRIPTS[d]).join("");

// The text colour of an explorer, with an opacity.
const ink = (root, alpha) => `rgba(${inkOf(root)},${alpha})`;

// The options that all charts share; `root` is the explorer.
export const OPTIONS = { width: 300, height: 200, padding: [8, 12, 0, 0], legend: { show: false } };
export const CURSOR = { drag: { x: false, y: false }, points: { show: false }, y: false };
export const axisOf = root => ({
  stroke: () => ink(root, 0.8),
  font: "12px system-ui, sans-serif",
  grid: { stroke: () => ink(root, 0.12), width: 1 },
  ticks: { stroke: () => ink(root, 0.3), width: 1, size: 4 },
  gap: 4,
});

// A number on an axis: 0.00125, −1000, 2.5e−4.
export function plain(value) {
  const number = Number(value.toPrecision(6));
  return (Math.abs(number) < 1e-3 && number !== 0 ? number.toExponential() : String(number)).replaceAll("-", "−");
}

// Of an axis whose values are drawn as their decimal logarithms.
export const DECADES = {
  splits(u, axisIndex, min, max) {
    if (max - min < 1) return within(min, max);
    const step = [1, 2, 3, 4, 5, 10, 20, 50, 100].find(s => (max - min) / s <= 7);
    const ticks = [];
    for (let k = Math.ceil(min / step) * step; k <= max; k += step) ticks.push(k);
    return ticks;
  },
  values: (u, ticks) => ticks.map(k => (Number.isInteger(k) ? powerOfTen(k) : plain(10 ** k))),
};

// Where there is no room for two powers of ten: 1, 2, 3, 5, 7 times one, or only 1, 2, 5 times.
function within(min, max) {
  const digits = max - min < 0.6 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 5];
  const ticks = [];
  for (let k = Math.floor(min); k <= max; k++) ticks.push(...digits.map(digit => k + Math.log10(digit)));
  return ticks.filter(tick => tick >= min && tick <= max);
}

// Vertical lines across the chart, each with a label in a row of its own, so that labels never collide. marks: [{ place, text }].
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

// Keeps a chart as large as the element `plot` and in the colours of the theme, until the returned function is called.
export function follow(uplot, plot, root) {
  const fit = onFrame(() => {
    const { width, height } = plot.getBoundingClientRect();
    if (width > 0) uplot.setSize({ width: Math.floor(width), height: Math.floor(height) });
  });
  const observer = new ResizeObserver(fit);
  observer.observe(plot);
  const repaint = () => uplot.redraw(false);
  root.addEventListener("nin-theme", repaint);
  return () => {
    observer.disconnect();
    root.removeEventListener("nin-theme", repaint);
    uplot.destroy();
  };
}

export function lineSample({ color, dash }) {
  const sample = h("span", { class: "nin-line" });
  sample.innerHTML =
    `<svg width="22" height="8" aria-hidden="true"><line x1="0" y1="4" x2="22" y2="4" stroke="${color}" ` +
    `stroke-width="2.5" stroke-dasharray="${DASHES[dash].join(" ")}"/></svg>`;
  return sample;
}
