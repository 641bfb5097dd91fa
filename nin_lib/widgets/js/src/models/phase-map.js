// The phases of the linear model over two settings, coarse to fine.

import { simulate } from "./linear-model.js";

/**
 * The settings p with two of them, named and with their values, replaced in each cell.
 * @typedef {object} Cells
 * @property {LinearSettings} p
 * @property {[keyof LinearSettings, ArrayLike<number>]} columns
 * @property {[keyof LinearSettings, ArrayLike<number>]} rows
 */

/**
 * Yields the map after each pass, row by row, where cells that are not yet computed repeat a neighbour; and null after each row
 * of a pass. `fine` says that every cell is its own; `learned` is -1 where a run has not learned.
 * @param {Cells} cells
 * @param {Float64Array} noise
 */
export function* refine({ p: settings, columns: [column, xs], rows: [row, ys] }, noise) {
  const p = { ...settings };
  const [width, height] = [xs.length, ys.length];
  const phases = new Uint8Array(width * height);
  const learned = new Int32Array(width * height);
  for (let block = 8; block >= 1; block /= 2) {
    for (let y = 0; y < height; y += block) {
      p[row] = ys[y];
      for (let x = 0; x < width; x += block) {
        if (block < 8 && x % (2 * block) === 0 && y % (2 * block) === 0) continue; // known from the coarser pass
        p[column] = xs[x];
        const cell = simulate(p, noise);
        for (let j = y; j < Math.min(y + block, height); j++) {
          phases.fill(cell.phase, j * width + x, j * width + Math.min(x + block, width));
          learned.fill(cell.learned ?? -1, j * width + x, j * width + Math.min(x + block, width));
        }
      }
      yield null;
    }
    yield { phases, learned, fine: block === 1 };
  }
}
