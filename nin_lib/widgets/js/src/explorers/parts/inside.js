// The net that trains, seen from inside: how near its layer is to the edge, its noise weights, and the digits that it reads.

import { createChart } from "../../charts/chart.js";
import { digitsShown, EPOCHS } from "../../models/digits-training.js";
import { h, symbol } from "../../ui/elements.js";
import { createEdge } from "./edge.js";

const SIDE = 8; // pixels of a digit

/**
 * A part to unfold; `ask` is called for a training that looks inside when a reader does.
 * @param {View} view
 * @param {() => void} ask
 */
export function createInside(view, ask) {
  const edge = createEdge(view);
  const weights = createWeights(view);
  const digits = createDigits();
  const charts = h("div", { class: "nin-charts" }, edge.element, weights.element);
  const element = h(
    "details",
    { class: "nin-details" },
    h("summary", {}, "See the network"),
    charts,
    digits.element,
  );
  element.addEventListener("toggle", () => element.open && ask());
  return {
    element,
    /** @param {TrainingHistory} history */
    show({ p, inside }) {
      const now = inside[inside.length - 1];
      if (!element.open || !now) return;
      edge.show(
        p,
        inside.map(({ largest }) => largest),
        EPOCHS,
      );
      weights.show(now, inside[0]);
      digits.show(now);
    },
  };
}

/** @param {View} view */
function createWeights(view) {
  const chart = createChart(view, {
    title: "Noise weights, unit by unit",
    at: "unit",
    xTitle: "hidden unit",
    curves: [{ name: symbol("w_ni"), color: palette.weights.w_ni, kind: "bars" }],
  });
  const at = Float64Array.from({ length: 128 }, (_, j) => j + 1);
  return {
    element: chart.element,
    /** @type {(now: Inside, start: Inside) => void} */
    show({ w_ni }, start) {
      const largest = [start.w_ni, w_ni].map(weights =>
        weights.reduce((a, w) => Math.max(a, Math.abs(w)), 0),
      );
      const top = Math.max(...largest);
      chart.set({
        at,
        ys: [w_ni],
        xRange: [0, 129],
        yRange: [-top, top],
        description: `The noise weights of 128 hidden units, the largest ${largest[1].toPrecision(2)}.`,
      });
    },
  };
}

// Digits of the validation set with the net's answers.
function createDigits() {
  const cells = digitsShown().map(pixels => {
    const [clean, noisy] = [h("span"), h("span")];
    const texts = h(
      "span",
      { class: "nin-answers" },
      h("span", {}, "clean ", clean),
      h("span", {}, "noisy ", noisy),
    );
    return { element: h("div", { class: "nin-digit" }, drawn(pixels), texts), clean, noisy };
  });
  return {
    element: h("div", { class: "nin-digits" }, ...cells.map(({ element }) => element)),
    /** @param {Inside} inside */
    show(inside) {
      cells.forEach(({ clean, noisy }, k) => {
        clean.textContent = inWords(inside.clean[k]);
        noisy.textContent = inWords(inside.noisy[k]);
      });
    },
  };
}

/** @param {Answer} answer */
const inWords = ({ right, answer, sure }) =>
  `${answer}${answer === right ? "" : " ✗"} ${Math.round(100 * sure)}\u00a0%`;

/** @param {Float64Array} pixels grey from 0 to 1 */
function drawn(pixels) {
  const canvas = h("canvas", {
    width: SIDE,
    height: SIDE,
    role: "img",
    "aria-label": "a digit written by hand",
  });
  const rgba = new Uint8ClampedArray(4 * pixels.length);
  pixels.forEach((grey, k) => rgba.set([255 * (1 - grey), 255 * (1 - grey), 255 * (1 - grey), 255], 4 * k));
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, SIDE, SIDE), 0, 0);
  return canvas;
}
