// How near the layer of the node is to the edge, beyond which W_NI grows: eta sigma_eps^2 lambda_max, with the line at 2.

import { createChart } from "../../charts/chart.js";
import { h } from "../../ui/elements.js";

const EDGE = 2; // W_NI is unstable, to second order, where eta sigma^2 lambda is larger

/** @param {View} view */
export function createEdge(view) {
  const chart = createChart(view, {
    title: "How near the edge",
    at: "epoch",
    xTitle: "epoch",
    curves: [
      { name: h("span", {}, "ησ²λ", h("sub", {}, "max")), color: palette.weights.w1, kind: "dotted" },
      { name: "2, the edge", color: palette.phases.catapult, dash: "dash" },
    ],
    logY: true,
  });
  return {
    element: chart.element,
    /**
     * The largest eigenvalues of the local Hessian at the start of the epochs, NaN where not measured.
     * @type {(p: Pick<TrainingSettings, "eta" | "sigma_eps">, largest: ArrayLike<number>, epochs: number) => void}
     */
    show({ eta, sigma_eps }, largest, epochs) {
      const values = Array.from(largest, value => eta * sigma_eps ** 2 * value);
      const at = Float64Array.from({ length: epochs + 1 }, (_, epoch) => epoch);
      const known = values.filter(Number.isFinite);
      chart.set({
        at,
        ys: [values, at.map(() => EDGE)],
        yRange: [-3, Math.ceil(Math.log10(Math.max(100, ...known)))],
        description: `eta sigma squared times the largest eigenvalue of the local Hessian, ${known.at(-1)?.toPrecision(3) ?? "not measured yet"} now; the edge is at 2.`,
      });
    },
  };
}
