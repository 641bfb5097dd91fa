// How far the series of the loss in the noise helps: the numbers on the screen, and what they say.

import { bestOrder, helpsUpTo, meanLoss, meanSeries, seriesAlong } from "../../models/noise-series.js";
import { format } from "../../ui/format.js";

/** @param {Pick<Model, "get">} model */
export const readSeries = model => ({
  activation: String(model.get("activation")),
  order: Number(model.get("order")),
  sigma: Number(model.get("sigma_eps")),
});

/** @param {ReturnType<typeof readSeries>} settings */
export function evaluate({ activation, order, sigma }) {
  const exact = meanLoss(activation, sigma);
  return {
    exact,
    series: meanSeries(activation, order, sigma),
    clean: seriesAlong(activation, 0, 0),
    limit: helpsUpTo(activation, order),
    best: bestOrder(activation, sigma, exact),
  };
}

/**
 * Whether the series helps at this noise: nothing where it holds no term of the noise.
 * @param {{ order: number }} settings
 * @param {{ exact: number, series: number, clean: number }} values
 */
export function helpInWords({ order }, { exact, series, clean }) {
  if (order < 2) return "";
  const off = Math.abs(series - exact) / Math.abs(clean - exact);
  if (!(off < 1)) return " That is worse than leaving the noise out.";
  return ` The error is ${off < 5e-4 ? "less than 0.1" : format(100 * off)}\u00a0% of the change.`;
}

/**
 * Up to where it helps.
 * @param {{ activation: string, order: number }} settings
 * @param {{ limit: number, best: number }} values
 */
export function limitsInWords({ activation, order }, { limit, best }) {
  if (order < 2) return "Odd powers average to zero: the first term of the noise has order 2.";
  if (activation === "relu" && order > 2) return "Terms beyond order 2 are zero for ReLU and repair nothing.";
  if (!Number.isFinite(limit)) return `The best order here is ${best}.`;
  return `This order helps up to a noise of ${format(limit)}; the best order here is ${best}.`;
}
