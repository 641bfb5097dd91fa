// The histogram of <q eps^n>_B against Theorem 1, and its standard deviation over the batch size.

import { createChart } from "../charts/chart.js";
import { log } from "../charts/ticks.js";
import { predict } from "../models/batch-average.js";
import { backButton, choice, seedButton, slider } from "../ui/controls.js";
import { h, symbol } from "../ui/elements.js";
import { format } from "../ui/format.js";
import { onFrame } from "../ui/frames.js";
import { defineExplorer } from "../ui/host.js";
import {
  createAverages,
  densities,
  LARGEST,
  NAMES,
  readAverage,
  SMALLEST,
  warning,
} from "./parts/average-summary.js";

const STATE = ["distribution", "power", "batch_size", "seed"];
const LOG_SIZE = log(sampling.sizes);
const [MEASURED, PREDICTED] = [palette.weights.w_ni, palette.weights.w1];
/** @type {SettingRange} */
const POWER = { name: "power", label: "noise to the", min: 1, max: 6, step: 1, integer: true };
/** @type {SettingRange} */
const SIZE = {
  name: "batch_size",
  label: "batch size",
  min: SMALLEST,
  max: LARGEST,
  log: true,
  integer: true,
};

/** @typedef {import("./parts/average-summary.js").AverageSettings} Settings */
/** @typedef {import("./parts/average-summary.js").Averages} Averages */

/** @param {View} view */
function mount(view) {
  const { root, model, listen } = view;
  const controls = h("div", { class: "nin-controls" }, slider(view, POWER), slider(view, SIZE));
  const status = h("p", { class: "nin-status" });
  const [distribution, scaling] = [createHistogram(view), createScaling(view)];
  const options = Object.keys(noises).map(name => /** @type {[string, string]} */ ([name, NAMES[name]]));
  const buttons = h(
    "div",
    { class: "nin-buttons" },
    choice(view, { name: "distribution", label: "noise", options }),
    seedButton(view, "New samples"),
    backButton(view),
  );
  root.append(
    controls,
    status,
    h("div", { class: "nin-charts" }, distribution.element, scaling.element),
    buttons,
  );
  const average = createAverages();
  function paint() {
    const settings = readAverage(model);
    const measured = average(settings);
    status.replaceChildren(...sentences(settings, measured));
    const density = distribution.show(measured);
    scaling.show(settings, measured);
    root.nin.batchAverage = { ...measured, density };
  }
  listen(STATE, onFrame(paint));
  paint();
}

/**
 * @param {Settings} settings
 * @param {Averages} measured
 */
function sentences({ name, power, size }, { mean, deviation, exponent, expected }) {
  const applies = expected.mean !== null;
  const falls = `It falls as |ℬ| to the power ${exponent.toFixed(2).replace("-", "−")}. `;
  return [
    `${NAMES[name][0].toUpperCase()}${NAMES[name].slice(1)} noise, n = ${power}, `,
    symbol("batch_size"),
    ` = ${size}: mean ${format(mean)}`,
    applies ? ` (predicted ${format(expected.mean)})` : "",
    ", standard deviation ",
    h("strong", {}, format(deviation)),
    applies ? ` (predicted ${format(expected.deviation)})` : "",
    `. ${applies ? falls : ""}${warning(expected)}`,
  ];
}

/** @param {View} view */
function createHistogram(view) {
  const chart = createChart(view, {
    title: "Distribution of the batch average",
    at: "at",
    xTitle: "average of q εⁿ over a batch",
    curves: [
      { name: "measured", color: MEASURED, kind: "bars" },
      { name: "normal, as predicted", color: PREDICTED, dash: "dash" },
    ],
  });
  return {
    element: chart.element,
    /**
     * Returns the density.
     * @param {Averages} measured
     */
    show(measured) {
      const { averages, expected } = measured;
      const { center, deviation, lo, hi, at, bell, density } = densities(measured);
      const marks = [
        { at: center, text: "mean" },
        { at: center + deviation, text: "+ deviation" },
      ];
      const applies = expected.mean !== null;
      chart.set({
        at,
        ys: [density, applies ? bell : Array.from(at, () => null)],
        xRange: [lo, hi],
        yRange: [0, 1.15 * Math.max(...bell, ...density)],
        marks: applies ? marks : [],
        description: `Histogram of ${averages.length} batch averages, from ${format(lo)} to ${format(hi)}. ${warning(expected)}`,
      });
      return density;
    },
  };
}

/** @param {View} view */
function createScaling(view) {
  const chart = createChart(view, {
    title: "Standard deviation over the batch size",
    at: "|ℬ| =",
    xTitle: "batch size |ℬ|",
    curves: [
      { name: "measured", color: MEASURED, kind: "points" },
      { name: "Theorem 1, corrected", color: PREDICTED, dash: "dash" },
    ],
    logY: true,
  });
  return {
    element: chart.element,
    /**
     * @param {Settings} settings
     * @param {Averages} measured
     */
    show({ name, power, size }, { deviations, exponent, expected }) {
      const line = sampling.sizes.map(b => predict(name, power, b).deviation);
      const logs = [...deviations, ...(expected.mean === null ? [] : line)].map(y => Math.log10(Number(y)));
      chart.set({
        at: sampling.sizes,
        x: LOG_SIZE,
        ys: [deviations, line],
        xRange: [Math.log10(SMALLEST / 1.3), Math.log10(LARGEST * 1.3)],
        yRange: [Math.floor(4 * Math.min(...logs)) / 4 - 0.1, Math.ceil(4 * Math.max(...logs)) / 4 + 0.1],
        marks: [{ at: size, text: "|ℬ|" }],
        description: `Standard deviation of the batch average for batches of ${SMALLEST} to ${LARGEST}: it falls as |ℬ| to the power ${exponent.toFixed(2)}.`,
      });
    },
  };
}

export const { render, mountAll } = defineExplorer("batch-average", "Explorer: averages over a batch", mount);
