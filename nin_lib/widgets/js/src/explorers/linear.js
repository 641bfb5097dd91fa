// The trajectory of the two-layer linear model under a slider for sigma_eps, and the band of its phases.

import { createBand } from "../charts/band.js";
import { slider } from "../ui/controls.js";
import { atOnce, defineExplorer, h, onFrame } from "../ui/host.js";
import { boundaries, losses, simulate } from "../models/linear-model.js";
import { noiseStream } from "../models/noise.js";
import { createPhaseMap, spread } from "../workers/phase-map.js";
import { createTrajectory, RANGES, readSettings, SETTINGS } from "./parts/trajectory.js";

const CELLS = 256;
const OTHERS = SETTINGS.filter(name => name !== "sigma_eps");

export function mount(root, model, overlay) {
  const trajectory = createTrajectory(root, model, overlay);
  const [main, ...others] = ["sigma_eps", "eta", "batch_size", "w1", "w_ni"].map(name =>
    slider(model, RANGES[name]),
  );
  const band = createBand(model, RANGES.sigma_eps, ["decay", "late catapult", "catapult", "divergence"]);
  root.append(
    main[0],
    band.element,
    trajectory.status,
    trajectory.charts,
    h("div", { class: "nin-controls" }, ...others.map(([element]) => element)),
    trajectory.buttons,
  );

  const sigmas = spread(RANGES.sigma_eps, CELLS);
  const phaseMap = createPhaseMap(({ phases, fine }) => {
    band.showPhases(phases);
    root.ninBand = { sigma_eps: sigmas, phases, fine };
  });
  function refreshBand() {
    const p = readSettings(model);
    phaseMap.request({ p, columns: ["sigma_eps", sigmas], rows: ["sigma_x", [p.sigma_x]] });
    band.showTicks(Object.values(boundaries(p)));
  }
  const paint = atOnce(trajectory.paint);
  const bandSoon = onFrame(() => setTimeout(refreshBand)); // behind the frame that shows the curves
  for (const name of SETTINGS) model.on(`change:${name}`, paint);
  for (const name of OTHERS) model.on(`change:${name}`, bandSoon);
  trajectory.paint();
  refreshBand();

  return () => {
    for (const name of SETTINGS) model.off(`change:${name}`, paint);
    for (const name of OTHERS) model.off(`change:${name}`, bandSoon);
    for (const part of [phaseMap, trajectory, band]) part.destroy();
    for (const [, end] of [main, ...others]) end();
  };
}

export const { render, mountAll } = defineExplorer("linear", mount);
export { boundaries, losses, noiseStream, simulate }; // what the tests compare with Python
