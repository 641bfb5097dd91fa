// The bar of phases over one parameter, with the theory's boundaries as ticks below it.

import { bindSlider } from "./controls.js";
import { format, h, symbol } from "./host.js";
import { PHASES } from "./linear-model.js";
/* global palette */

// options: those of the slider, with log: true; cells: how many values of the parameter the bar shows.
export function createBand(root, model, options) {
  const { name, min, max } = options;
  const [low, high] = [Math.log10(min), Math.log10(max)];
  const place = value => (100 * (Math.log10(value) - low)) / (high - low);

  const canvas = h("canvas", { height: 1, "aria-hidden": "true" });
  const input = h("input", { "aria-label": `${name} on the band of phases` });
  const here = h("div", { class: "nin-here" });
  const regions = h("div", { class: "nin-regions", "aria-hidden": "true" });
  const ticks = h("div", { class: "nin-ticks" });
  root.append(regions, h("div", { class: "nin-band" }, canvas, input, here), ticks);
  const end = bindSlider(input, model, options);

  const mark = () => {
    here.style.left = `${Math.min(Math.max(place(model.get(name)), 0), 100)}%`;
  };
  model.on(`change:${name}`, mark);
  mark();

  return {
    showPhases(phases) {
      canvas.width = phases.length;
      const context = canvas.getContext("2d");
      phases.forEach((phase, i) => {
        context.fillStyle = palette.phases[PHASES[phase]];
        context.fillRect(i, 0, 1, 1);
      });
      nameRegions(regions, phases);
    },
    // boundaries: [[label, value]]
    showTicks(boundaries) {
      const shown = boundaries.filter(([, value]) => value > min && value < max).sort((a, b) => a[1] - b[1]);
      layTicks(ticks, shown.map(([label, value]) => ({ text: `${label} ${format(value)}`, at: place(value) / 100 })));
    },
    destroy() {
      end();
      model.off(`change:${name}`, mark);
    },
  };
}

// A square of a phase's colour, to stand before its name.
export function swatch(phase) {
  return h("span", { class: "nin-swatch", style: `background: ${palette.phases[phase]}`, "aria-hidden": "true" });
}

// Each phase's name above the middle of its longest run, as far as there is room.
function nameRegions(regions, phases) {
  const longest = new Map();
  for (let from = 0, i = 1; i <= phases.length; i++) {
    if (i < phases.length && phases[i] === phases[from]) continue;
    const known = longest.get(phases[from]);
    if (!known || i - from > known.to - known.from) longest.set(phases[from], { from, to: i });
    from = i;
  }
  const width = regions.clientWidth;
  const labels = [...longest].sort((a, b) => a[1].from - b[1].from);
  const spans = labels.map(([phase]) => h("span", {}, swatch(PHASES[phase]), PHASES[phase]));
  regions.replaceChildren(...spans);
  // From the right, where the narrow ones are.
  const sizes = spans.map(span => span.offsetWidth);
  let edge = width;
  for (let k = spans.length - 1; k >= 0; k--) {
    const { from, to } = labels[k][1];
    const half = sizes[k] / 2;
    const middle = (width * (from + to)) / 2 / phases.length;
    const x = Math.min(Math.max(middle, half), edge - half);
    spans[k].style.left = `${x}px`;
    spans[k].hidden = x < half;
    edge = x - half - 8;
  }
}

// A label ends at its tick's line, as a flag at its pole; where poles are close, the flag of the next one hangs lower.
function layTicks(box, ticks) {
  const ROW = 16;
  const width = box.clientWidth;
  const flags = ticks.map(({ text }) => h("span", {}, text));
  const poles = ticks.map(() => h("i"));
  box.replaceChildren(h("b", {}, "theory"), ...poles, ...flags);
  const sizes = flags.map(flag => flag.offsetWidth);
  const placed = [];
  ticks.forEach(({ at }, k) => {
    const x = at * width;
    const right = x < sizes[k]; // no room on the left
    const [from, to] = right ? [x, x + sizes[k]] : [x - sizes[k], x];
    let row = 0;
    for (const other of placed) if (other.to > from && other.from < to) row = Math.max(row, other.row + 1);
    placed.push({ from, to, row });
    Object.assign(flags[k].style, { left: `${from}px`, top: `${row * ROW + 3}px` });
    Object.assign(poles[k].style, { left: `${x}px`, height: `${row * ROW + 16}px` });
  });
  const rows = Math.max(3, ...placed.map(({ row }) => row + 1));
  box.style.height = `${rows * ROW + 4}px`;
}
