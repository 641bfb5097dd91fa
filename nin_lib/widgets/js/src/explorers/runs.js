// The stored trainings of an experiment under a slider for sigma_eps; in a live kernel, one more that Python trains.

import { createBand } from "../band.js";
import { createChart, LOG_STEPS } from "../chart.js";
import { choice } from "../choice.js";
import { backButton, button, slider } from "../controls.js";
import { atOnce, defineExplorer, format, h } from "../host.js";
import { PHASES, phaseStatus } from "../phases.js";
/* global palette */

const TRAINED = "#e69f00";
// Each chart and its curves: the name of their values in a run, what to call them, and whose colour and dash they have.
const CHARTS = {
  loss: [
    ["batch_loss", "batch loss", "loss"],
    ["val_loss", "validation loss", "clean_loss"],
  ],
  accuracy: [["val_accuracy", "validation, without noise", "clean_loss"]],
  niw: [["niw_norm", "noise weights", "w_ni"]],
  next: [["next_norm", "next layer", "w1"]],
};
const TITLES = {
  loss: "Loss",
  accuracy: "Validation accuracy",
  niw: "Norm of the noise weights",
  next: "Norm of the next layer's weights",
};

// A run as Python writes it, its curves as strings of numbers.
function read(record) {
  const keys = Object.values(CHARTS).flatMap(curves => curves.map(([key]) => key));
  const numbers = text => (text === "" ? [] : text.split(" ").map(Number));
  return { ...record, ...Object.fromEntries(keys.map(key => [key, numbers(record[key])])) };
}

function mount(root, model) {
  const { choices, head, trains, ...stored } = model.get("_stored");
  const runs = stored.runs.map(read);
  const live = trains && "send" in model; // without a kernel there is nobody to train
  const stops = [...new Set(runs.map(run => run.sigma_eps))].sort((a, b) => a - b);
  const names = Object.keys(choices);
  const chosen = () => runs.filter(run => names.every(name => run[name] === model.get(name)));
  // Not every combination of the choices need be stored: the newest of them stands, and the others follow.
  let following = false;
  const follow = name => () => {
    if (following) return;
    if (chosen().length === 0) {
      const run = runs.find(run => run[name] === model.get(name)) ?? runs[0];
      following = true;
      for (const other of names) model.set(other, run[other]);
      following = false;
      model.save_changes();
    }
    refreshBand();
    paintNow();
  };
  const nearest = (runs, sigma_eps) => {
    const distance = run => Math.abs(run.sigma_eps - sigma_eps);
    const least = Math.min(...runs.map(distance));
    return runs.filter(run => distance(run) === least);
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
  const charts = createCharts(root, runs, live);
  const training = live ? createTraining(model) : null;
  const buttons = h("div", { class: "nin-buttons" }, ...menus.map(([element]) => element));
  buttons.append(backButton(model, ["sigma_eps", ...names]));
  if (trains && !live) buttons.append(h("span", { class: "nin-note" }, "In a live notebook, a button trains here at any noise."));
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
    const trained = record ? read(record) : null;
    const between = shown[0].sigma_eps === model.get("sigma_eps") ? "" : " It is the stored run nearest to the slider.";
    status.say(shown[0].sigma_eps, shown[0].phase, `. ${describe(shown)}${between}`);
    charts.show(shown, trained, head, status.said());
    root.ninRuns = { shown, trained };
  }
  const paintNow = atOnce(paint);
  const refreshes = names.map(name => [`change:${name}`, follow(name)]);
  for (const name of ["sigma_eps", "_training"]) model.on(`change:${name}`, paintNow);
  for (const refresh of refreshes) model.on(...refresh);
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

// The four charts: the first run at a sigma_eps, those of other seeds thinner, and with `live` the one trained here over them.
function createCharts(root, runs, live) {
  const counts = {};
  for (const { sigma_eps, seed } of runs) (counts[sigma_eps] ??= new Set()).add(seed);
  const seeds = Math.max(...Object.values(counts).map(set => set.size));
  const epochs = Math.max(...runs.map(run => run.epochs));
  const calm = runs.filter(run => run.lost === null);
  const decades = key => {
    const values = (calm.length > 0 ? calm : runs).flatMap(run => run[key]).filter(value => value > 0);
    const [low, high] = [Math.min, Math.max].map(f => Math.log10(values.reduce((a, b) => f(a, b), values[0] ?? 1)));
    return [low - 0.1, high + 0.1];
  };
  const around = (a, b) => [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
  const ranges = {
    loss: around(decades("batch_loss"), decades("val_loss")),
    accuracy: [0, 1],
    niw: decades("niw_norm"),
    next: decades("next_norm"),
  };
  const charts = Object.entries(CHARTS).map(([name, curves]) => {
    const lines = curves.flatMap(([, text, palettes]) => {
      const line = { color: palette.weights[palettes], dash: palette.dashes[palettes], join: true };
      const thin = { ...line, width: 1, alpha: 0.6 };
      return [{ ...line, name: text }, ...Array.from({ length: seeds - 1 }, () => thin)];
    });
    if (live) {
      const own = curves.map(([, , palettes]) => ({ color: TRAINED, dash: palette.dashes[palettes], width: 2.5, join: true }));
      lines.push({ ...own[0], name: "trained here" }, ...own.slice(1));
    }
    const chart = createChart(root, { title: TITLES[name], xTitle: "epoch", curves: lines, logY: name !== "accuracy" });
    return [name, chart];
  });

  return {
    element: h("div", { class: "nin-charts" }, ...charts.map(([, chart]) => chart.element)),
    show(shown, trained, head, said) {
      const drawn = [...shown, ...(trained ? [trained] : [])];
      const longest = Math.max(...drawn.map(run => run.epochs));
      const whole = Array.from({ length: longest + 1 }, (_, epoch) => epoch);
      const steps = stepPlaces(longest, drawn[0].steps_per_epoch, head);
      const both = [...new Set([...whole, ...steps])].sort((a, b) => a - b);
      const index = new Map(both.map((place, i) => [place, i]));
      const spread = (values, places) => {
        const ys = new Array(both.length).fill(null);
        values.forEach((value, i) => {
          ys[index.get(places[i])] = value;
        });
        return ys;
      };
      const at = shown[0].lost === null ? null : shown[0].lost / shown[0].steps_per_epoch;
      const color = drawn.every(run => run.lost !== null) ? palette.phases.divergent : "transparent";
      const end = at === null ? null : { at, text: `diverged in epoch ${Math.floor(at) + 1}`, color };
      for (const [name, chart] of charts) {
        const valuesOf = (run, key) =>
          run ? spread(run[key], key === "batch_loss" ? steps : whole) : [];
        const ys = CHARTS[name].flatMap(([key]) => Array.from({ length: seeds }, (_, k) => valuesOf(shown[k], key)));
        if (live) ys.push(...CHARTS[name].map(([key]) => valuesOf(trained, key)));
        chart.set({
          at: both,
          x: LOG_STEPS,
          ys,
          xRange: [0, LOG_STEPS.place(epochs)],
          yRange: ranges[name],
          end,
          description: `Curves over ${longest} epochs of training, ${said}`,
        });
      }
    },
    destroy: () => charts.forEach(([, chart]) => chart.destroy()),
  };
}

// Where the batch losses stand, in epochs: the first `head` one by one, then in the middle of (what is left of) each epoch.
function stepPlaces(epochs, perEpoch, head) {
  const places = Array.from({ length: Math.min(head, epochs * perEpoch) }, (_, step) => step / perEpoch);
  for (let epoch = Math.floor(head / perEpoch); epoch < epochs; epoch++)
    places.push((Math.max(head, epoch * perEpoch) + (epoch + 1) * perEpoch) / 2 / perEpoch);
  return places;
}

// A button that asks Python for a training, how far it is, and what came of it.
function createTraining(model) {
  const press = button("", () => model.send(model.get("_training").running ? "stop" : "train"));
  const progress = h("progress", { max: 1, "aria-label": "progress of the training" });
  const message = h("p", { class: "nin-message", role: "status" });
  const length = slider(model, { name: "epochs", label: "training for", min: 1, max: 100, log: true, integer: true });
  function show() {
    const { running = false, message: text = "", progress: done = 0 } = model.get("_training");
    const sigma = format(model.get("sigma_eps"));
    const label = running ? "Stop" : `Train here at σ = ${sigma}`;
    if (press.textContent !== label) press.textContent = label;
    progress.hidden = !running;
    progress.value = done;
    if (message.textContent !== text) message.textContent = text;
  }
  for (const name of ["_training", "sigma_eps"]) model.on(`change:${name}`, show);
  show();
  return {
    element: h("div", { class: "nin-training" }, press, length[0], progress, message),
    destroy() {
      for (const name of ["_training", "sigma_eps"]) model.off(`change:${name}`, show);
      length[1]();
    },
  };
}

export const { render, mountAll } = defineExplorer("runs", mount);
