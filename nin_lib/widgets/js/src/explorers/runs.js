// The stored trainings of an experiment under a slider for sigma_eps, and one more, that Python trains in a live kernel and the
// browser on a page.

import { cellsOfStops } from "../charts/band-layout.js";
import { createBand } from "../charts/band.js";
import { createRunCharts } from "./parts/run-charts.js";
import { readRun } from "../models/run-record.js";
import { backButton, choice, slider } from "../ui/controls.js";
import { h } from "../ui/elements.js";
import { format } from "../ui/format.js";
import { atOnce } from "../ui/frames.js";
import { defineExplorer } from "../ui/host.js";
import { setValues } from "../ui/model.js";
import { PHASES, phaseStatus } from "../ui/phases.js";
import { describe, nearest, storedRuns } from "./parts/stored-runs.js";
import { createTraining } from "./parts/training-in-kernel.js";
import { createTrainingOnPage, hintHere, recipeHere } from "./parts/training-on-page.js";

/**
 * What Python stores in the page; `choices`: the values of the settings besides sigma_eps and seed in which the runs differ.
 * @typedef {{ runs: RunRecord[], head: number, trains: boolean, recipe: Recipe | null, choices: Record<string, string[]> }} Stored
 */

/** @param {View} view */
function mount(view) {
  const { root, model, listen } = view;
  /** @type {Stored} */
  const { choices, head, trains, recipe, runs: records } = model.get("_stored");
  const runs = records.map(record => readRun(record, head));
  const live = trains && view.live;
  const here = recipeHere(view, recipe);
  const more = live || here !== null;
  const names = Object.keys(choices);
  const stored = storedRuns(runs, model, names);
  const range = rangeOf(runs, more);
  const sigma = slider(view, range);
  const band = createBand(view, range);
  const status = phaseStatus(view);
  const charts = createRunCharts(view, runs, more);
  const buttons = createButtons(view, choices, more ? "" : hintHere(view, trains, recipe));
  root.append(sigma, band.element, status.element, charts.element, buttons);
  if (live) root.append(createTraining(view));
  if (here) root.append(createTrainingOnPage(view, here, grow));

  /** @type {Run | null} */
  let grown = null; // what the page trains
  function refreshBand() {
    const phases = range.stops.map(stop => nearest(stored.chosen(), stop)[0].phase);
    band.showPhases(cellsOfStops(phases.map(phase => PHASES.indexOf(phase))));
  }
  function paint() {
    const shown = nearest(stored.chosen(), model.get("sigma_eps"));
    const [{ sigma_eps, phase }] = shown;
    const there = format(sigma_eps) === format(model.get("sigma_eps")); // by all digits that are shown
    const record = model.get("_training")?.run;
    const trained = record ? readRun(record, head) : grown;
    const nearby = there
      ? ""
      : ` Of the stored runs it is the nearest to σ = ${format(model.get("sigma_eps"))}.`;
    status.say(sigma_eps, phase, `. ${describe(shown)}${nearby}`);
    charts.show(shown, trained, status.said());
    root.nin.runs = { shown, trained };
  }
  const paintNow = atOnce(paint);
  /** @param {Run} run */
  function grow(run) {
    grown = run;
    paintNow();
  }
  listen(["sigma_eps", "_training"], paintNow);
  followChoices(view, names, stored, () => {
    refreshBand();
    paintNow();
  });
  refreshBand();
  paint();
}

/**
 * A slider stops at the stored runs; where one more can be trained it goes between them, too.
 * @param {Run[]} runs
 * @param {boolean} between
 */
function rangeOf(runs, between) {
  const stops = [...new Set(runs.map(run => run.sigma_eps))].sort((a, b) => a - b);
  const [min, max] = [stops[0], stops[stops.length - 1]];
  return { name: "sigma_eps", label: "injected noise", stops, min, max, step: between ? 0.25 : 1 };
}

/**
 * @param {View} view
 * @param {Stored["choices"]} choices
 * @param {string} hint
 */
function createButtons(view, choices, hint) {
  const menus = Object.entries(choices).map(([name, values]) =>
    choice(view, {
      name,
      label: name.replaceAll("_", " "),
      options: values.map(value => [value, value]),
    }),
  );
  const buttons = h("div", { class: "nin-buttons" }, ...menus, backButton(view));
  if (hint) buttons.append(h("span", { class: "nin-note" }, hint));
  return buttons;
}

/**
 * Calls `refresh` when another value is chosen. Not every combination need be stored: the last choice stands, and the others
 * follow.
 * @param {View} view
 * @param {string[]} names
 * @param {ReturnType<typeof storedRuns>} stored
 * @param {() => void} refresh
 */
function followChoices({ model, listen }, names, stored, refresh) {
  let following = false;
  /** @param {string} name */
  const complete = name => {
    if (stored.chosen().length > 0) return;
    const run = stored.with(name);
    following = true;
    setValues(model, Object.fromEntries(names.map(other => [other, run[other]])));
    following = false;
  };
  for (const name of names) {
    listen([name], () => {
      if (following) return;
      complete(name);
      refresh();
    });
  }
  names.forEach(complete);
}

export const { render, mountAll } = defineExplorer("runs", "Explorer: the recorded runs of", mount);
