// The bar of phases over one setting, with its scale below and the boundaries between the phases as lines across it.

import { dragSetting } from "../ui/controls.js";
import { h } from "../ui/elements.js";
import { format, plain } from "../ui/format.js";
import { PHASES, swatch } from "../ui/phases.js";
import { scaleOf, within } from "../ui/scale.js";
import { labelPlaces, namePlaces } from "./band-layout.js";
import { lineSample, poleSample } from "./chart-parts.js";
import { ticksOf } from "./map-geometry.js";

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
 * @param {{ text: string, dash: string }[]} [boundaries] what theory says of the phases, if it says something
 */
export function createBand(view, range, boundaries = []) {
  const { model, listen, own } = view;
  const { place } = scaleOf(range);
  const canvas = h("canvas", { height: 1, "aria-hidden": "true" });
  const here = h("div", { class: "nin-here" });
  const names = createNames();
  const scale = createScale(range);
  const theory = createTheory(boundaries, place);
  const band = h("div", { class: "nin-band" }, canvas, ...theory.poles, here);
  dragSetting(view, band, range, 0);

  let width = 0;
  const mark = () => {
    here.style.transform = `translateX(${width * within(place(model.get(range.name)))}px)`;
  };
  listen([range.name], mark);
  const observer = new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    mark();
    names.lay(width);
    scale.lay(width);
    theory.lay(width);
  });
  observer.observe(band);
  own(() => observer.disconnect());

  return {
    element: h("div", {}, names.element, band, scale.element, ...theory.key),
    /**
     * One phase for each of the evenly spaced positions of the slider, -1 where none is known.
     * @param {ArrayLike<number>} phases
     */
    showPhases(phases) {
      paint(canvas, phases);
      names.show(phases);
      names.lay(width);
    },
    /**
     * One value for each of the boundaries.
     * @param {number[]} values
     */
    showBoundaries(values) {
      theory.show(values);
      theory.lay(width);
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} phases
 */
function paint(canvas, phases) {
  canvas.width = phases.length; // which empties it
  const context = canvas.getContext("2d");
  if (!context) return;
  Array.from(phases, (phase, i) => {
    if (phase < 0) return;
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
 * The values below the band: round ones, or the stops of the slider.
 * @param {SettingRange} range
 */
function createScale(range) {
  const values = range.stops ?? ticksOf(range, 12);
  const texts = values.map(value => plain(Number(value.toPrecision(3))));
  const labels = texts.map(text => h("span", { hidden: "" }, text));
  const { place } = scaleOf(range);
  return {
    element: h("div", { class: "nin-scale", "aria-hidden": "true" }, ...labels),
    /** @param {number} width */
    lay(width) {
      const widths = texts.map(text => textWidth(text) + 6);
      labelPlaces(values.map(place), width, widths).forEach((x, k) => {
        labels[k].hidden = x === null;
        if (x !== null)
          Object.assign(labels[k].style, { transform: `translateX(${x}px)`, width: `${widths[k]}px` });
      });
    },
  };
}

/**
 * The boundaries as lines across the band, and a key that names them with their values.
 * @param {{ text: string, dash: string }[]} boundaries
 * @param {(value: number) => number} place
 */
function createTheory(boundaries, place) {
  const poles = boundaries.map(({ dash }) => h("i", { hidden: "", "aria-hidden": "true" }, poleSample(dash)));
  const texts = boundaries.map(() => new Text());
  const samples = boundaries.map(({ dash }, k) =>
    h("span", {}, lineSample({ color: "currentColor", dash }), texts[k]),
  );
  let values = boundaries.map(() => NaN);
  return {
    poles,
    key: samples.length > 0 ? [h("div", { class: "nin-legend nin-theory" }, "theory:", ...samples)] : [],
    /** @param {number[]} newValues */
    show(newValues) {
      values = newValues;
      boundaries.forEach(({ text }, k) => {
        texts[k].data = `${text} ${format(values[k])}`;
      });
    },
    /** @param {number} width */
    lay(width) {
      values.map(place).forEach((at, k) => {
        poles[k].hidden = !(at > 0 && at < 1);
        poles[k].style.transform = `translateX(${at * width}px)`;
      });
    },
  };
}
