// How near the layer of the node is to the edge, beyond which W_NI grows: eta sigma_eps^2 lambda_max, with the line at 2.

import { createChart } from "../charts/chart.js";
import { h } from "../ui/elements.js";

const EDGE = 2;

/**
 * A part to unfold; `look` is told whether it is, since the largest eigenvalue costs some products more an epoch.
 * @param {View} view
 * @param {(open: boolean) => void} look
 */
export function createEdge(view, look) {
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
  const element = h(
    "details",
    { class: "nin-details" },
    h("summary", {}, "Why it does so: the local curvature, measured as it trains"),
    h("div", { class: "nin-charts" }, chart.element),
  );
  element.addEventListener("toggle", () => look(element.open));
  return {
    element,
    /** @param {import("../models/sliced-training.js").SlicedHistory} history */
    show({ p, largest }) {
      if (!element.open) return;
      const values = Array.from(largest, value => p.eta * p.sigma_eps ** 2 * value);
      const now = values.filter(Number.isFinite).pop();
      chart.set({
        at: values.map((_, epoch) => epoch),
        ys: [values, values.map(() => EDGE)],
        yRange: [-3, 4],
        description: `eta sigma squared times the largest eigenvalue of the local Hessian, ${now?.toPrecision(3) ?? "not yet measured"}; the edge is at 2.`,
      });
    },
  };
}
