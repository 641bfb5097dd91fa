// The bar of phases over one parameter, with the boundaries between them as ticks below it.

import { bindSlider, scaleOf } from "../ui/controls.js";
import { format, h, symbol } from "../ui/host.js";
import { PHASES, swatch } from "../ui/phases.js";
/* global palette */

const ROW = 16; // height of a tick's label, as in style.css
const measure = document.createElement("canvas").getContext("2d");
const textWidth = text => {
  measure.font = "12px system-ui, sans-serif";
  return measure.measureText(text).width;
};

// options: those of the slider; ticks: the names of the boundaries; source: what says where they are.
export function createBand(model, options, ticks, source = "theory") {
  const { name, min, max } = options;
  const { place } = scaleOf(options);

  const canvas = h("canvas", { height: 1, "aria-hidden": "true" });
  const input = h("input", { "aria-label": `${name} on the band of phases` });
  const here = h("div", { class: "nin-here" });
  const band = h("div", { class: "nin-band" }, canvas, input, here);
  const names = PHASES.map(phase => h("span", { hidden: "" }, swatch(phase), phase));
  const flags = ticks.map(() => h("span", { hidden: "" }));
  const poles = ticks.map(() => h("i", { hidden: "" }));
  const ticksBox = h("div", { class: "nin-ticks" }, h("b", {}, source), ...poles, ...flags);
  const regions = h("div", { class: "nin-regions", "aria-hidden": "true" }, ...names);
  const unbind = bindSlider(input, model, options);

  let width = 0;
  const mark = () => {
    here.style.transform = `translateX(${width * Math.min(Math.max(place(model.get(name)), 0), 1)}px)`;
  };
  model.on(`change:${name}`, mark);

  let phases = null;
  let boundaries = ticks.map(() => NaN);
  const observer = new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    mark();
    layNames();
    layTicks();
  });
  observer.observe(band);

  // Each phase's name above the middle of its longest run, as far as there is room; from the right, where runs are short.
  function layNames() {
    if (!phases) return;
    const runs = longestRuns(phases);
    let edge = width;
    names.forEach(node => {
      node.hidden = true;
    });
    for (const [phase, [from, to]] of runs.sort((a, b) => b[1][0] - a[1][0])) {
      const half = (textWidth(PHASES[phase]) + 14) / 2;
      const middle = (width * (from + to)) / 2 / phases.length;
      const x = Math.min(Math.max(middle, half), edge - half);
      names[phase].style.transform = `translateX(${x - half}px)`;
      names[phase].hidden = x < half;
      edge = x - half - 8;
    }
  }

  // A label ends at its tick's line, as a flag at its pole; where poles are close, the flag of the next one hangs lower.
  function layTicks() {
    const placed = [];
    const order = boundaries.map((value, k) => [value, k]).sort(([a], [b]) => a - b);
    for (const [value, k] of order) {
      const shown = value > min && value < max;
      flags[k].hidden = poles[k].hidden = !shown;
      if (!shown) continue;
      const text = `${ticks[k]} ${format(value)}`;
      const size = textWidth(text) + 8;
      const x = place(value) * width;
      const from = x < size ? x : x - size; // right of the pole where there is no room on its left
      let row = 0;
      for (const other of placed)
        if (other.to > from && other.from < from + size) row = Math.max(row, other.row + 1);
      placed.push({ from, to: from + size, row });
      flags[k].textContent = text;
      flags[k].style.transform = `translate(${from}px, ${row * ROW + 3}px)`;
      poles[k].style.transform = `translateX(${x}px)`;
      poles[k].style.height = `${(row + 1) * ROW}px`;
    }
  }

  return {
    element: h("div", {}, regions, band, ticksBox),
    // One phase for each of the evenly spaced positions of the slider.
    showPhases(newPhases) {
      phases = newPhases;
      canvas.width = phases.length;
      const context = canvas.getContext("2d");
      phases.forEach((phase, i) => {
        context.fillStyle = palette.phases[PHASES[phase]];
        context.fillRect(i, 0, 1, 1);
      });
      layNames();
    },
    // One value for each of the ticks.
    showTicks(values) {
      boundaries = values;
      layTicks();
    },
    destroy() {
      unbind();
      observer.disconnect();
      model.off(`change:${name}`, mark);
    },
  };
}

// [[phase, [from, to]], ...]: the longest run of each phase that occurs.
function longestRuns(phases) {
  const longest = new Map();
  for (let from = 0, i = 1; i <= phases.length; i++) {
    if (i < phases.length && phases[i] === phases[from]) continue;
    const [known, end] = longest.get(phases[from]) ?? [0, 0];
    if (i - from > end - known) longest.set(phases[from], [from, i]);
    from = i;
  }
  return [...longest];
}
