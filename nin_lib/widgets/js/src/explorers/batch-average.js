// The histogram of <q eps^n>_B against Theorem 1, and its standard deviation over the batch size.

import { batchAverages, drawSamples, histogram, measure, predict, slope, terms } from "../models/batch-average.js";
import { createChart, log } from "../charts/chart.js";
import { choice } from "../ui/choice.js";
import { backButton, button, setValue, slider } from "../ui/controls.js";
import { defineExplorer, format, h, onFrame, symbol } from "../ui/host.js";
/* global noises, palette, sampling */

const STATE = ["distribution", "power", "batch_size", "seed"];
const NAMES = {
  normal: "normal",
  uniform: "uniform",
  rademacher: "Rademacher (±1)",
  laplace: "Laplace",
  "student-t": "Student t, 5 d.o.f.",
};
const LOG_SIZE = log(sampling.sizes);
const BINS = 61;
const WIDE = 4.5; // half the histogram's width, in standard deviations
const [MEASURED, PREDICTED] = [palette.weights.w_ni, palette.weights.w1];

function mount(root, model) {
  const ends = [];
  const add = ([element, end]) => {
    ends.push(end);
    return element;
  };
  const [smallest, largest] = [sampling.sizes[0], sampling.sizes.at(-1)];
  const options = Object.keys(noises).map(name => [name, NAMES[name]]);
  const controls = h("div", { class: "nin-controls" });
  controls.append(
    add(slider(model, { name: "power", label: "noise to the", min: 1, max: 6, step: 1, integer: true })),
    add(
      slider(model, {
        name: "batch_size",
        label: "batch size",
        min: smallest,
        max: largest,
        log: true,
        integer: true,
      }),
    ),
  );
  const status = h("p", { class: "nin-status", role: "status" });
  const charts = h("div", { class: "nin-charts" });
  const buttons = h("div", { class: "nin-buttons" });
  buttons.append(
    add(choice(model, { name: "distribution", label: "noise", options })),
    button("New samples", () => setValue(model, "seed", model.get("seed") + 1)),
    backButton(model, STATE),
  );
  root.append(controls, status, charts, buttons);
  const distribution = createChart(root, {
    title: "Distribution of the batch average",
    xTitle: "average of q εⁿ over a batch",
    curves: [
      { name: "measured", color: MEASURED, kind: "bars" },
      { name: "normal, as predicted", color: PREDICTED, dash: "dash" },
    ],
  });
  const scaling = createChart(root, {
    title: "Standard deviation over the batch size",
    xTitle: "batch size |B|",
    curves: [
      { name: "measured", color: MEASURED, kind: "points" },
      { name: "Theorem 1, corrected", color: PREDICTED, dash: "dash" },
    ],
    logY: true,
  });
  charts.append(distribution.element, scaling.element);

  let [samples, samplesOf, values, valuesOf, deviations] = [null, "", null, "", null];
  function paint() {
    const name = model.get("distribution") in noises ? model.get("distribution") : "normal";
    const power = Math.min(Math.max(Math.round(model.get("power")), 1), 6);
    const size = Math.min(Math.max(Math.round(model.get("batch_size")), smallest), largest);
    const key = `${name} ${model.get("seed")}`;
    if (samplesOf !== key) [samples, samplesOf] = [drawSamples(name, model.get("seed")), key];
    if (valuesOf !== `${key} ${power}`) {
      [values, valuesOf] = [terms(samples, power), `${key} ${power}`];
      deviations = sampling.sizes.map(
        b => measure(batchAverages(values, b), predict(name, power, b).mean).deviation,
      );
    }
    const averages = batchAverages(values, size);
    const expected = predict(name, power, size);
    const found = measure(averages, expected.mean);
    const exponent = slope(sampling.sizes, deviations);
    status.replaceChildren(
      `${NAMES[name][0].toUpperCase()}${NAMES[name].slice(1)} noise, n = ${power}, `,
      symbol("batch_size"),
      ` = ${size}: mean ${format(found.mean)}`,
      expected.mean === null ? "" : ` (predicted ${format(expected.mean)})`,
      ", standard deviation ",
      h("strong", {}, format(found.deviation)),
      expected.mean === null ? "" : ` (predicted ${format(expected.deviation)})`,
      `. ${expected.mean === null ? "" : `It falls as |B| to the power ${exponent.toFixed(2).replace("-", "−")}. `}${warning(expected)}`,
    );
    const [center, deviation] =
      expected.mean === null ? [found.mean, found.deviation] : [expected.mean, expected.deviation];
    const [lo, hi] = [center - WIDE * deviation, center + WIDE * deviation];
    const at = Float64Array.from({ length: BINS }, (_, i) => lo + ((hi - lo) * (i + 0.5)) / BINS);
    const density = histogram(averages, lo, hi, BINS);
    const bell = at.map(
      x => Math.exp(-(((x - center) / deviation) ** 2) / 2) / deviation / Math.sqrt(2 * Math.PI),
    );
    const none = at => Array.from(at, () => null);
    distribution.set({
      at,
      ys: [density, expected.mean === null ? none(at) : bell],
      xRange: [lo, hi],
      yRange: [0, 1.15 * Math.max(Math.max(...bell), Math.max(...density))],
      marks:
        expected.mean === null
          ? []
          : [
              { at: center, text: "mean" },
              { at: center + deviation, text: "+ deviation" },
            ],
      description: `Histogram of ${averages.length} batch averages, from ${format(lo)} to ${format(hi)}. ${warning(expected)}`,
    });
    const line = sampling.sizes.map(b => predict(name, power, b).deviation);
    const logs = [...deviations, ...(expected.mean === null ? [] : line)].map(Math.log10);
    scaling.set({
      at: sampling.sizes,
      x: LOG_SIZE,
      ys: [deviations, line],
      xRange: [smallest / 1.3, largest * 1.3].map(Math.log10),
      yRange: [Math.floor(4 * Math.min(...logs)) / 4 - 0.1, Math.ceil(4 * Math.max(...logs)) / 4 + 0.1],
      marks: [{ at: size, text: "|B|" }],
      description: `Standard deviation of the batch average for batches of ${smallest} to ${largest}: it falls as |B| to the power ${exponent.toFixed(2)}.`,
    });
    root.ninBatchAverage = { ...found, expected, exponent, deviations, density, averages };
  }
  const paintSoon = onFrame(paint);
  for (const key of STATE) model.on(`change:${key}`, paintSoon);
  paint();

  return () => {
    for (const key of STATE) model.off(`change:${key}`, paintSoon);
    distribution.destroy();
    scaling.destroy();
    ends.forEach(end => end());
  };
}

// What to think of the measured deviation.
function warning({ mean, ratio }) {
  if (mean === null) return "This power has no variance: the theorem does not apply.";
  if (ratio === null) return "The theorem applies, but the measured deviation itself has no finite variance.";
  if (ratio > 100)
    return `Rare values make this deviation (r = ${format(ratio)}): the measured one is not to be trusted.`;
  return "";
}

export const { render, mountAll } = defineExplorer("batch-average", mount);
