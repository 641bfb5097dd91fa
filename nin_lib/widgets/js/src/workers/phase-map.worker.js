// Computes maps of phases off the main thread, coarse to fine, and drops a map as soon as a newer one is asked for.

import { simulate } from "../models/linear-model.js";
import { noiseStream } from "../models/noise.js";
import { pause } from "./pause.js";

const SLICE_MS = 20; // how long a newer request may have to wait
let latest = null;

// request: { id, p, columns: [name, values], rows: [name, values] }: p with the two named values replaced in each
// cell. Answers { id, phases, learned, fine }: row by row, coarse cells first repeated over their blocks; fine says that
// every cell is its own.
onmessage = async ({ data }) => {
  latest = data.id;
  const { id, columns, rows } = data;
  const p = { ...data.p };
  const noise = noiseStream(p.seed, p.steps);
  const [width, height] = [columns[1].length, rows[1].length];
  const phases = new Uint8Array(width * height);
  const learned = new Int32Array(width * height);
  let since = performance.now();
  for (let block = 8; block >= 1; block /= 2) {
    for (let y = 0; y < height; y += block) {
      p[rows[0]] = rows[1][y];
      for (let x = 0; x < width; x += block) {
        if (block < 8 && x % (2 * block) === 0 && y % (2 * block) === 0) continue; // known from the coarser pass
        p[columns[0]] = columns[1][x];
        const cell = simulate(p, noise);
        for (let j = y; j < Math.min(y + block, height); j++) {
          phases.fill(cell.phase, j * width + x, j * width + Math.min(x + block, width));
          learned.fill(cell.learned ?? -1, j * width + x, j * width + Math.min(x + block, width));
        }
      }
      if (performance.now() - since > SLICE_MS) {
        await pause();
        if (latest !== id) return;
        since = performance.now();
      }
    }
    postMessage({ id, phases, learned, fine: block === 1 });
  }
};
