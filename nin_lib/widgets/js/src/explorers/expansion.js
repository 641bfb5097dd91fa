// Exact loss against the truncated series along W_NI, and how far the series helps.

import { createChart } from "../charts/chart.js";
import { log } from "../charts/ticks.js";
import { lossAlong, MAX_ORDER, meanSeries, means, seriesAlong, sigmas } from "../models/noise-series.js";
import { backButton, choice, slider } from "../ui/controls.js";
import { h, symbol } from "../ui/elements.js";
import { format } from "../ui/format.js";
import { onFrame } from "../ui/frames.js";
import { defineExplorer } from "../ui/host.js";
import { evaluate, helpInWords, limitsInWords, readSeries } from "./parts/series-summary.js";

const STATE = ["activation", "sigma_eps", "order"];
const [WEAKEST, STRONGEST] = [sigmas[0], sigmas[sigmas.length - 1]];
const LOG_SIGMA = log([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]);
const EPS = Float64Array.from({ length: 241 }, (_, i) => (i - 120) / 30); // -4 ... 4
const [EXACT, SERIES] = [palette.weights.w_ni, palette.weights.w1];
/** @type {[value: string, text: string][]} */
const ACTIVATIONS = [
  ["tanh", "tanh"],
  ["relu", "ReLU"],
];
/** @type {SettingRange} */
const SIGMA = { name: "sigma_eps", label: "injected noise", min: WEAKEST, max: STRONGEST, log: true };
/** @type {SettingRange} */
const ORDER = { name: "order", label: "series up to", min: 0, max: MAX_ORDER, step: 1, integer: true };

/** @typedef {ReturnType<typeof readSeries>} Settings */

/** @param {View} view */
function mount(view) {
  const { root, model, listen } = view;
  const controls = h("div", { class: "nin-controls" }, slider(view, SIGMA), slider(view, ORDER));
  const activation = choice(view, { name: "activation", label: "activation", options: ACTIVATIONS });
  const status = h("p", { class: "nin-status" });
  const [along, errors] = [createLossChart(view), createErrorChart(view)];
  root.append(
    controls,
    status,
    h("div", { class: "nin-charts" }, along.element, errors.element),
    h("div", { class: "nin-buttons" }, activation, backButton(view)),
  );
  function paint() {
    const settings = readSeries(model);
    const values = evaluate(settings);
    const limits = limitsInWords(settings, values);
    status.replaceChildren(...sentences(settings, values, limits));
    root.nin.expansion = {
      ...values,
      along: along.show(settings),
      errors: errors.show(settings, values.limit, limits),
      sigmas,
      eps: EPS,
    };
  }
  listen(STATE, onFrame(paint));
  paint();
}

/**
 * @param {Settings} settings
 * @param {ReturnType<typeof evaluate>} values
 * @param {string} limits
 */
function sentences(settings, values, limits) {
  const { clean, exact, series } = values;
  return [
    symbol("sigma_eps"),
    ` = ${format(settings.sigma)}, order ${settings.order}: `,
    `the noise takes the mean loss from ${format(clean)} to ${format(exact)}; the series gives `,
    h("strong", {}, format(series)),
    `.${helpInWords(settings, values)} ${limits}`,
  ];
}

/** @param {View} view */
function createLossChart(view) {
  const chart = createChart(view, {
    title: "Loss along the noise weights",
    at: "ε =",
    xTitle: "noise ε, the same for every sample",
    curves: [
      { name: "exact", color: EXACT, dash: "solid" },
      { name: "series", color: SERIES, dash: "dash" },
    ],
  });
  let exactOf = "";
  let exact = new Float64Array(0);
  return {
    element: chart.element,
    /**
     * Returns both curves.
     * @param {Settings} settings
     */
    show({ activation, order, sigma }) {
      if (exactOf !== activation) [exact, exactOf] = [EPS.map(eps => lossAlong(activation, eps)), activation];
      const series = EPS.map(eps => seriesAlong(activation, order, eps));
      chart.set({
        at: EPS,
        ys: [exact, series],
        xRange: [-4, 4],
        yRange: [0, activation === "relu" ? 2.4 : 1.2],
        marks: [
          { at: -sigma, text: "−σ" },
          { at: sigma, text: "σ" },
        ],
        description: `Batch loss of the ${activation} network for noise from −4 to 4 along W_NI, exact and by the series of order ${order}.`,
      });
      return [exact, series];
    },
  };
}

/** @param {View} view */
function createErrorChart(view) {
  const chart = createChart(view, {
    title: "Error of the mean loss",
    at: "σ =",
    xTitle: "standard deviation of the noise",
    curves: [
      { name: "series", color: SERIES, dash: "dash" },
      { name: "noise left out", color: palette.weights.w0, dash: "dot" },
    ],
    logY: true,
  });
  return {
    element: chart.element,
    /**
     * Returns both curves.
     * @param {Settings} settings
     * @param {number} limit
     * @param {string} limits
     */
    show({ activation, order, sigma }, limit, limits) {
      const exact = means(activation);
      const ys = [order, 0].map(k =>
        exact.map((value, i) => Math.abs(meanSeries(activation, k, sigmas[i]) - value)),
      );
      const end = Number.isFinite(limit) ? [{ at: limit, text: "stops helping" }] : [];
      chart.set({
        at: sigmas,
        x: LOG_SIGMA,
        ys,
        xRange: [Math.log10(WEAKEST), Math.log10(STRONGEST)],
        yRange: [-9, 1],
        marks: [{ at: sigma, text: "σ" }, ...end],
        description: `Error of the mean loss by the series of order ${order}, for noise of 0.02 to 5. ${limits}`,
      });
      return ys;
    },
  };
}

export const { render, mountAll } = defineExplorer(
  "expansion",
  "Explorer: the loss as a series in the noise",
  mount,
);
