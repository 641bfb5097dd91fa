// A uPlot chart over any abscissa, linear or logarithmic: curves, points and bars, with marks across it.
// createChart (chart.js) is for curves over the steps of a training; the two look alike.

import uPlot from "uplot";
import { axisOf, CURSOR, DASHES, DECADES, drawMarks, follow, lineSample, OPTIONS } from "./chart-parts.js";
import { format, h } from "./host.js";

// root: the explorer, whose text colour the chart takes; the caller places `element`.
// curves: [{ name, color, kind: "line" | "points" | "dotted" | "bars", dash }], name in words or as an element; a dotted line
// joins its points across places where it has no value.
// x: { log, ticks }: with log, places are logarithms of the values, and `ticks` lists the values to label.
// With logY, values are drawn as their decimal logarithms. What lies beyond an axis is drawn just outside of it.
export function createPlot(root, { title, xTitle, curves, x = {}, logY = false }) {
  const readings = curves.map(() => h("span", { class: "nin-reading" }));
  const entries = curves.map((curve, i) => h("span", {}, sample(curve), curve.name, readings[i]));
  const plot = h("div", { class: "nin-plot", role: "img" });
  const frame = [
    h("div", { class: "nin-title" }, title),
    h("div", { class: "nin-legend" }, ...entries),
    plot,
  ];
  const element = h("div", { class: "nin-chart" }, ...frame, h("div", { class: "nin-x-title" }, xTitle));

  const placeOf = value => (x.log ? Math.log10(value) : value);
  let [xRange, yRange] = [
    [0, 1],
    [0, 1],
  ];
  let values = curves.map(() => []);
  let marks = [];
  let fadeFrom = null;
  const axis = axisOf(root);
  const xTicks = x.ticks && {
    splits: u => thin(x.ticks, u.bbox.width / devicePixelRatio / 44).map(placeOf),
    values: (u, ticks) => ticks.map(place => plain(x.log ? 10 ** place : place)),
  };
  const uplot = new uPlot(
    {
      ...OPTIONS,
      cursor: CURSOR,
      scales: { x: { time: false, range: () => xRange }, y: { range: () => yRange } },
      axes: [
        { ...axis, size: 28, space: 60, values: (u, ticks) => ticks.map(plain), ...xTicks },
        { ...axis, size: logY ? 46 : 56, space: 26, ...(logY ? DECADES : { values: (u, ticks) => ticks.map(plain) }) },
      ],
      series: [{}, ...curves.map(series)],
      drawOrder: ["series", "axes"],
      hooks: { drawSeries: [drawFade], draw: [drawVisible], setCursor: [read] },
    },
    [[0, 1], ...curves.map(() => [null, null])],
    plot,
  );

  // Between the curves and the grid, which stays.
  function drawFade(u, drawn) {
    if (fadeFrom === null || drawn < curves.length) return;
    const { left, top, width, height } = u.bbox;
    const x = u.valToPos(placeOf(fadeFrom), "x", true);
    u.ctx.save();
    u.ctx.globalCompositeOperation = "destination-out"; // pale on any background
    u.ctx.fillStyle = "rgba(0,0,0,0.7)";
    u.ctx.fillRect(x, top, left + width - x, height);
    u.ctx.restore();
  }

  function drawVisible(u) {
    const placed = marks.map(({ at, text }) => ({ place: placeOf(at), text }));
    drawMarks(
      u,
      root,
      placed.filter(({ place }) => place >= xRange[0] && place <= xRange[1]),
    );
  }

  function read(u) {
    const i = u.cursor.idx;
    readings.forEach((reading, k) => {
      reading.textContent = i == null || !Number.isFinite(values[k][i]) ? "" : format(values[k][i]);
    });
  }

  return {
    element,
    // at: the abscissa; ys: for each curve its values there, null for none; ranges in places (logarithms with log);
    // marks: [{ at, text }]; fade: from where on the curves are pale; description: the chart in words.
    set({ at, ys, xRange: newX, yRange: newY, marks: newMarks = [], fade = null, description }) {
      [xRange, yRange, values, marks, fadeFrom] = [newX, newY, ys, newMarks, fade];
      const [below, above] = [yRange[0] - (yRange[1] - yRange[0]), yRange[1] + (yRange[1] - yRange[0])];
      const drawn = ys.map(values =>
        Array.from(values, value => {
          if (value === null || Number.isNaN(value)) return null;
          return Math.min(Math.max(logY ? Math.log10(value) : value, below), above);
        }),
      );
      uplot.setData([Array.from(at, placeOf), ...drawn]);
      read(uplot);
      if (plot.getAttribute("aria-label") !== description) plot.setAttribute("aria-label", description);
    },
    destroy: follow(uplot, plot, root),
  };
}

function series({ color, kind, dash }) {
  if (kind === "points") {
    return {
      stroke: color,
      paths: () => null,
      points: { show: true, size: 8, width: 2, fill: "transparent" },
    };
  }
  if (kind === "dotted") {
    const points = { show: true, size: 5, width: 0, fill: color };
    return { stroke: color, dash: DASHES[dash], width: 1.75, spanGaps: true, points };
  }
  if (kind === "bars")
    return {
      stroke: color,
      width: 0,
      fill: `${color}99`,
      paths: uPlot.paths.bars({ size: [0.9, 100] }),
      points: { show: false },
    };
  return { stroke: color, dash: DASHES[dash], width: 1.75, points: { show: false } };
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

// A number on an axis: 0.00125, −1000, 2.5e−4.
function plain(value) {
  const number = Number(value.toPrecision(6));
  return (Math.abs(number) < 1e-3 && number !== 0 ? number.toExponential() : String(number)).replaceAll("-", "−");
}

// Every k-th of the ticks, so that at most `room` remain.
function thin(ticks, room) {
  const every = Math.ceil(ticks.length / Math.max(room, 2));
  return ticks.filter((_, i) => i % every === 0);
}
