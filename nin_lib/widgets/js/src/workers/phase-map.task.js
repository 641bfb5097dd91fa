// Computes maps of phases in slices, coarse to fine, and drops a map as soon as a newer one is asked for.

import { noiseStream } from "../models/noise.js";
import { refine } from "../models/phase-map.js";

const SLICE_MS = 20; // how long a newer request may have to wait

/**
 * The settings p with two of them replaced in each cell by these values.
 * @typedef {{ id: number } & import("../models/phase-map.js").Cells} Request
 */

/**
 * Answers a request by a PhaseMap after each pass; `fine` says that every cell is its own.
 * @param {(answer: PhaseMap) => void} tell
 * @param {() => Promise<unknown>} pause
 */
export function mapPhases(tell, pause) {
  /** @type {number | null} */
  let latest = null;
  return async (/** @type {Request} */ { id, ...cells }) => {
    latest = id;
    let since = performance.now();
    for (const pass of refine(cells, noiseStream(cells.p.seed, cells.p.steps))) {
      if (pass) tell({ id, ...pass });
      else if (performance.now() - since > SLICE_MS) {
        await pause();
        if (latest !== id) return;
        since = performance.now();
      }
    }
  };
}
