// Runs that the reader keeps: their curves, pale, below those of the run that is shown, and their settings in a key.

import { h } from "../ui/elements.js";
import { onPage } from "../ui/theme.js";
import { DASHES, ink, lineSample } from "./chart-parts.js";
import { drawnValues } from "./values.js";

const STYLES = ["dash", "dot", "solid"];
const PALE = 0.5;
const WIDTH = 1.25;

// Of no colour: it stands for the curves of every chart.
const paleSample = (/** @type {string} */ dash) =>
  lineSample({ color: "currentColor", dash, width: WIDTH, alpha: PALE });

/**
 * The oldest goes when there are more than three.
 * @param {Curve[]} curves those of the chart
 * @param {boolean} logY
 */
export function createGhosts(curves, logY) {
  /** @type {{ at: ArrayLike<number>, ys: ArrayLike<number | null>[], until: number, dash: string, label: Node }[]} */
  let kept = [];
  return {
    /** @param {Element} root */
    named: root =>
      kept.map(({ label, dash }) => ({
        text: label.textContent ?? "",
        color: ink(root, PALE),
        dashes: DASHES[dash],
      })),
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
        kept.push({ at: Array.from(at), ys: ys.map(y => Array.from(y)), until, dash, label });
        redraw();
      },
      kept: () => kept.map(({ label, dash }) => h("span", {}, paleSample(dash), label.cloneNode(true))),
      forget() {
        kept = [];
        redraw();
      },
    }),
    /**
     * @param {import("uplot")} u
     * @param {Element} root
     * @param {Shown} shown the axes
     */
    draw(u, root, { x, xRange, yRange }) {
      const { ctx } = u;
      const { left, top, width, height } = u.bbox;
      const [[x0, x1], [y0, y1]] = [xRange, yRange];
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, width, height);
      ctx.clip();
      ctx.globalAlpha = PALE;
      ctx.lineWidth = WIDTH * devicePixelRatio;
      for (const { at, ys, until, dash } of kept) {
        ctx.setLineDash(DASHES[dash].map(length => length * devicePixelRatio));
        ys.forEach((y, k) => {
          ctx.strokeStyle = onPage(root, curves[k].color);
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
