// A run of the linear model step by step: the point of both weights that feed the noise hops over the valley.

import { createPlane } from "../../charts/plane.js";
import { LOG_STEPS } from "../../charts/ticks.js";
import { stability } from "../../models/linear-model.js";
import { slider } from "../../ui/controls.js";
import { button, h } from "../../ui/elements.js";
import { format } from "../../ui/format.js";
import { StaticModel } from "../../ui/model.js";
import { listenTo } from "../../ui/view.js";

const DECADES_PER_SECOND = 0.35; // of 1 + step: the first steps are seen one by one
const CALM_MS = 700; // from step to step for who wants less motion
const FULL = 4; // where the bar ends
const NOTE =
  "On the two axes no noise reaches the output: they are the floor of the valley. The noise alone never leads out of the circle S = 4, " +
  "nor into it, and a run can rest on an axis only inside S = 2. Here S is ησ²(w₁² + wNI²).";

/**
 * A part to unfold. `paint` is called when another step, or none any more, is to be shown; then `at` says which.
 * @param {View} view
 * @param {() => void} paint
 */
export function createSteps(view, paint) {
  const now = new StaticModel({ step: 0 });
  const plane = createPlane(view, { x: "w₁", y: "wNI", color: palette.weights.w_ni });
  const bar = h("div", { class: "nin-bar", "aria-hidden": "true" }, h("i"));
  const says = h("p", { class: "nin-reads" });
  const scrub = h("div", {}, scrubber(view, now));
  view.listen(["steps"], () => scrub.replaceChildren(scrubber(view, now)));
  let end = view.model.get("steps"); // of the run
  const player = createPlayer(view, now, () => end);
  const side = h(
    "div",
    {},
    scrub,
    h("p", { class: "nin-play" }, player.element),
    says,
    bar,
    h("p", { class: "nin-note" }, NOTE),
  );
  const parts = h("div", { class: "nin-steps" }, plane.element, side);
  const element = h("details", { class: "nin-details" }, h("summary", {}, "Step by step"), parts);
  element.addEventListener("toggle", () => {
    if (!element.open) player.pause();
    paint();
  });
  now.on("change:step", paint);
  return {
    element,
    /** @type {() => number | null} */
    at: () => (element.open ? Math.min(now.get("step"), end) : null),
    /**
     * @param {LinearSettings} p
     * @param {LinearRun} run
     */
    show(p, run) {
      end = run.lost ?? p.steps;
      const step = Math.min(now.get("step"), end);
      if (!element.open) return;
      const [, w1, w_ni] = run.weights;
      const [X, S] = stability(p, w1[step], w_ni[step]);
      says.textContent = inWords(step, X, S);
      bar.style.setProperty("--part", `${100 * Math.min(X / FULL, 1)}%`);
      plane.show(drawn(p, run, step, says.textContent));
      view.root.nin.steps = { step, X, S };
    },
  };
}

/**
 * The slider over the steps that the run may have.
 * @param {View} view
 * @param {StaticModel} now
 */
function scrubber(view, now) {
  const most = view.model.get("steps");
  const range = { name: "step", label: "training", min: 0, max: most, step: 1, integer: true };
  const limits = new Map([
    ["step", { low: 0, high: most, whole: true, remedy: "it counts the steps of the run" }],
  ]);
  return slider({ ...view, model: now, limits, listen: listenTo(now, view.own) }, range);
}

/**
 * @param {number} step
 * @param {number} X
 * @param {number} S
 */
function inWords(step, X, S) {
  const next =
    X > 2
      ? "above 2: a step throws the noise weight over the valley and beyond"
      : "below 2: a step takes the noise weight towards zero";
  const other =
    S - X > 2 ? `; its other part, ησ²wNI² = ${format(S - X)}, is above 2, too, and throws w₁` : "";
  return `Step ${step}: ησ²λ = ησ²w₁² = ${format(X)}, ${next}. S = ${format(S)}${other}.`;
}

/**
 * @param {LinearSettings} p
 * @param {LinearRun} run
 * @param {number} step
 * @param {string} description
 * @returns {import("../../charts/plane.js").PlaneShown}
 */
function drawn(p, { weights: [, w1, w_ni], lost }, step, description) {
  const [, unit] = stability(p, 1, 0);
  const [edge, rest] = [4, 2].map(S => Math.sqrt(S / unit));
  const size = [w1, w_ni].flatMap(w => Array.from(w.subarray(0, lost ?? w.length), Math.abs));
  const far = Math.min(
    size.reduce((a, b) => Math.max(a, b), 0),
    3 * edge,
  );
  return {
    reach: 1.1 * Math.max(far, Math.min(edge, 2 * far)),
    circles: [
      { radius: edge, text: "S = 4", color: palette.phases.divergent, dash: "solid" },
      { radius: rest, text: "S = 2, late", color: palette.phases.catapult, dash: "dashdot" },
    ],
    path: Array.from({ length: step + 1 }, (_, t) => [w1[t], w_ni[t]]),
    description,
  };
}

/**
 * The button that plays. Steps pass one by one where a reader wants less motion, else evenly on the logarithmic axis.
 * @param {View} view
 * @param {StaticModel} now
 * @param {() => number} end
 */
function createPlayer({ own }, now, end) {
  let timer = 0;
  const element = button("Play", () => (timer ? pause() : play()));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  function pause() {
    clearTimeout(timer);
    timer = 0;
    element.textContent = "Play";
  }
  function play() {
    if (now.get("step") >= end()) now.set("step", 0);
    element.textContent = "Pause";
    let [place, since] = [LOG_STEPS.place(now.get("step")), performance.now()];
    const tick = () => {
      const time = performance.now();
      place += ((time - since) / 1000) * DECADES_PER_SECOND;
      since = time;
      const step = calm.matches ? now.get("step") + 1 : Math.floor(LOG_STEPS.value(place) + 1e-9);
      now.set("step", Math.min(step, end()));
      if (now.get("step") >= end()) return pause();
      timer = window.setTimeout(tick, calm.matches ? CALM_MS : 16);
    };
    timer = window.setTimeout(tick, calm.matches ? CALM_MS : 16);
  }
  own(pause);
  return { element, pause };
}
