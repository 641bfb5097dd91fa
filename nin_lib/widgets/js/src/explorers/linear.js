// The trajectory of the two-layer linear model under a slider for sigma_eps, and the band of its phases.

import { createBand } from "../charts/band.js";
import { boundaries, losses, simulate } from "../models/linear-model.js";
import { noiseStream } from "../models/noise.js";
import { slider } from "../ui/controls.js";
import { h } from "../ui/elements.js";
import { atOnce, onFrame } from "../ui/frames.js";
import { defineExplorer } from "../ui/host.js";
import { spread } from "../ui/scale.js";
import { createPhaseMap } from "../workers/phase-map.js";
import { RANGES, readSettings, SETTINGS, THEORY } from "./parts/linear-settings.js";
import { createTrajectory } from "./parts/trajectory.js";

const CELLS = 256;
const OTHERS = SETTINGS.filter(name => name !== "sigma_eps");

/**
 * @param {View} view
 * @param {import("./parts/trajectory.js").Overlay} [overlay]
 */
export function mount(view, overlay) {
  const { root, model, listen } = view;
  const trajectory = createTrajectory(view, overlay);
  const band = createBand(view, RANGES.sigma_eps, THEORY);
  const others = [RANGES.eta, RANGES.batch_size, RANGES.w1, RANGES.w_ni].map(range => slider(view, range));
  root.append(
    slider(view, RANGES.sigma_eps),
    band.element,
    trajectory.status,
    trajectory.charts,
    trajectory.steps,
    h("div", { class: "nin-controls" }, ...others),
    trajectory.buttons,
  );

  const sigmas = spread(RANGES.sigma_eps, CELLS);
  const phaseMap = createPhaseMap(view, ({ phases, fine }) => {
    band.showPhases(phases);
    root.nin.band = { sigma_eps: sigmas, phases, fine };
  });
  function refreshBand() {
    const p = readSettings(model);
    phaseMap.request({ p, columns: ["sigma_eps", sigmas], rows: ["sigma_x", [p.sigma_x]] });
    band.showBoundaries(Object.values(boundaries(p)));
  }
  listen(SETTINGS, atOnce(trajectory.paint));
  const behindTheCurves = onFrame(() => setTimeout(refreshBand)); // behind the frame that shows them
  listen(OTHERS, behindTheCurves);
  trajectory.paint();
  refreshBand();
}

export const { render, mountAll } = defineExplorer("linear", "Explorer: training of the linear model", mount);
export { boundaries, losses, noiseStream, simulate }; // what the tests compare with Python
