// The stored trainings of an experiment under a slider for sigma_eps; in a live kernel, one more that Python trains.

import { createBand } from "../charts/band.js";
import { choice } from "../ui/choice.js";
import { backButton, button, slider } from "../ui/controls.js";
import { atOnce, defineExplorer, format, h } from "../ui/host.js";
import { PHASES, phaseStatus } from "../ui/phases.js";
import { createRunCharts, readRun } from "../charts/run-charts.js";

function mount(root, model) {
  const { choices, head, trains, ...stored } = model.get("_stored");
  const runs = stored.runs.map(run => readRun(run, head));
  const live = trains && "send" in model; // without a kernel there is nobody to train
  const stops = [...new Set(runs.map(run => run.sigma_eps))].sort((a, b) => a - b);
  const names = Object.keys(choices);
  const chosen = () => runs.filter(run => names.every(name => run[name] === model.get(name)));
  // Not every combination of the choices need be stored: this one stands, and the others follow.
  let following = false;
  const complete = name => {
    if (chosen().length > 0) return;
    const run = runs.find(run => run[name] === model.get(name)) ?? runs[0];
    following = true;
    for (const other of names) model.set(other, run[other]);
    following = false;
    model.save_changes();
  };
  const nearest = (runs, sigma_eps) => {
    const distance = run => Math.abs(run.sigma_eps - sigma_eps);
    const { sigma_eps: at } = runs.reduce((best, run) => (distance(run) < distance(best) ? run : best));
    return runs.filter(run => run.sigma_eps === at);
  };

  // A slider of a page without a kernel stops at the stored runs; in a live one it goes between them, too.
  const range = {
    name: "sigma_eps",
    label: "injected noise",
    stops,
    min: stops[0],
    max: stops.at(-1),
    step: live ? 0.25 : 1,
  };
  const sigma = slider(model, range);
  const band = createBand(model, range, PHASES.slice(1), "first at");
  const menus = names.map(name =>
    choice(model, {
      name,
      label: name.replaceAll("_", " "),
      options: choices[name].map(value => [value, value]),
    }),
  );
  const status = phaseStatus(root);
  const charts = createRunCharts(root, runs, live);
  const training = live ? createTraining(model) : null;
  const buttons = h("div", { class: "nin-buttons" }, ...menus.map(([element]) => element));
  buttons.append(backButton(model, ["sigma_eps", ...names]));
  if (trains && !live) {
    const hint = "In a live notebook, a button trains here at any noise.";
    buttons.append(h("span", { class: "nin-note" }, hint));
  }
  root.append(sigma[0], band.element, status.element, charts.element, buttons, ...(live ? [training.element] : []));

  function refreshBand() {
    const phases = stops.map(stop => nearest(chosen(), stop)[0].phase);
    const cells = phases.map(phase => PHASES.indexOf(phase));
    // Stop i stands at i / (n - 1) of the width: the first and the last have half a cell.
    band.showPhases(cells.flatMap((cell, i) => (i === 0 || i === cells.length - 1 ? [cell] : [cell, cell])));
    band.showTicks(PHASES.slice(1).map(phase => stops[phases.indexOf(phase)] ?? NaN));
  }
  function paint() {
    const shown = nearest(chosen(), model.get("sigma_eps"));
    if (!live && shown[0].sigma_eps !== model.get("sigma_eps"))
      return model.set("sigma_eps", shown[0].sigma_eps); // paints
    const record = model.get("_training")?.run;
    const trained = record ? readRun(record, head) : null;
    const [{ sigma_eps, phase }] = shown;
    const there = sigma_eps === model.get("sigma_eps") ? "" : " It is the stored run nearest to the slider.";
    status.say(sigma_eps, phase, `. ${describe(shown)}${there}`);
    charts.show(shown, trained, status.said());
    root.ninRuns = { shown, trained };
  }
  const paintNow = atOnce(paint);
  const refresh = name => () => {
    if (following) return;
    complete(name);
    refreshBand();
    paintNow();
  };
  const refreshes = names.map(name => [`change:${name}`, refresh(name)]);
  for (const name of ["sigma_eps", "_training"]) model.on(`change:${name}`, paintNow);
  for (const refresh of refreshes) model.on(...refresh);
  names.forEach(complete);
  refreshBand();
  paint();

  return () => {
    for (const name of ["sigma_eps", "_training"]) model.off(`change:${name}`, paintNow);
    for (const refresh of refreshes) model.off(...refresh);
    band.destroy();
    charts.destroy();
    training?.destroy();
    for (const [, end] of [sigma, ...menus]) end();
  };
}

function describe([first, ...others]) {
  if (others.length === 0) return first.words;
  const seeds = others.map(({ seed, phase }) => `seed ${seed} (${phase})`).join(", ");
  return `${first.words} Thin lines: ${seeds}.`;
}

// A button that asks Python for a training, how far it is, and what came of it.
function createTraining(model) {
  const press = button("", () => model.send(model.get("_training").running ? "stop" : "train"));
  const progress = h("progress", { max: 1, "aria-label": "progress of the training" });
  const message = h("p", { role: "status" });
  const range = { name: "epochs", label: "training for", min: 1, max: 100, log: true, integer: true };
  const [epochs, end] = slider(model, range);
  function show() {
    const { running = false, message: text = "", progress: done = 0 } = model.get("_training");
    const sigma = format(model.get("sigma_eps"));
    const label = running ? "Stop" : `Train here at σ = ${sigma}`;
    if (press.textContent !== label) press.textContent = label;
    progress.style.visibility = running ? "visible" : "hidden";
    progress.value = done;
    if (message.textContent !== text) message.textContent = text;
  }
  for (const name of ["_training", "sigma_eps"]) model.on(`change:${name}`, show);
  show();
  return {
    element: h("div", { class: "nin-training" }, press, epochs, progress, message),
    destroy() {
      for (const name of ["_training", "sigma_eps"]) model.off(`change:${name}`, show);
      end();
    },
  };
}

export const { render, mountAll } = defineExplorer("runs", mount);
