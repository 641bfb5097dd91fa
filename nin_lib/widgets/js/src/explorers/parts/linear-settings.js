// The settings of the linear model's explorers, and how they run over sliders and axes.

import { valuesOf } from "../../ui/model.js";

/** @type {(keyof LinearSettings)[]} */
export const SETTINGS = [
  "sigma_eps",
  "eta",
  "batch_size",
  "w0",
  "w1",
  "w_ni",
  "M",
  "sigma_x",
  "steps",
  "seed",
];

/** @satisfies {Record<string, SettingRange>} */
export const RANGES = {
  sigma_eps: { name: "sigma_eps", label: "injected noise", min: 0.02, max: 30, log: true },
  eta: { name: "eta", label: "learning rate", min: 0.001, max: 0.1, log: true },
  batch_size: { name: "batch_size", label: "batch size", min: 1, max: 100000, log: true, integer: true },
  w1: { name: "w1", label: "start of", min: -3, max: 3, step: 0.05 },
  w_ni: { name: "w_ni", label: "start of", min: 0.01, max: 3, log: true },
};

/** @type {(model: Pick<Model, "get">) => LinearSettings} */
export const readSettings = model => valuesOf(model, SETTINGS);

/**
 * Theory's boundaries, as `boundaries` orders them: what to call them, and the dash of their lines on bands and maps.
 * @type {{ text: string, dash: string }[]}
 */
export const THEORY = [
  { text: "decay", dash: "dot" },
  { text: "late catapult", dash: "dashdot" },
  { text: "catapult", dash: "dash" },
  { text: "divergence", dash: "solid" },
];
