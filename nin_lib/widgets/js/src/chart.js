// A uPlot chart of curves over steps, as the explorers need it.

import uPlot from "uplot";
import { axisOf, CURSOR, DASHES, DECADES, drawMarks, follow, lineSample, OPTIONS } from "./chart-parts.js";
import { format, h, symbol } from "./host.js";

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
  let range = [0, 1];
  let steps = { log: false, at: [] };
  let values = curves.map(() => []);
  let marks = [];
  let end = null;
  const axis = axisOf(root);
  const uplot = new uPlot(
    {
      ...OPTIONS,
      cursor: { ...CURSOR, sync: sync && { key: sync } },
      scales: { x: { time: false, range: (u, min, max) => [min, max] }, y: { range: () => range } },
      axes: [
        { ...axis, size: 28, space: 60, splits: stepTicks, values: (u, ticks) => ticks.map(stepAt) },
        { ...axis, size: 46, space: 26, ...(log && DECADES) },
      ],
      series: [
        {},
        ...curves.map(c => ({ stroke: c.color, dash: DASHES[c.dash], width: 1.75, points: { show: false } })),
      ],
      hooks: { draw: [drawEnd], setCursor: [read] },
    },
    [[0, 1], ...curves.map(() => [null, null])],
    plot,
  );

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

  // A shade from the step at which the curves end, and the marks.
  function drawEnd(u) {
    if (end !== null) {
      const { left, top, width, height } = u.bbox;
      const x = u.valToPos(placeOf(end.step), "x", true);
      u.ctx.save();
      u.ctx.fillStyle = end.color;
      u.ctx.globalAlpha = 0.14;
      u.ctx.fillRect(x, top, left + width - x, height);
      u.ctx.restore();
    }
    const shown = end === null ? marks : [end];
    drawMarks(
      u,
      root,
      shown.map(({ step, text }) => ({ place: placeOf(step), text })),
    );
  }

  function read(u) {
    const i = u.cursor.idx;
    readings.forEach((reading, k) => {
      const text = i == null || !(i in values[k]) ? "" : format(values[k][i]);
      if (reading.textContent !== text) reading.textContent = text;
    });
  }

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
    destroy: follow(uplot, plot, root),
  };
}
