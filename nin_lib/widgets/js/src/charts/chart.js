// A uPlot chart: curves, points and bars over any abscissa, linear or logarithmic, with marks across it.

import uPlot from "uplot";
import { h } from "../ui/elements.js";
import { format, plain } from "../ui/format.js";
import { onPage } from "../ui/theme.js";
import { axisOf, DASHES, drawMarks, drawName, onceSized } from "./chart-parts.js";
import { createGhosts } from "./ghosts.js";
import { createLegend, legendOf, textOf } from "./legend.js";
import { decadeLabels, decadeSplits, labelsOf, LINEAR, splitsOf } from "./ticks.js";
import { drawnValues, valueAt } from "./values.js";

/** @type {Pick<Shown, "marks" | "fade" | "end" | "until">} */
const BARE = { marks: [], fade: null, end: null, until: Infinity };

/**
 * A chart in the explorer of this view; the caller places `element`. `at` is what the abscissa counts, which a reading names.
 * With logY, values are drawn as their logarithms. `sync` names a group of charts whose crosshairs move together.
 * @param {View} view
 * @param {{ title: string, at: string, xTitle?: string, curves: Curve[], logY?: boolean, sync?: string }} options
 * @returns {Chart}
 */
export function createChart(view, { title, at, xTitle, curves, logY = false, sync }) {
  const legend = createLegend(curves);
  const where = h("span", { class: "nin-reading" });
  const plot = h("div", { class: "nin-plot", role: "img", "aria-label": title }); // until it shows something
  /** @type {Shown} */
  const shown = {
    at: [0, 1],
    x: LINEAR,
    places: [0, 1],
    xRange: [0, 1],
    yRange: [0, 1],
    ys: curves.map(() => []),
    ...BARE,
  };
  const read = (/** @type {uPlot} */ u) => {
    legend.read(u.cursor.idx, shown.ys);
    const value = valueAt(shown.at, u.cursor.idx, false);
    where.textContent =
      value === null ? "" : `${at} ${Number.isInteger(value) ? plain(value) : format(value)}`;
  };
  /** @returns {uPlot.AlignedData} */
  const drawn = () => [shown.places, ...shown.ys.map(y => drawnValues(y, shown.at, { ...shown, logY }))];
  const ghosts = createGhosts(curves, logY);
  const chart = onceSized(view, plot, size => {
    const options = optionsOf(view.root, shown, { curves, logY, sync });
    const hooks = hooksOf(view.root, shown, { count: curves.length, logY, name: xTitle ? "" : at, read });
    const drawClear = [(/** @type {uPlot} */ u) => ghosts.draw(u, view.root, shown)];
    return new uPlot({ ...size, ...options, hooks: { ...hooks, drawClear } }, drawn(), plot);
  });
  const element = frame([title, where], xTitle, legend.element, plot);
  view.charts.push({
    title,
    data: () => dataOf({ title, at, curves }, shown),
    legend: () => [...legendOf(view.root, curves, shown.ys), ...ghosts.named(view.root)],
    canvas: () => plot.querySelector("canvas"),
    ...ghosts.keeping(shown, () => chart()?.redraw(false)),
  });
  return {
    element,
    set({ description, ...next }) {
      update(shown, next);
      legend.show(shown.ys);
      const uplot = chart();
      if (uplot) {
        uplot.setData(drawn());
        read(uplot);
      }
      if (plot.getAttribute("aria-label") !== description) plot.setAttribute("aria-label", description);
    },
  };
}

/**
 * The chart's element: its title, its legend, and the plot.
 * @param {(string | Element)[]} title
 * @param {string | undefined} xTitle
 * @param {Element} legend
 * @param {Element} plot
 */
function frame(title, xTitle, legend, plot) {
  return h(
    "div",
    { class: "nin-chart" },
    h("div", { class: "nin-title" }, ...title),
    legend,
    plot,
    ...(xTitle ? [h("div", { class: "nin-x-title" }, xTitle)] : []),
  );
}

/**
 * The values in a chart. Curves that the legend leaves out are further runs of the one before, and called so.
 * @param {{ title: string, at: string, curves: Curve[] }} chart
 * @param {Shown} shown
 * @returns {ChartTaken}
 */
function dataOf({ title, at, curves }, shown) {
  let [last, count] = ["", 0];
  const named = curves.map((curve, k) => {
    const text = textOf(curve);
    [last, count] = text ? [text, 1] : [last, count + 1];
    return { name: count > 1 ? `${last} ${count}` : last, values: shown.ys[k] };
  });
  return { title, at: { name: at.replace(/ =$/, ""), values: shown.at }, curves: named };
}

/**
 * @param {Element} root
 * @param {Shown} shown
 * @param {{ curves: Curve[], logY: boolean, sync?: string }} options
 */
function optionsOf(root, shown, { curves, logY, sync }) {
  const axis = axisOf(root);
  /** @type {uPlot.Axis} */
  const xAxis = {
    splits: (u, _, min, max, increment) =>
      splitsOf(shown.x, u.bbox.width / devicePixelRatio, min, max, increment),
    values: (_, places) => labelsOf(shown.x, places),
  };
  /** @type {uPlot.Axis} */
  const yAxis = logY
    ? { splits: (_, __, min, max) => decadeSplits(min, max), values: (_, places) => decadeLabels(places) }
    : { values: (_, places) => places.map(plain) };
  /** @type {Omit<uPlot.Options, "width" | "height">} */
  const options = {
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: false, y: false },
      points: { show: false },
      y: false,
      ...(sync && { sync: { key: sync } }),
    },
    scales: { x: { time: false, range: () => shown.xRange }, y: { range: () => shown.yRange } },
    axes: [
      { ...axis, size: 28, space: 60, ...xAxis },
      { ...axis, size: logY ? 46 : 56, space: 26, ...yAxis },
    ],
    series: [{}, ...curves.map(curve => seriesOf(root, curve))],
    drawOrder: /** @type {any[]} */ (["series", "axes"]),
  };
  return options;
}

/**
 * What is drawn besides the curves: the fade after the last of them, between the curves and the grid, which stays; and, over
 * all, the end and the marks.
 * @param {Element} root
 * @param {Shown} shown
 * @param {{ count: number, logY: boolean, name: string, read: (u: uPlot) => void }} chart how many curves it has, and the name
 *   of its abscissa unless it has a title
 * @returns {uPlot.Hooks.Arrays}
 */
function hooksOf(root, shown, { count, logY, name, read }) {
  /** @type {(u: uPlot, value: number, style: Partial<CanvasRenderingContext2D>) => void} */
  function fillFrom(u, value, style) {
    const { left, top, width, height } = u.bbox;
    const from = u.valToPos(shown.x.place(value), "x", true);
    u.ctx.save();
    Object.assign(u.ctx, style);
    u.ctx.fillRect(from, top, left + width - from, height);
    u.ctx.restore();
  }
  /** @type {(u: uPlot, drawn: number) => void} */
  function drawFade(u, drawn) {
    if (shown.fade === null || drawn < count) return;
    // pale on any background
    fillFrom(u, shown.fade, { globalCompositeOperation: "destination-out", fillStyle: "rgba(0,0,0,0.7)" });
  }
  /** @type {(u: uPlot) => void} */
  function drawVisible(u) {
    const { end, marks, x, xRange } = shown;
    drawName(u, root, name);
    if (end) fillFrom(u, end.at, { fillStyle: end.color, globalAlpha: 0.14 });
    const placed = [...marks, ...(end ? [end] : [])].map(({ at, text, value = null }) => ({
      place: x.place(at),
      text,
      height: value !== null && logY ? Math.log10(value) : value,
    }));
    drawMarks(
      u,
      root,
      placed.filter(({ place }) => place >= xRange[0] && place <= xRange[1]),
    );
  }
  return { drawSeries: [drawFade], draw: [drawVisible], setCursor: [read] };
}

/**
 * Takes over what is to be shown; the places of many values are computed only where they are others.
 * @param {Shown} shown
 * @param {Omit<Shows, "description">} next
 */
function update(shown, { at, x = LINEAR, xRange, ...next }) {
  if (shown.at !== at || shown.x !== x) Object.assign(shown, { at, x, places: Array.from(at, x.place) });
  const ends = [shown.places[0], shown.places[shown.places.length - 1]];
  Object.assign(shown, BARE, next, { xRange: xRange ?? ends });
}

/**
 * @param {Element} root
 * @param {Curve} curve
 * @returns {uPlot.Series}
 */
function seriesOf(root, { color: own, kind, dash = "solid", width = 1.75, alpha = 1, join = false }) {
  const color = () => onPage(root, own);
  // no line, but a point
  const alone = (/** @type {uPlot} */ u, /** @type {number} */ k) =>
    Array.from(u.data[k]).filter(value => value !== null).length === 1;
  const points = { show: join ? alone : false, size: 5, width: 0, fill: color };
  const line = { stroke: color, dash: DASHES[dash], width, alpha, spanGaps: join, points };
  switch (kind) {
    case "points":
      return { ...line, paths: () => null, points: { show: true, size: 8, width: 2, fill: "transparent" } };
    case "dotted":
      return { ...line, spanGaps: true, points: { ...points, show: true } };
    case "bars":
      return {
        ...line,
        width: 0,
        fill: () => `${color()}99`,
        paths: uPlot.paths.bars?.({ size: [0.9, 100] }),
      };
    default:
      return line;
  }
}
