// Batch averages against Theorem 1: the numbers on the screen, their histogram, and what they say.

import {
  batchAverages,
  drawSamples,
  histogram,
  measure,
  predict,
  slope,
  terms,
} from "../../models/batch-average.js";
import { format } from "../../ui/format.js";

/** @type {Record<string, string>} */
export const NAMES = {
  normal: "normal",
  uniform: "uniform",
  rademacher: "Rademacher (±1)",
  laplace: "Laplace",
  "student-t": "Student t, 5 d.o.f.",
};
export const [SMALLEST, LARGEST] = [sampling.sizes[0], sampling.sizes[sampling.sizes.length - 1]];
const BINS = 61;
const WIDE = 4.5; // half the histogram's width, in standard deviations

/** @param {Pick<Model, "get">} model */
export const readAverage = model => ({
  name: String(model.get("distribution")),
  power: Number(model.get("power")),
  size: Number(model.get("batch_size")),
  seed: Number(model.get("seed")),
});

/** @typedef {ReturnType<typeof readAverage>} AverageSettings */

// Averages the samples of the settings; what does not depend on those that have changed is computed once.
export function createAverages() {
  let [samplesOf, valuesOf] = ["", ""];
  let samples = { q: new Float64Array(0), eps: new Float64Array(0) };
  let values = new Float64Array(0);
  /** @type {number[]} */
  let deviations = [];
  return (/** @type {AverageSettings} */ { name, power, size, seed }) => {
    const key = `${name} ${seed}`;
    if (samplesOf !== key) [samples, samplesOf] = [drawSamples(name, seed), key];
    if (valuesOf !== `${key} ${power}`) {
      [values, valuesOf] = [terms(samples, power), `${key} ${power}`];
      deviations = sampling.sizes.map(
        b => measure(batchAverages(values, b), predict(name, power, b).mean).deviation,
      );
    }
    const averages = batchAverages(values, size);
    const expected = predict(name, power, size);
    const found = measure(averages, expected.mean);
    return { ...found, expected, averages, deviations, exponent: slope(sampling.sizes, deviations) };
  };
}

/** @typedef {ReturnType<ReturnType<typeof createAverages>>} Averages */

/**
 * The density of the averages over the middles of the bins, and the normal one of the mean and the deviation that are
 * predicted, or else measured.
 * @param {Averages} measured
 */
export function densities({ averages, expected, mean, deviation: spread }) {
  const [center, deviation] = expected.mean === null ? [mean, spread] : [expected.mean, expected.deviation];
  const [lo, hi] = [center - WIDE * deviation, center + WIDE * deviation];
  const at = Float64Array.from({ length: BINS }, (_, i) => lo + ((hi - lo) * (i + 0.5)) / BINS);
  const bell = at.map(
    x => Math.exp(-(((x - center) / deviation) ** 2) / 2) / deviation / Math.sqrt(2 * Math.PI),
  );
  return { center, deviation, lo, hi, at, bell, density: histogram(averages, lo, hi, BINS) };
}

/**
 * What to think of the measured deviation.
 * @param {{ mean: number | null, ratio: number | null }} expected
 */
export function warning({ mean, ratio }) {
  if (mean === null) return "This power has no variance: the theorem does not apply.";
  if (ratio === null) return "The theorem applies, but the measured deviation itself has no finite variance.";
  if (ratio > 100)
    return `Rare values make this deviation (r = ${format(ratio)}): the measured one is not to be trusted.`;
  return "";
}
