// The colours and the names of a map's cells. A colour is the four bytes of a pixel in one number; 0 is no colour.

import { longestRuns } from "../../charts/band-layout.js";
import { PHASES } from "../../ui/phases.js";

/** @param {number[]} bytes red, green and blue */
export const pixel = bytes => new Uint32Array(Uint8Array.of(...bytes, 255).buffer)[0];
/** @param {string} hex "#rrggbb" */
export const bytesOf = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));

const PHASE_PIXELS = PHASES.map(phase => pixel(bytesOf(palette.phases[phase])));
// The ramp in 256 shades.
const RAMP = Uint32Array.from({ length: 256 }, (_, i) => {
  const place = (i / 255) * (stepColors.length - 1);
  const [from, to] = [Math.floor(place), Math.ceil(place)].map(k => bytesOf(stepColors[k]));
  return pixel(from.map((byte, k) => byte + (place % 1) * (to[k] - byte)));
});

/** @param {Uint8Array} phases */
export const colorByPhase = phases => Uint32Array.from(phases, phase => PHASE_PIXELS[phase]);

/**
 * By the steps that the clean loss takes, from the fewest to the most on a logarithmic scale.
 * @param {Pick<PhaseMap, "phases" | "learned">} map
 */
export function colorBySteps({ phases, learned }) {
  // A run that diverges has not learned, whatever it hit on the way.
  const steps = learned.map((step, i) => (PHASES[phases[i]] === "divergent" ? -1 : step));
  const [fewest, most] = rangeOf(steps);
  const span = Math.log(most / fewest) || 1;
  const shade = (/** @type {number} */ step) => RAMP[Math.round((255 * Math.log(step / fewest)) / span)];
  return { pixels: Uint32Array.from(steps, step => (step > 0 ? shade(step) : 0)), fewest, most };
}

/** @param {Int32Array} steps */
function rangeOf(steps) {
  let [fewest, most] = [Infinity, 1];
  for (const step of steps) {
    if (step > 0 && step < fewest) fewest = step;
    if (step > most) most = step;
  }
  return [Math.min(fewest, most), most];
}

const AROUND = 6;
const NAMED = 0.88; // of the map's height: above, the vertical axis has its name

/**
 * A line of cells without those that are unlike both neighbours, which are alike: single streaks part no region.
 * @param {Uint8Array} line
 */
const calm = line => line.map((cell, k) => (line[k - 1] === line[k + 1] ? line[k - 1] : cell));

/**
 * Each phase's name where its region is widest, and where it is highest.
 * @param {Uint8Array} phases
 * @param {{ columns: number, rows: number }} cells
 * @returns {MapName[]}
 */
export function regionNames(phases, { columns, rows }) {
  const inRows = Array.from({ length: rows }, (_, row) =>
    phases.subarray(row * columns, (row + 1) * columns),
  );
  const inColumns = Array.from({ length: columns }, (_, k) => Uint8Array.from(inRows, row => row[k]));
  const below = inRows.slice(0, Math.floor(NAMED * rows));
  const [along, upright] = [below, inColumns].map(lines => lines.map(line => longestRuns(calm(line))));
  return PHASES.flatMap((text, phase) => {
    const [widest, highest] = [mostRoom(along, phase), mostRoom(upright, phase)];
    return widest || highest ? [{ text, along: widest, upright: highest }] : [];
  });
}

/**
 * The run of a phase in the line where it is longest and no single odd line makes it so.
 * @param {ReturnType<typeof longestRuns>[]} longest of each line
 * @param {number} phase
 * @returns {MapRun | null}
 */
function mostRoom(longest, phase) {
  const runs = longest.map(run => run.get(phase) ?? { from: 0, to: 0 });
  const lengths = runs.map(({ from, to }) => to - from);
  let best = { line: 0, room: 0, ...runs[0] };
  for (let line = AROUND; line < runs.length - AROUND; line++) {
    const room = Math.min(...lengths.slice(line - AROUND, line + AROUND + 1));
    // Of lines with as much room as each other, that with the shortest run of its own.
    if (room > best.room || (room === best.room && lengths[line] < best.to - best.from))
      best = { line, room, ...runs[line] };
  }
  return best.room > 0 ? best : null;
}
