// Runs that the reader keeps: their curves, pale, below those of the run that is shown, and their settings in the legend.

import { h } from "../ui/elements.js";
import { DASHES, lineSample } from "./chart-parts.js";
import { drawnValues } from "./values.js";

const STYLES = ["dash", "dot", "solid"];
const PALE = 0.5;

/**
 * The oldest goes when there are more than three.
 * @param {Curve[]} curves those of the chart
 * @param {boolean} logY
 */
export function createGhosts(curves, logY) {
  const legend = h("div", { class: "nin-legend nin-ghosts" });
  /** @type {{ at: ArrayLike<number>, ys: ArrayLike<number | null>[], until: number, dash: string, entry: Element }[]} */
  let kept = [];
  return {
    legend,
    /** @param {string} color that of the samples in the legend */
    named: color =>
      kept.map(({ entry, dash }) => ({ text: entry.textContent ?? "", color, dashes: DASHES[dash] })),
    /**
     * How a reader keeps what is shown, and forgets all that is kept.
     * @param {Shown} shown
     * @param {() => void} redraw
     */
    keeping: (shown, redraw) => ({
      keep(/** @type {Node} */ label) {
        const { at, ys, until } = shown;
        if (kept.length === STYLES.length) kept.shift();
        const dash = STYLES.find(style => kept.every(ghost => ghost.dash !== style)) ?? STYLES[0];
        const entry = h("span", {}, lineSample({ color: "currentColor", dash }), label);
        kept.push({ at: Array.from(at), ys: ys.map(y => Array.from(y)), until, dash, entry });
        legend.replaceChildren(...kept.map(ghost => ghost.entry));
        redraw();
      },
      forget() {
        kept = [];
        legend.replaceChildren();
        redraw();
      },
    }),
    /**
     * @param {import("uplot")} u
     * @param {Shown} shown the axes
     */
    draw(u, { x, xRange, yRange }) {
      const { ctx } = u;
      const { left, top, width, height } = u.bbox;
      const [[x0, x1], [y0, y1]] = [xRange, yRange];
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, width, height);
      ctx.clip();
      ctx.globalAlpha = PALE;
      ctx.lineWidth = 1.25 * devicePixelRatio;
      for (const { at, ys, until, dash } of kept) {
        ctx.setLineDash(DASHES[dash].map(length => length * devicePixelRatio));
        ys.forEach((y, k) => {
          ctx.strokeStyle = curves[k].color;
          ctx.beginPath();
          drawnValues(y, at, { yRange, until, logY }).forEach((value, i) => {
            if (value === null) return;
            const place = x.place(at[i]);
            ctx.lineTo(left + ((place - x0) / (x1 - x0)) * width, top + ((y1 - value) / (y1 - y0)) * height);
          });
          ctx.stroke();
        });
      }
      ctx.restore();
    },
  };
}
