// The phases of the linear model over sigma_eps and another setting, and the trajectory at a point of this map.

import { DASHES, lineSample } from "../charts/chart-parts.js";
import { choice } from "../ui/choice.js";
import { slider } from "../ui/controls.js";
import { atOnce, defineExplorer, h, symbol } from "../ui/host.js";
import { boundaries } from "../models/linear-model.js";
import { createMap } from "../charts/map.js";
import { createPhaseMap, spread } from "../workers/phase-map.js";
import { PHASES, swatch } from "../ui/phases.js";
import { createTrajectory, RANGES, readSettings, SETTINGS } from "./parts/trajectory.js";
/* global palette, stepColors */

const [COLUMNS, ROWS] = [200, 150];
const VERTICALS = {
  w1: "start of w₁",
  w_ni: "start of w_NI",
  eta: "learning rate η",
  batch_size: "batch size |B|",
};
const THEORY = {
  decoupled: ["decay", "dot"],
  late: ["late catapult", "dashdot"],
  catapult: ["catapult", "dash"],
  divergent: ["divergence", "solid"],
};

// Colours as the four bytes of a pixel in one number; the ramp in 256 shades.
const pixel = bytes => new Uint32Array(Uint8Array.of(...bytes, 255).buffer)[0];
const bytesOf = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
const PHASE_PIXELS = PHASES.map(phase => pixel(bytesOf(palette.phases[phase])));
const RAMP = Uint32Array.from({ length: 256 }, (_, i) => {
  const place = (i / 255) * (stepColors.length - 1);
  const [from, to] = [Math.floor(place), Math.ceil(place)].map(k => bytesOf(stepColors[k]));
  return pixel(from.map((byte, k) => byte + (place % 1) * (to[k] - byte)));
});

function mount(root, model) {
  const trajectory = createTrajectory(root, model);
  const vertical = () => (model.get("vertical") in VERTICALS ? model.get("vertical") : "w1");
  const menus = [
    choice(model, { name: "vertical", label: "vertical axis", options: Object.entries(VERTICALS) }),
    choice(model, {
      name: "color",
      label: "colour",
      options: [
        ["phase", "phase"],
        ["steps", "steps to learn"],
      ],
    }),
  ];
  const sliders = Object.values(RANGES).map(range => slider(model, range));
  const map = createMap(root, {
    columns: COLUMNS,
    rows: ROWS,
    label: "Map of the phases; the arrow keys move the point on it",
    move(x, y) {
      model.set("sigma_eps", x);
      model.set(vertical(), y);
      model.save_changes();
    },
  });
  const phaseKey = () => PHASES.map(phase => h("span", {}, swatch(phase), phase));
  const key = h("div", { class: "nin-legend nin-key" }, ...phaseKey()); // at once: what stands below must not jump
  const theory = Object.values(THEORY).map(([text, dash]) =>
    h("span", {}, lineSample({ color: "currentColor", dash }), text),
  );
  const below = h("div", { class: "nin-x-title" }, RANGES.sigma_eps.label, " ", symbol("sigma_eps"));
  const left = h(
    "div",
    {},
    map.element,
    below,
    key,
    h("div", { class: "nin-legend nin-key" }, "theory:", ...theory),
  );
  root.append(
    h("div", { class: "nin-menus" }, ...menus.map(([element]) => element)),
    trajectory.status,
    h("div", { class: "nin-side" }, left, trajectory.charts),
    h("div", { class: "nin-controls" }, ...sliders.map(([element]) => element)),
    trajectory.buttons,
  );

  let answer = null;
  const sigmas = spread(RANGES.sigma_eps, COLUMNS);
  let values = null;
  const phaseMap = createPhaseMap(newAnswer => {
    answer = newAnswer;
    root.ninMap = { sigma_eps: sigmas, vertical: values, ...answer };
    color();
  });
  function color() {
    if (!answer) return;
    const { phases } = answer;
    // A run that diverges has not learned, whatever it hit on the way.
    const learned = answer.learned.map((steps, i) => (PHASES[phases[i]] === "divergent" ? -1 : steps));
    const byPhase = model.get("color") !== "steps";
    const [fewest, most] = byPhase ? [0, 0] : rangeOf(learned);
    const span = Math.log(most / fewest) || 1;
    const pixels = new Uint32Array(phases.length); // 0 is no colour
    for (let i = 0; i < phases.length; i++) {
      if (byPhase) pixels[i] = PHASE_PIXELS[phases[i]];
      else if (learned[i] > 0) pixels[i] = RAMP[Math.round((255 * Math.log(learned[i] / fewest)) / span)];
    }
    map.setCells(pixels);
    map.setNames(byPhase ? regionNames(phases) : []);
    key.replaceChildren(
      ...(byPhase ? phaseKey() : stepsKey(fewest, most)),
    );
  }

  function request() {
    const p = readSettings(model);
    const name = vertical();
    values = spread(RANGES[name], ROWS);
    phaseMap.request({ p, columns: ["sigma_eps", sigmas], rows: [name, values] });
    map.setAxes(RANGES.sigma_eps, RANGES[name]);
    const along = Array.from(values, value => [value, boundaries({ ...p, [name]: value })]);
    map.setLines(
      Object.entries(THEORY).map(([boundary, [, dash]]) => ({
        dash: DASHES[dash],
        points: along.map(([value, theory]) => [theory[boundary], value]),
      })),
    );
  }
  function point() {
    map.setPoint(model.get("sigma_eps"), model.get(vertical()));
    trajectory.paint();
  }
  // The map is asked for anew when a setting changes that is not one of its axes.
  let asked = "";
  function refresh() {
    const { sigma_eps, [vertical()]: _, ...rest } = readSettings(model);
    const wanted = JSON.stringify([vertical(), rest]);
    if (wanted !== asked) request();
    asked = wanted;
    point();
  }
  const refreshNow = atOnce(refresh);
  for (const name of [...SETTINGS, "vertical"]) model.on(`change:${name}`, refreshNow);
  model.on("change:color", color);
  refresh();

  return () => {
    for (const name of [...SETTINGS, "vertical"]) model.off(`change:${name}`, refreshNow);
    model.off("change:color", color);
    for (const part of [phaseMap, map, trajectory]) part.destroy();
    for (const [, end] of [...menus, ...sliders]) end();
  };
}

// Each phase's name in the row where its region is widest and no single odd row makes it so.
function regionNames(phases) {
  const AROUND = 6;
  return PHASES.flatMap((text, phase) => {
    const runs = Array.from({ length: ROWS }, (_, row) =>
      longestRun(phases.subarray(row * COLUMNS, (row + 1) * COLUMNS), phase),
    );
    let best = null;
    for (let row = AROUND; row < ROWS - AROUND; row++) {
      const width = Math.min(...runs.slice(row - AROUND, row + AROUND + 1).map(({ from, to }) => to - from));
      const length = runs[row].to - runs[row].from;
      if (!best || width > best.width || (width === best.width && length < best.length))
        best = { text, row, width, length, ...runs[row] };
    }
    return best.width > 0 ? [best] : [];
  });
}

function longestRun(cells, phase) {
  let best = { from: 0, to: 0 };
  for (let from = 0, i = 1; i <= cells.length; i++) {
    if (i < cells.length && cells[i] === cells[from]) continue;
    if (cells[from] === phase && i - from > best.to - best.from) best = { from, to: i };
    from = i;
  }
  return best;
}

function rangeOf(learned) {
  let [fewest, most] = [Infinity, 1];
  for (const steps of learned) {
    if (steps > 0 && steps < fewest) fewest = steps;
    if (steps > most) most = steps;
  }
  return [Math.min(fewest, most), most];
}

function stepsKey(fewest, most) {
  const ramp = h("span", {
    class: "nin-ramp",
    style: `background: linear-gradient(90deg, ${stepColors.join()})`,
  });
  return [h("span", {}, `${fewest} `, ramp, ` ${most} steps`), h("span", {}, "empty: not learned")];
}

export const { render, mountAll } = defineExplorer("phase-diagram", mount);
