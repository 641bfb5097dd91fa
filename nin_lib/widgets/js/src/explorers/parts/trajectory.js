// One run of the linear model: its curves in two charts, and its phase in words.

import { createChart } from "../../charts/chart.js";
import { LOG_STEPS, STEPS } from "../../charts/ticks.js";
import { losses, simulate } from "../../models/linear-model.js";
import { noiseStream } from "../../models/noise.js";
import { backButton, seedButton } from "../../ui/controls.js";
import { h, symbol } from "../../ui/elements.js";
import { PHASES, phaseStatus } from "../../ui/phases.js";
import { readSettings } from "./linear-settings.js";
import { createSteps } from "./step-by-step.js";
import { describe, eventsOf, weightDecades } from "./run-summary.js";

/** @type {(keyof typeof palette.weights)[]} */
const WEIGHTS = ["w0", "w1", "w_ni"];
/** @type {[number, number]} */
const LOSS_DECADES = [-12, 8];

/**
 * What an explorer adds to the run: curves in the loss chart, and a third chart with curves on a logarithmic axis over
 * `decades`. `evaluate` returns their values, their marks and words.
 * @typedef {object} Overlay
 * @property {Curve[]} lossCurves
 * @property {{ title: string, curves: Curve[] }} chart
 * @property {[number, number]} decades
 * @property {(p: LinearSettings, run: LinearRun) => OverlaidCurves} evaluate
 *
 * @typedef {object} OverlaidCurves
 * @property {Float64Array[]} loss
 * @property {Float64Array[]} chart
 * @property {{ loss: Mark[], chart: Mark[] }} marks
 * @property {string} words
 */

/**
 * Elements to place (status, charts, steps, buttons), and `paint`, which shows the run of the model's settings. With an overlay the
 * steps are linear at first, over which an exponential is a straight line.
 * @param {View} view
 * @param {Overlay | null} [overlay]
 */
export function createTrajectory(view, overlay = null) {
  const { root, model } = view;
  const status = phaseStatus(view);
  const logSteps = h("input", { type: "checkbox", ...(overlay ? {} : { checked: "" }), onchange: paint });
  const charts = createCharts(view, overlay);
  const noiseOf = lastNoise();
  const steps = createSteps(view, () => paint());

  function paint() {
    const p = readSettings(model);
    const run = simulate(p, noiseOf(p));
    const phase = PHASES[run.phase];
    const added = overlay?.evaluate(p, run);
    const sentence = [describe(p, run, phase), added?.words].filter(Boolean).join(" ");
    status.say(p.sigma_eps, phase, `. ${sentence}`);
    Object.assign(root.nin, { run, ...(added && { overlay: [...added.loss, ...added.chart] }) });
    steps.show(p, run);
    charts.show(p, run, added, {
      step: steps.at(),
      x: logSteps.checked ? LOG_STEPS : STEPS,
      description: `Curves over ${p.steps} steps in the ${phase} phase. ${sentence}`,
    });
  }

  const buttons = h(
    "div",
    { class: "nin-buttons" },
    seedButton(view, "New noise"),
    backButton(view),
    h("label", { class: "nin-check" }, logSteps, " logarithmic steps"),
  );
  return { status: status.element, charts: charts.element, steps: steps.element, buttons, paint };
}

// The noise of these settings; a drag asks for the same one again and again.
function lastNoise() {
  let [noise, seed] = [new Float64Array(0), NaN];
  return (/** @type {LinearSettings} */ p) => {
    if (seed !== p.seed || noise.length !== p.steps) [noise, seed] = [noiseStream(p.seed, p.steps), p.seed];
    return noise;
  };
}

/** @param {Float64Array} values */
const sizesOf = values => values.map(Math.abs);

/** @param {LinearRun} run */
const endOf = ({ lost }) =>
  lost === null ? null : { at: lost, text: `diverged at step ${lost}`, color: palette.phases.divergent };

/**
 * The charts of the weights, of the losses, and of what the overlay adds.
 * @param {View} view
 * @param {Overlay | null} overlay
 */
function createCharts(view, overlay) {
  const sync = `nin-${Math.random()}`;
  /** @type {(name: keyof typeof palette.weights, ...label: (Node | string)[]) => Curve} */
  const curve = (name, ...label) => ({
    name: h("span", {}, ...label),
    color: palette.weights[name],
    dash: palette.dashes[name],
  });
  /** @type {(title: string, curves: Curve[]) => Chart} */
  const create = (title, curves) => createChart(view, { title, at: "step", curves, logY: true, sync });
  const sizes = WEIGHTS.map(name => curve(name, "|", symbol(name), "|"));
  const weights = create("Size of the weights", sizes);
  const lossCurves = [
    curve("loss", "loss"),
    curve("clean_loss", "clean loss"),
    ...(overlay?.lossCurves ?? []),
  ];
  const loss = create("Loss", lossCurves);
  const third = overlay && create(overlay.chart.title, overlay.chart.curves);
  let at = new Float64Array(0);
  return {
    element: h(
      "div",
      { class: "nin-charts" },
      weights.element,
      loss.element,
      ...(third ? [third.element] : []),
    ),
    /**
     * @param {LinearSettings} p
     * @param {LinearRun} run
     * @param {OverlaidCurves | undefined} added
     * @param {{ step: number | null, x: Abscissa, description: string }} how the step that is marked, if one is
     */
    show(p, run, added, { step, ...how }) {
      if (at.length !== p.steps + 1) at = Float64Array.from({ length: p.steps + 1 }, (_, step) => step);
      const { lost } = run;
      const end = endOf(run);
      const here = step === null ? [] : [{ at: step, text: `step ${step}` }];
      /** @type {(chart: Chart, ys: Float64Array[], yRange: [number, number], marks: Mark[]) => void} */
      const set = (chart, ys, yRange, marks) =>
        chart.set({
          ...how,
          at,
          ys,
          yRange,
          marks: [...here, ...(end ? [] : marks)],
          end,
          until: lost ?? p.steps,
        });
      const lossYs = losses(p, run.weights);
      const events = eventsOf(p, run, lossYs);
      set(weights, run.weights.map(sizesOf), weightDecades(p, run), events.weights);
      const marks = [...events.loss, ...(added?.marks.loss ?? [])];
      set(loss, [...lossYs, ...(added?.loss ?? [])], LOSS_DECADES, marks);
      if (third && overlay && added) set(third, added.chart, overlay.decades, added.marks.chart);
    },
  };
}
