// The phases of the linear model over sigma_eps and another setting, and the trajectory at a point of this map.

import { DASHES, lineSample } from "../charts/chart-parts.js";
import { createMap } from "../charts/map.js";
import { boundaries } from "../models/linear-model.js";
import { choice, slider } from "../ui/controls.js";
import { h, symbol } from "../ui/elements.js";
import { atOnce } from "../ui/frames.js";
import { defineExplorer } from "../ui/host.js";
import { setValues } from "../ui/model.js";
import { PHASES, swatch } from "../ui/phases.js";
import { spread } from "../ui/scale.js";
import { createPhaseMap } from "../workers/phase-map.js";
import { colorByPhase, colorBySteps, regionNames } from "./parts/cell-colors.js";
import { RANGES, readSettings, SETTINGS, THEORY } from "./parts/linear-settings.js";
import { createTrajectory } from "./parts/trajectory.js";

const CELLS = { columns: 200, rows: 150 };
const SIGMAS = spread(RANGES.sigma_eps, CELLS.columns);
/** @type {Partial<Record<keyof typeof RANGES, string>>} */
const VERTICALS = {
  w1: "start of w₁",
  w_ni: "start of the noise weight",
  eta: "learning rate η",
  batch_size: "batch size |ℬ|",
};
/** @param {View} view */
function mount(view) {
  const { root, model } = view;
  const trajectory = createTrajectory(view);
  const menus = [
    choice(view, { name: "vertical", label: "vertical axis", options: Object.entries(VERTICALS) }),
    choice(view, {
      name: "color",
      label: "colour",
      options: [
        ["phase", "phase"],
        ["steps", "steps to learn"],
      ],
    }),
  ];
  const map = createMap(view, {
    ...CELLS,
    label: "Map of the phases; the arrow keys move the point on it",
    move: (x, y) => setValues(model, { sigma_eps: x, [verticalOf(model)]: y }),
  });
  const key = h("div", { class: "nin-legend nin-key" }, ...phaseKey()); // at once: what stands below must not jump
  const below = h("div", { class: "nin-x-title" }, RANGES.sigma_eps.label, " ", symbol("sigma_eps"));
  root.append(
    h("div", { class: "nin-menus" }, ...menus),
    trajectory.status,
    h("div", { class: "nin-side" }, h("div", {}, map.element, below, key, theoryKey()), trajectory.charts),
    h("div", { class: "nin-controls" }, ...Object.values(RANGES).map(range => slider(view, range))),
    trajectory.steps,
    trajectory.buttons,
  );
  followSettings(view, map, key, trajectory.paint);
}

/** @type {(model: Model) => keyof typeof RANGES} */
const verticalOf = model => model.get("vertical");

/**
 * Asks for the map anew when a setting changes that is not one of its axes, and moves the point.
 * @param {View} view
 * @param {import("../charts/map.js").CellMap} map
 * @param {Element} key
 * @param {() => void} paintTrajectory
 */
function followSettings(view, map, key, paintTrajectory) {
  const { root, model, listen } = view;
  /** @type {PhaseMap | null} */
  let answer = null;
  let values = new Float64Array(0);
  const phaseMap = createPhaseMap(view, newAnswer => {
    answer = newAnswer;
    root.nin.map = { sigma_eps: SIGMAS, vertical: values, ...answer };
    color();
  });
  const color = () => {
    if (answer) showColors(map, key, answer, model.get("color") === "steps");
  };
  let asked = "";
  function refresh() {
    const [p, name] = [readSettings(model), verticalOf(model)];
    const { sigma_eps, [name]: y, ...rest } = p;
    const wanted = JSON.stringify([name, rest]);
    if (wanted !== asked) {
      values = spread(RANGES[name], CELLS.rows);
      phaseMap.request({ p, columns: ["sigma_eps", SIGMAS], rows: [name, values] });
      map.show({
        axes: { x: RANGES.sigma_eps, y: RANGES[name] },
        vertical: VERTICALS[name],
        lines: theoryLines(p, name, values),
      });
    }
    asked = wanted;
    map.show({ point: { x: sigma_eps, y } });
    paintTrajectory();
  }
  listen([...SETTINGS, "vertical"], atOnce(refresh));
  listen(["color"], color);
  refresh();
}

/**
 * Theory's boundaries over the values of the vertical axis.
 * @param {LinearSettings} p
 * @param {keyof typeof RANGES} name
 * @param {Float64Array} values
 * @returns {MapLine[]}
 */
function theoryLines(p, name, values) {
  const along = Array.from(values, value => ({
    value,
    theory: Object.values(boundaries({ ...p, [name]: value })),
  }));
  return THEORY.map(({ dash }, k) => ({
    dash: DASHES[dash],
    points: along.map(({ value, theory }) => [theory[k], value]),
  }));
}

/**
 * @param {import("../charts/map.js").CellMap} map
 * @param {Element} key
 * @param {PhaseMap} answer
 * @param {boolean} bySteps
 */
function showColors(map, key, answer, bySteps) {
  if (bySteps) {
    const { pixels, fewest, most } = colorBySteps(answer);
    map.showCells(pixels);
    key.replaceChildren(...stepsKey(fewest, most));
  } else {
    map.showCells(colorByPhase(answer.phases));
    key.replaceChildren(...phaseKey());
  }
  map.show({ names: bySteps ? [] : regionNames(answer.phases, CELLS) });
}

const phaseKey = () => PHASES.map(phase => h("span", {}, swatch(phase), phase));

function theoryKey() {
  const samples = THEORY.map(({ text, dash }) =>
    h("span", {}, lineSample({ color: "currentColor", dash }), text),
  );
  return h("div", { class: "nin-legend nin-key" }, "theory:", ...samples);
}

/**
 * @param {number} fewest
 * @param {number} most
 */
function stepsKey(fewest, most) {
  const ramp = h("span", {
    class: "nin-ramp",
    style: `background: linear-gradient(90deg, ${stepColors.join()})`,
  });
  return [h("span", {}, `${fewest} `, ramp, ` ${most} steps`), h("span", {}, "empty: not learned")];
}

export const { render, mountAll } = defineExplorer(
  "phase-diagram",
  "Explorer: phase diagram of the linear model",
  mount,
);
