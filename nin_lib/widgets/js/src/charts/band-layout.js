// Where the names and the scale of a band of phases stand. A cell of the band may hold no phase, -1.

/**
 * From where to where the longest run of each phase goes that occurs.
 * @param {ArrayLike<number>} phases
 * @returns {Map<number, { from: number, to: number }>}
 */
export function longestRuns(phases) {
  const longest = new Map();
  for (let from = 0, i = 1; i <= phases.length; i++) {
    if (i < phases.length && phases[i] === phases[from]) continue;
    if (phases[from] < 0) {
      from = i;
      continue;
    }
    const known = longest.get(phases[from]) ?? { from: 0, to: 0 };
    if (i - from > known.to - known.from) longest.set(phases[from], { from, to: i });
    from = i;
  }
  return longest;
}

const GAP = 8;
/**
 * The left edge of each phase's name, of these widths, over the middle of its longest run, or as near to it as the others let it
 * be; null where there is no such phase, and of those at the left where there is no room for all.
 * @param {ArrayLike<number>} phases
 * @param {number} width
 * @param {number[]} widths
 */
export function namePlaces(phases, width, widths) {
  /** @type {(number | null)[]} */
  const places = widths.map(() => null);
  const runs = [...longestRuns(phases)].sort(([, a], [, b]) => b.from - a.from);
  let room = width;
  const fitting = runs.filter(([phase]) => {
    room -= widths[phase];
    const fits = room >= 0;
    room -= GAP;
    return fits;
  });
  let edge = width; // from the right, where runs are short, and back
  const lefts = fitting.map(([phase, { from, to }]) => {
    const left = Math.min(
      (width * (from + to)) / 2 / phases.length - widths[phase] / 2,
      edge - widths[phase],
    );
    edge = left - GAP;
    return left;
  });
  edge = 0;
  for (let k = fitting.length - 1; k >= 0; k--) {
    const [phase] = fitting[k];
    const left = Math.max(lefts[k], edge);
    places[phase] = left;
    edge = left + widths[phase] + GAP;
  }
  return places;
}

/**
 * The left edge of each label of a scale, of these widths, in the middle over its place from 0 to 1; null for one without room.
 * The first and the last have it before those between them.
 * @param {number[]} places
 * @param {number} width
 * @param {number[]} widths
 */
export function labelPlaces(places, width, widths) {
  /** @type {(number | null)[]} */
  const result = places.map(() => null);
  const order = [0, places.length - 1, ...places.keys()];
  for (const k of order) {
    const from = places[k] * width - widths[k] / 2;
    const free = result.every(
      (other, j) => other === null || from + widths[k] <= other || from >= other + widths[j],
    );
    if (free) result[k] = from;
  }
  return result;
}

const PER_STOP = 20;
/**
 * A phase for each stop of a slider as cells of the band below it: from a stop to the next of the same phase, and else only as
 * far as a stop can be seen: somewhere between the two the phase changes.
 * @param {number[]} phases
 */
export function cellsOfStops(phases) {
  if (phases.length === 1) return phases;
  const cells = new Int8Array((phases.length - 1) * PER_STOP).fill(-1);
  phases.forEach((phase, i) => {
    const to = phase === phases[i + 1] ? (i + 1) * PER_STOP : i * PER_STOP + 1;
    cells.fill(phase, Math.max(i * PER_STOP - 1, 0), to);
  });
  return cells;
}
