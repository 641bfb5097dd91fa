// A uPlot chart: curves, points and bars over any abscissa, linear or logarithmic, with marks across it.

import uPlot from "uplot";
import { axisOf, CURSOR, DASHES, DECADES, drawMarks, follow, lineSample, OPTIONS, plain } from "./chart-parts.js";
import { format, h } from "../ui/host.js";

// How values stand on the abscissa: `place` and `value` are each other's inverse; `ticks` lists the values to label.
export const LINEAR = { place: value => value, value: place => place };
export const STEPS = { ...LINEAR, whole: true };
export const log = ticks => ({
  place: Math.log10,
  value: place => 10 ** place,
  ticks: width => thin(ticks, width / 44),
});
// Step t at log10(1 + t): the start is on the axis, too.
export const LOG_STEPS = {
  place: step => Math.log10(1 + step),
  value: place => 10 ** place - 1,
  ticks(width, last) {
    const ticks = [0];
    for (let t = 1; t <= last + 1e-6; t *= 10) ticks.push(t, ...(width > 230 && 3 * t <= last ? [3 * t] : []));
    return ticks;
  },
};

// root: the explorer, whose text colour the chart takes; the caller places `element`.
// curves: [{ name, color, kind: "line" | "points" | "dotted" | "bars", dash, width, alpha, join }], name in words or as an
// element, or none for a curve that the legend leaves out; with join, as when dotted, a line runs across places where it has
// no value. With logY, values are drawn as their decimal logarithms, so that zero and 1e100 are as good as any value: what
// lies beyond an axis is drawn just outside of it, and what is not finite not at all. `sync` names a group of charts whose
// crosshairs move together.
export function createChart(root, { title, xTitle, curves, logY = false, sync }) {
  const readings = curves.map(() => h("span", { class: "nin-reading" }));
  const entries = curves.map((curve, i) => h("span", {}, sample(curve), curve.name ?? "", readings[i]));
  const plot = h("div", { class: "nin-plot", role: "img" });
  const element = h(
    "div",
    { class: "nin-chart" },
    h("div", { class: "nin-title" }, title),
    h("div", { class: "nin-legend" }, ...entries.filter((_, i) => curves[i].name)),
    plot,
    ...(xTitle ? [h("div", { class: "nin-x-title" }, xTitle)] : []),
  );

  let [at, x, places] = [null, LINEAR, [0, 1]];
  let [xRange, yRange] = [
    [0, 1],
    [0, 1],
  ];
  let [values, marks, fadeFrom, end] = [curves.map(() => []), [], null, null];
  const axis = axisOf(root);
  const xAxis = {
    splits(u, axisIndex, min, max, increment) {
      const ticks = x.ticks?.(u.bbox.width / devicePixelRatio, x.value(max));
      return ticks?.map(x.place) ?? multiples(min, max, x.whole ? Math.max(1, increment) : increment);
    },
    values: (u, ticks) => ticks.map(place => plain(x.value(place))),
  };
  const yAxis = logY ? DECADES : { values: (u, ticks) => ticks.map(plain) };
  const uplot = new uPlot(
    {
      ...OPTIONS,
      cursor: { ...CURSOR, sync: sync && { key: sync } },
      scales: { x: { time: false, range: () => xRange }, y: { range: () => yRange } },
      axes: [
        { ...axis, size: 28, space: 60, ...xAxis },
        { ...axis, size: logY ? 46 : 56, space: 26, ...yAxis },
      ],
      series: [{}, ...curves.map(series)],
      drawOrder: ["series", "axes"],
      hooks: { drawSeries: [drawFade], draw: [drawVisible], setCursor: [read] },
    },
    [[0, 1], ...curves.map(() => [null, null])],
    plot,
  );

  function fillFrom(u, value, style) {
    const { left, top, width, height } = u.bbox;
    const from = u.valToPos(x.place(value), "x", true);
    u.ctx.save();
    Object.assign(u.ctx, style);
    u.ctx.fillRect(from, top, left + width - from, height);
    u.ctx.restore();
  }

  // Between the curves and the grid, which stays.
  function drawFade(u, drawn) {
    if (fadeFrom === null || drawn < curves.length) return;
    // pale on any background
    fillFrom(u, fadeFrom, { globalCompositeOperation: "destination-out", fillStyle: "rgba(0,0,0,0.7)" });
  }

  function drawVisible(u) {
    if (end) fillFrom(u, end.at, { fillStyle: end.color, globalAlpha: 0.14 });
    const placed = [...marks, ...(end ? [end] : [])].map(({ at, text }) => ({ place: x.place(at), text }));
    drawMarks(
      u,
      root,
      placed.filter(({ place }) => place >= xRange[0] && place <= xRange[1]),
    );
  }

  function read(u) {
    readings.forEach((reading, k) => {
      let i = u.cursor.idx;
      if (curves[k].join) while (i > 0 && isNone(values[k][i])) i--;
      const text = i == null || isNone(values[k][i]) ? "" : format(values[k][i]);
      if (reading.textContent !== text) reading.textContent = text;
    });
  }

  return {
    element,
    // at: the values of the abscissa, x: how they stand on it; ys: for each curve its values there, null or NaN for none.
    // Ranges are in places: logarithms where the axis is logarithmic. marks: [{ at, text }]; fade: from where on the curves
    // are pale; end: { at, text, color } or null, a mark with a shade behind it; until: the last place that is drawn;
    // description: the chart in words.
    set({ at: newAt, x: newX = LINEAR, ys, xRange: newRange, until = Infinity, description, ...rest }) {
      if (at !== newAt || x !== newX) [at, x, places] = [newAt, newX, Array.from(newAt, newX.place)];
      xRange = newRange ?? [places[0], places.at(-1)];
      values = ys;
      ({ yRange, marks = [], fade: fadeFrom = null, end = null } = rest);
      const [low, high] = [2 * yRange[0] - yRange[1], 2 * yRange[1] - yRange[0]];
      const drawn = ys.map(values => {
        const result = new Array(places.length).fill(null);
        for (let i = 0; i < values.length && at[i] <= until; i++) {
          if (!Number.isFinite(values[i])) continue;
          result[i] = Math.min(Math.max(logY ? Math.log10(values[i]) : values[i], low), high);
        }
        return result;
      });
      uplot.setData([places, ...drawn]);
      read(uplot);
      if (plot.getAttribute("aria-label") !== description) plot.setAttribute("aria-label", description);
    },
    destroy: follow(uplot, plot, root),
  };
}

const isNone = value => value == null || Number.isNaN(value);

function series({ color, kind, dash, width = 1.75, alpha = 1, join = false }) {
  const alone = (u, k) => u.data[k].filter(value => value !== null).length === 1; // no line, but a point
  const points = { show: join ? alone : false, size: 5, width: 0, fill: color };
  const line = { stroke: color, dash: DASHES[dash], width, alpha, spanGaps: join, points };
  switch (kind) {
    case "points":
      return { ...line, paths: () => null, points: { show: true, size: 8, width: 2, fill: "transparent" } };
    case "dotted":
      return { ...line, spanGaps: true, points: { ...points, show: true } };
    case "bars":
      return { ...line, width: 0, fill: `${color}99`, paths: uPlot.paths.bars({ size: [0.9, 100] }) };
    default:
      return line;
  }
}

// What stands before a curve's name in the legend.
function sample(curve) {
  if (["line", "dotted"].includes(curve.kind ?? "line")) return lineSample(curve);
  const shape =
    curve.kind === "points"
      ? `<circle cx="11" cy="5" r="3.5" fill="none" stroke="${curve.color}" stroke-width="2"/>`
      : `<rect x="6" y="0" width="10" height="10" fill="${curve.color}" fill-opacity="0.6"/>`;
  const span = h("span", { class: "nin-line" });
  span.innerHTML = `<svg width="22" height="10" aria-hidden="true">${shape}</svg>`;
  return span;
}

function multiples(min, max, increment) {
  const ticks = [];
  for (let k = Math.ceil(min / increment - 1e-9); k * increment <= max + 1e-9 * increment; k++) ticks.push(k * increment);
  return ticks;
}

// Every k-th of the ticks, so that at most `room` remain.
function thin(ticks, room) {
  const every = Math.ceil(ticks.length / Math.max(room, 2));
  return ticks.filter((_, i) => i % every === 0);
}
