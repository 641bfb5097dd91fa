// Exact loss against the truncated series along W_NI, and how far the series helps.

import { createChart, log } from "../charts/chart.js";
import { choice } from "../ui/choice.js";
import { backButton, slider } from "../ui/controls.js";
import { defineExplorer, format, h, onFrame, symbol } from "../ui/host.js";
import {
  bestOrder,
  helpsUpTo,
  lossAlong,
  MAX_ORDER,
  meanLoss,
  meanSeries,
  means,
  seriesAlong,
  sigmas,
} from "../models/noise-series.js";
/* global palette */

const STATE = ["activation", "sigma_eps", "order"];
const LOG_SIGMA = log([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]);
const EPS = Float64Array.from({ length: 241 }, (_, i) => (i - 120) / 30); // -4 ... 4
const [EXACT, SERIES] = [palette.weights.w_ni, palette.weights.w1];

function mount(root, model) {
  const ends = [];
  const add = ([element, end]) => {
    ends.push(end);
    return element;
  };
  const controls = h("div", { class: "nin-controls" });
  controls.append(
    add(
      slider(model, {
        name: "sigma_eps",
        label: "injected noise",
        min: sigmas[0],
        max: sigmas.at(-1),
        log: true,
      }),
    ),
    add(
      slider(model, { name: "order", label: "series up to", min: 0, max: MAX_ORDER, step: 1, integer: true }),
    ),
  );
  const activation = add(
    choice(model, {
      name: "activation",
      label: "activation",
      options: [
        ["tanh", "tanh"],
        ["relu", "ReLU"],
      ],
    }),
  );
  const status = h("p", { class: "nin-status", role: "status" });
  const charts = h("div", { class: "nin-charts" });
  root.append(controls, status, charts, h("div", { class: "nin-buttons" }, activation, backButton(model, STATE)));
  const along = createChart(root, {
    title: "Loss along the noise weights",
    xTitle: "noise ε, the same for every sample",
    curves: [
      { name: "exact", color: EXACT, dash: "solid" },
      { name: "series", color: SERIES, dash: "dash" },
    ],
  });
  const errors = createChart(root, {
    title: "Error of the mean loss",
    xTitle: "standard deviation of the noise",
    curves: [
      { name: "series", color: SERIES, dash: "dash" },
      { name: "noise left out", color: palette.weights.w0, dash: "dot" },
    ],
    logY: true,
  });
  charts.append(along.element, errors.element);

  let curveOf = "";
  let curve = null;
  function paint() {
    const name = model.get("activation") === "relu" ? "relu" : "tanh";
    const order = Math.min(Math.max(Math.round(model.get("order")), 0), MAX_ORDER);
    const sigma = model.get("sigma_eps");
    if (curveOf !== name) {
      curve = EPS.map(eps => lossAlong(name, eps));
      curveOf = name;
    }
    const exact = meanLoss(name, sigma);
    const series = meanSeries(name, order, sigma);
    const clean = seriesAlong(name, 0, 0);
    const limit = helpsUpTo(name, order);
    const best = bestOrder(name, sigma, exact);
    const off = Math.abs(series - exact) / Math.abs(clean - exact);
    const helps = order < 2 ? "" : off < 1 ? helpful(off) : " That is worse than leaving the noise out.";
    const limits =
      order < 2
        ? "Odd powers average to zero: the first term of the noise has order 2."
        : name === "relu" && order > 2
          ? "Terms beyond order 2 are zero for ReLU and repair nothing."
          : Number.isFinite(limit)
            ? `This order helps up to a noise of ${format(limit)}; the best order here is ${best}.`
            : `The best order here is ${best}.`;
    status.replaceChildren(
      symbol("sigma_eps"),
      ` = ${format(sigma)}, order ${order}: `,
      `the noise takes the mean loss from ${format(clean)} to ${format(exact)}; the series gives `,
      h("strong", {}, format(series)),
      `.${helps} ${limits}`,
    );
    const seriesCurve = EPS.map(eps => seriesAlong(name, order, eps));
    const top = name === "relu" ? 2.4 : 1.2;
    along.set({
      at: EPS,
      ys: [curve, seriesCurve],
      xRange: [-4, 4],
      yRange: [0, top],
      marks: [
        { at: -sigma, text: "−σ" },
        { at: sigma, text: "σ" },
      ],
      description: `Batch loss of the ${name} network for noise from −4 to 4 along W_NI, exact and by the series of order ${order}.`,
    });
    const exactMeans = means(name);
    const ys = [order, 0].map(k =>
      exactMeans.map((value, i) => Math.abs(meanSeries(name, k, sigmas[i]) - value)),
    );
    const marks = [{ at: sigma, text: "σ" }];
    if (Number.isFinite(limit)) marks.push({ at: limit, text: "stops helping" });
    errors.set({
      at: sigmas,
      x: LOG_SIGMA,
      ys,
      xRange: [Math.log10(sigmas[0]), Math.log10(sigmas.at(-1))],
      yRange: [-9, 1],
      marks,
      description: `Error of the mean loss by the series of order ${order}, for noise of 0.02 to 5. ${limits}`,
    });
    root.ninExpansion = {
      exact,
      series,
      best,
      limit,
      along: [curve, seriesCurve],
      errors: ys,
      sigmas,
      eps: EPS,
    };
  }
  const paintSoon = onFrame(paint);
  for (const key of STATE) model.on(`change:${key}`, paintSoon);
  paint();

  return () => {
    for (const key of STATE) model.off(`change:${key}`, paintSoon);
    along.destroy();
    errors.destroy();
    ends.forEach(end => end());
  };
}

const helpful = off => ` The error is ${off < 5e-4 ? "less than 0.1" : format(100 * off)} % of the change.`;

export const { render, mountAll } = defineExplorer("expansion", mount);
