// What the curves of a chart are called, what they are where the cursor is, and which of them are there.

import { h } from "../ui/elements.js";
import { format } from "../ui/format.js";
import { onPage } from "../ui/theme.js";
import { curveSample, DASHES } from "./chart-parts.js";
import { valueAt } from "./values.js";

/**
 * Whether there is anything to draw of a curve, or to name.
 * @param {ArrayLike<number | null>} ys
 */
const isThere = ys => Array.prototype.some.call(ys, Number.isFinite);

/** @param {Curve} curve */
export const textOf = ({ name }) => (typeof name === "string" ? name : (name?.textContent ?? ""));

/**
 * The legend as a picture of the chart has it.
 * @param {Element} root
 * @param {Curve[]} curves
 * @param {Shown["ys"]} ys
 */
export const legendOf = (root, curves, ys) =>
  curves
    .filter(({ name }, k) => name && isThere(ys[k]))
    .map(curve => ({
      text: textOf(curve),
      color: onPage(root, curve.color),
      dashes: DASHES[curve.dash ?? "solid"],
    }));

/**
 * The names of the curves, each with a place for its reading, and hidden while nothing is drawn of it.
 * @param {Curve[]} curves
 */
export function createLegend(curves) {
  const readings = curves.map(() => h("span", { class: "nin-reading" }));
  const names = curves.map(({ name, ...curve }, k) =>
    name ? h("span", {}, curveSample(curve), name, readings[k]) : null,
  );
  return {
    element: h("div", { class: "nin-legend" }, ...names.filter(name => name !== null)),
    /** @param {Shown["ys"]} ys */
    show(ys) {
      names.forEach((name, k) => name?.classList.toggle("nin-absent", !isThere(ys[k])));
    },
    /**
     * Writes what the curves are where the cursor is.
     * @param {number | null | undefined} at
     * @param {Shown["ys"]} ys
     */
    read(at, ys) {
      readings.forEach((reading, k) => {
        const value = valueAt(ys[k], at, curves[k].join ?? false);
        const text = value === null ? "" : format(value);
        if (reading.textContent !== text) reading.textContent = text;
      });
    },
  };
}
