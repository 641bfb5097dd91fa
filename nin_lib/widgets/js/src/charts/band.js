// The bar of phases over one setting, with the boundaries between them as ticks below it.

import { bindSlider } from "../ui/controls.js";
import { h } from "../ui/elements.js";
import { format } from "../ui/format.js";
import { PHASES, swatch } from "../ui/phases.js";
import { scaleOf, within } from "../ui/scale.js";
import { namePlaces, tickPlaces } from "./band-layout.js";

const ROW = 16; // height of a tick's label, as in style.css
const measure = document.createElement("canvas").getContext("2d");
/** @param {string} text */
function textWidth(text) {
  if (!measure) return 0;
  measure.font = "12px system-ui, sans-serif";
  return measure.measureText(text).width;
}

/**
 * @param {View} view
 * @param {SettingRange} range that of the slider
 * @param {string[]} ticks the names of the boundaries
 * @param {string} source what says where they are
 */
export function createBand(view, range, ticks, source = "theory") {
  const { model, listen, own } = view;
  const { place } = scaleOf(range);
  const canvas = h("canvas", { height: 1, "aria-hidden": "true" });
  const input = h("input", { tabindex: "-1", "aria-hidden": "true" }); // for the pointer: the keys have the slider above
  bindSlider(view, input, range);
  const here = h("div", { class: "nin-here" });
  const band = h("div", { class: "nin-band" }, canvas, input, here);
  const names = createNames();
  const flags = createTicks(ticks, source, place);

  let width = 0;
  const mark = () => {
    here.style.transform = `translateX(${width * within(place(model.get(range.name)))}px)`;
  };
  listen([range.name], mark);
  const observer = new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    mark();
    names.lay(width);
    flags.lay(width);
  });
  observer.observe(band);
  own(() => observer.disconnect());

  return {
    element: h("div", {}, names.element, band, flags.element),
    /**
     * One phase for each of the evenly spaced positions of the slider.
     * @param {ArrayLike<number>} phases
     */
    showPhases(phases) {
      paint(canvas, phases);
      names.show(phases);
      names.lay(width);
    },
    /**
     * One value for each of the ticks.
     * @param {number[]} values
     */
    showTicks(values) {
      flags.show(values);
      flags.lay(width);
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} phases
 */
function paint(canvas, phases) {
  canvas.width = phases.length;
  const context = canvas.getContext("2d");
  if (!context) return;
  Array.from(phases, (phase, i) => {
    context.fillStyle = palette.phases[PHASES[phase]];
    context.fillRect(i, 0, 1, 1);
  });
}

// The names of the phases above the band.
function createNames() {
  const names = PHASES.map(phase => h("span", { hidden: "" }, swatch(phase), phase));
  /** @type {ArrayLike<number>} */
  let phases = [];
  return {
    element: h("div", { class: "nin-regions", "aria-hidden": "true" }, ...names),
    /** @param {ArrayLike<number>} newPhases */
    show(newPhases) {
      phases = newPhases;
    },
    /** @param {number} width */
    lay(width) {
      const widths = PHASES.map(phase => textWidth(phase) + 14);
      namePlaces(phases, width, widths).forEach((x, k) => {
        names[k].hidden = x === null;
        if (x !== null) names[k].style.transform = `translateX(${x}px)`;
      });
    },
  };
}

/**
 * The ticks below the band: a label is the flag at its pole.
 * @param {string[]} ticks
 * @param {string} source
 * @param {(value: number) => number} place
 */
function createTicks(ticks, source, place) {
  const flags = ticks.map(() => h("span", { hidden: "" }));
  const poles = ticks.map(() => h("i", { hidden: "" }));
  let values = ticks.map(() => NaN);
  return {
    element: h("div", { class: "nin-ticks" }, h("b", {}, source), ...poles, ...flags),
    /** @param {number[]} newValues */
    show(newValues) {
      values = newValues;
    },
    /** @param {number} width */
    lay(width) {
      const texts = ticks.map((tick, k) => `${tick} ${format(values[k])}`);
      const widths = texts.map(text => textWidth(text) + 8);
      tickPlaces(values.map(place), width, widths).forEach((tick, k) => {
        flags[k].hidden = poles[k].hidden = tick === null;
        if (tick === null) return;
        flags[k].textContent = texts[k];
        flags[k].style.transform = `translate(${tick.from}px, ${tick.row * ROW + 3}px)`;
        poles[k].style.transform = `translateX(${tick.x}px)`;
        poles[k].style.height = `${(tick.row + 1) * ROW}px`;
      });
    },
  };
}
