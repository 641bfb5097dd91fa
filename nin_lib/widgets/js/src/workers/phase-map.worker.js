// Computes maps of phases off the main thread, coarse to fine, and drops a map as soon as a newer one is asked for.

import { refine } from "../models/phase-map.js";
import { noiseStream } from "../models/noise.js";
import { pause } from "./pause.js";

const SLICE_MS = 20; // how long a newer request may have to wait
/** @type {number | null} */
let latest = null;

/**
 * The settings p with two of them replaced in each cell by these values.
 * @typedef {{ id: number } & import("../models/phase-map.js").Cells} Request
 */

// Answers a PhaseMap after each pass; `fine` says that every cell is its own.
onmessage = async (/** @type {MessageEvent<Request>} */ { data }) => {
  latest = data.id;
  const { id, ...cells } = data;
  let since = performance.now();
  for (const pass of refine(cells, noiseStream(cells.p.seed, cells.p.steps))) {
    if (pass) postMessage({ id, ...pass });
    else if (performance.now() - since > SLICE_MS) {
      await pause();
      if (latest !== id) return;
      since = performance.now();
    }
  }
};
