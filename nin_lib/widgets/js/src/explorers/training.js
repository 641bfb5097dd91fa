// The chapter's net on digits, trained anew in a worker at every move of a slider.

import { createBand } from "../charts/band.js";
import { createChart } from "../charts/chart.js";
import { EPOCHS, train } from "../models/digits-training.js";
import { phaseOf } from "../models/outcome.js";
import { backButton, seedButton, slider } from "../ui/controls.js";
import { h, symbol } from "../ui/elements.js";
import { onFrame } from "../ui/frames.js";
import { defineExplorer } from "../ui/host.js";
import { valuesOf } from "../ui/model.js";
import { PHASES, phaseStatus } from "../ui/phases.js";
import { spread } from "../ui/scale.js";
import { createTrainer } from "../workers/training.js";
import { createInside } from "./parts/inside.js";
import { createReading } from "./parts/reading.js";
import { emptyCurves, merge } from "./parts/training-curves.js";
import { describe } from "./parts/training-words.js";

/** @type {SettingRange[]} */
const RANGES = [
  { name: "sigma_eps", label: "injected noise", min: 0.5, max: 60, log: true },
  { name: "eta", label: "learning rate", min: 0.02, max: 1, log: true },
  { name: "batch_size", label: "batch size", min: 16, max: 512, log: true, integer: true },
];
const SETTINGS = [...RANGES.map(({ name }) => name), "seed"];
const SIGMAS = spread(RANGES[0], 65);

/** @typedef {TrainingHistory & { done: boolean }} News */

/** @param {View} view */
function mount(view) {
  const { root, model, listen } = view;
  const [sigma, ...others] = RANGES.map(range => slider(view, range));
  const band = createBand(view, RANGES[0]);
  const status = phaseStatus(view);
  const charts = createCharts(view);
  const network = createInside(view, () => look());
  const reading = createReading(view, () => look());
  root.append(sigma, band.element, status.element);
  root.append(
    h("div", { class: "nin-charts nin-apart" }, ...charts.elements, createControls(view, others)),
    network.element,
    reading.element,
  );

  /** @type {News | null} */
  let news = null;
  const paintSoon = onFrame(() => {
    if (!news) return;
    // A training's first epoch says little of its phase: what was said before stays until then.
    if (news.steps >= news.steps_per_epoch || news.done || !root.dataset.phase) say(status, news);
    charts.show(news, status.said());
    network.show(news);
    reading.show(news);
    Object.assign(root.nin, { curves: charts.curves(), training: news });
  });
  const trainer = createTrainer(
    view,
    newest => {
      news = newest;
      paintSoon();
    },
    phases => {
      root.nin.band = { sigma_eps: SIGMAS, phases };
      band.showPhases(phases.map(phase => (phase === null ? -1 : PHASES.indexOf(phase))));
    },
  );
  const request = () =>
    trainer.request({
      p: valuesOf(model, SETTINGS),
      look: network.element.open || reading.element.open,
      sigmas: SIGMAS,
    });
  // a training that was looked into is shown as it is
  const look = () => (news?.done && news.inside.length > 0 ? paintSoon() : request());
  listen(SETTINGS, request);
  listen(
    SETTINGS.filter(name => name !== "sigma_eps"),
    () => band.showPhases([-1]),
  );
  request();
}

/**
 * What takes the place of a fourth chart.
 * @param {View} view
 * @param {Element[]} sliders
 */
function createControls(view, sliders) {
  const buttons = h("div", { class: "nin-buttons" }, seedButton(view, "New seed"), backButton(view));
  return h("div", { class: "nin-chart" }, h("div", { class: "nin-controls" }, ...sliders), buttons);
}

/**
 * @param {import("../ui/phases.js").PhaseStatus} status
 * @param {News} news
 */
function say(status, news) {
  const outcome = phaseOf(news);
  const rest = news.done ? `. ${describe(news, outcome)}` : " so far, still in training.";
  status.say(news.p.sigma_eps, outcome.phase, rest);
}

/** @param {View} view */
function createCharts(view) {
  /** @type {(name: keyof typeof palette.weights, label: string | Node, kind?: Curve["kind"]) => Curve} */
  const curve = (name, label, kind) => ({
    name: label,
    color: palette.weights[name],
    dash: palette.dashes[name],
    kind,
  });
  /** @type {(title: string, curves: Curve[], logY: boolean) => Chart} */
  const create = (title, curves, logY) =>
    createChart(view, { title, at: "epoch", xTitle: "epoch", curves, logY });
  const losses = [curve("loss", "batch loss"), curve("clean_loss", "clean loss", "dotted")];
  const loss = create("Loss", losses, true);
  const niw = create("Noise weights", [curve("w_ni", h("span", {}, "|", symbol("w_ni"), "|"))], true);
  const accuracy = create("Validation accuracy", [curve("clean_loss", "without noise", "dotted")], false);
  let shown = emptyCurves(0); // those of the training, and beyond its head those of the training before
  return {
    elements: [loss.element, niw.element, accuracy.element],
    curves: () => shown,
    /**
     * @param {News} news
     * @param {string} said the phase in words
     */
    show(news, said) {
      const { steps, steps_per_epoch: perEpoch, lost, done } = news;
      const now = steps / perEpoch;
      if (shown.at.length !== EPOCHS * perEpoch + 1 || done) shown = emptyCurves(perEpoch);
      merge(shown, news);
      /** @type {(chart: Chart, ys: Float64Array[], yRange: [number, number]) => void} */
      const set = (chart, ys, yRange) =>
        chart.set({
          at: shown.at,
          ys,
          xRange: [0, EPOCHS],
          yRange,
          marks: lost === null ? [] : [{ at: now, text: "diverged" }],
          fade: done ? null : now,
          description: `Curves over ${EPOCHS} epochs of training, ${said}`,
        });
      set(loss, [shown.batch_loss, shown.clean_loss], [-2, 3]);
      set(niw, [shown.niw_norm], [-1, 2]);
      set(accuracy, [shown.val_accuracy], [0, 1]);
    },
  };
}

export const { render, mountAll } = defineExplorer("training", "Explorer: training on digits", mount);
export { phaseOf, train }; // what the tests compare with Python
