// A uPlot chart of curves over steps, as the explorers need it.

import uPlot from "uplot";
import { format, h, inkOf, onFrame, symbol } from "./host.js";

export const DASHES = { solid: [], dash: [8, 4], dot: [2, 3], dashdot: [8, 3, 2, 3], longdash: [14, 4] };
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
export const powerOfTen = k =>
  "10" + (k < 0 ? "⁻" : "") + [...String(Math.abs(k))].map(d => SUPERSCRIPTS[d]).join("");

// curves: [{ name, color, dash }]. With log, values are drawn as their logarithms, so that zero, 1e100 and infinity are
// as good as any value: what lies beyond the axis is drawn just outside of it, and what is not finite not at all.
// root: the explorer's; the chart itself is the returned `element`. `sync` names a group of charts whose crosshairs move together.
export function createChart(root, { title, curves, log = false, sync }) {
  const readings = curves.map(() => h("span", { class: "nin-reading" }));
  const legend = h(
    "div",
    { class: "nin-legend" },
    ...curves.map((curve, i) => h("span", {}, lineSample(curve), symbol(curve.name), readings[i])),
  );
  const plot = h("div", { class: "nin-plot", role: "img" });
  const element = h("div", { class: "nin-chart" }, h("div", { class: "nin-title" }, title), legend, plot);
  const ink = alpha => `rgba(${inkOf(root)},${alpha})`;
  let range = [0, 1];
  let steps = { log: false, at: [] };
  let values = curves.map(() => []);
  let marks = [];
  let end = null;
  const axis = {
    stroke: () => ink(0.8),
    font: "12px system-ui, sans-serif",
    grid: { stroke: () => ink(0.12), width: 1 },
    ticks: { stroke: () => ink(0.3), width: 1, size: 4 },
    gap: 4,
  };
  const uplot = new uPlot(
    {
      width: 300,
      height: 200,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: false, y: false },
        points: { show: false },
        y: false,
        sync: sync && { key: sync },
      },
      scales: { x: { time: false, range: (u, min, max) => [min, max] }, y: { range: () => range } },
      axes: [
        { ...axis, size: 28, space: 60, splits: stepTicks, values: (u, ticks) => ticks.map(stepAt) },
        {
          ...axis,
          size: 46,
          space: 26,
          ...(log && { splits: decades, values: (u, ticks) => ticks.map(powerOfTen) }),
        },
      ],
      series: [
        {},
        ...curves.map(c => ({ stroke: c.color, dash: DASHES[c.dash], width: 1.75, points: { show: false } })),
      ],
      hooks: { draw: [drawMarks], setCursor: [read] },
    },
    [[0, 1], ...curves.map(() => [null, null])],
    plot,
  );

  function decades(u, axisIndex, min, max) {
    const step = [1, 2, 3, 4, 5, 10, 20, 50, 100].find(s => (max - min) / s <= 7);
    const ticks = [];
    for (let k = Math.ceil(min / step) * step; k <= max; k += step) ticks.push(k);
    return ticks;
  }

  // With logarithmic steps, step t stands at log10(1 + t): the start is on the axis, too.
  function placeOf(step) {
    return steps.log ? Math.log10(1 + step) : step;
  }
  function stepAt(place) {
    return steps.log ? Math.round(10 ** place - 1) : place;
  }
  function stepTicks(u, axisIndex, min, max, increment) {
    const last = stepAt(max);
    const ticks = [];
    if (steps.log) {
      const wide = u.bbox.width / devicePixelRatio > 230;
      for (let t = 1; t <= last; t *= 10) ticks.push(t, ...(wide && 3 * t <= last ? [3 * t] : []));
      return [0, ...ticks].map(placeOf);
    }
    for (let t = 0; t <= last; t += Math.max(1, increment)) ticks.push(t);
    return ticks;
  }

  // Vertical lines with a label, and a shade from the step at which the curves end.
  function drawMarks(u) {
    const { ctx } = u;
    const { left, top, width, height } = u.bbox;
    const dpr = devicePixelRatio;
    ctx.save();
    ctx.font = `${11 * dpr}px system-ui, sans-serif`;
    ctx.textBaseline = "top";
    if (end !== null) {
      const x = u.valToPos(placeOf(end.step), "x", true);
      ctx.fillStyle = end.color;
      ctx.globalAlpha = 0.14;
      ctx.fillRect(x, top, left + width - x, height);
      ctx.globalAlpha = 1;
    }
    for (const { step, text } of end === null ? marks : [end]) {
      const x = u.valToPos(placeOf(step), "x", true);
      ctx.strokeStyle = ctx.fillStyle = ink(0.7);
      ctx.lineWidth = dpr;
      ctx.setLineDash([3 * dpr, 3 * dpr]);
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, top + height);
      ctx.stroke();
      const fits = x + ctx.measureText(text).width + 8 * dpr < left + width;
      ctx.textAlign = fits ? "left" : "right";
      ctx.fillText(text, x + (fits ? 5 : -5) * dpr, top + 3 * dpr);
    }
    ctx.restore();
  }

  function read(u) {
    const i = u.cursor.idx;
    readings.forEach((reading, k) => {
      const text = i == null || !(i in values[k]) ? "" : format(values[k][i]);
      if (reading.textContent !== text) reading.textContent = text;
    });
  }

  const fit = onFrame(() => {
    const { width, height } = plot.getBoundingClientRect();
    if (width > 0) uplot.setSize({ width: Math.floor(width), height: Math.floor(height) });
  });
  const observer = new ResizeObserver(fit);
  observer.observe(plot);
  const repaint = () => uplot.redraw(false);
  root.addEventListener("nin-theme", repaint);

  return {
    element,
    // ys: for each curve its values at steps 0, 1, ...; [lo, hi]: the vertical axis, in decades with log.
    // marks: [{ step, text }]; end: { step, text, color } or null: where the curves stop.
    set(ys, [lo, hi], { description, logSteps = false, marks: newMarks = [], end: newEnd = null }) {
      if (steps.at.length !== ys[0].length || steps.log !== logSteps) {
        steps = { log: logSteps, at: [] };
        for (let t = 0; t < ys[0].length; t++) steps.at.push(placeOf(t));
      }
      range = [lo, hi];
      values = ys;
      marks = newMarks;
      end = newEnd;
      const [below, above] = [lo - (hi - lo), hi + (hi - lo)];
      const drawn = ys.map(values => {
        const result = new Array(values.length);
        for (let i = 0; i < values.length; i++) {
          const value = log ? Math.log10(values[i]) : values[i];
          result[i] =
            Number.isFinite(values[i]) && !(i > end?.step) ? Math.min(Math.max(value, below), above) : null;
        }
        return result;
      });
      uplot.setData([steps.at, ...drawn]);
      read(uplot);
      if (plot.getAttribute("aria-label") !== description) plot.setAttribute("aria-label", description);
    },
    destroy() {
      observer.disconnect();
      uplot.destroy();
    },
  };
}

export function lineSample({ color, dash }) {
  const sample = h("span", { class: "nin-line" });
  sample.innerHTML =
    `<svg width="22" height="8" aria-hidden="true"><line x1="0" y1="4" x2="22" y2="4" stroke="${color}" ` +
    `stroke-width="2.5" stroke-dasharray="${DASHES[dash].join(" ")}"/></svg>`;
  return sample;
}
