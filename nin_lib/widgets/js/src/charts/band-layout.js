// Where the names and the ticks of a band of phases stand.

/**
 * From where to where the longest run of each phase goes that occurs.
 * @param {ArrayLike<number>} phases
 * @returns {Map<number, { from: number, to: number }>}
 */
export function longestRuns(phases) {
  const longest = new Map();
  for (let from = 0, i = 1; i <= phases.length; i++) {
    if (i < phases.length && phases[i] === phases[from]) continue;
    const known = longest.get(phases[from]) ?? { from: 0, to: 0 };
    if (i - from > known.to - known.from) longest.set(phases[from], { from, to: i });
    from = i;
  }
  return longest;
}

/**
 * The left edge of each phase's name, of these widths, over the middle of its longest run as far as there is room; null where
 * there is none, or no such phase. They are laid from the right, where runs are short.
 * @param {ArrayLike<number>} phases
 * @param {number} width
 * @param {number[]} widths
 */
export function namePlaces(phases, width, widths) {
  /** @type {(number | null)[]} */
  const places = widths.map(() => null);
  let edge = width;
  for (const [phase, { from, to }] of [...longestRuns(phases)].sort(([, a], [, b]) => b.from - a.from)) {
    const half = widths[phase] / 2;
    const middle = (width * (from + to)) / 2 / phases.length;
    const x = Math.min(Math.max(middle, half), edge - half);
    if (x >= half) places[phase] = x - half;
    edge = x - half - 8;
  }
  return places;
}

/**
 * The pole of each tick, at this place from 0 to 1, and its flag, of this width, which ends at the pole, or begins there where
 * there is no room on its left; where poles are close, the flag of the next one hangs a row lower. Null for a place that is
 * not on the band.
 * @param {number[]} places
 * @param {number} width
 * @param {number[]} widths
 */
export function tickPlaces(places, width, widths) {
  /** @type {{ from: number, to: number, row: number }[]} */
  const placed = [];
  /** @type {({ x: number, from: number, row: number } | null)[]} */
  const result = places.map(() => null);
  const inside = places.map((place, k) => ({ place, k })).filter(({ place }) => place > 0 && place < 1);
  for (const { place, k } of inside.sort((a, b) => a.place - b.place)) {
    const x = place * width;
    const from = x < widths[k] ? x : x - widths[k];
    let row = 0;
    for (const other of placed)
      if (other.to > from && other.from < from + widths[k]) row = Math.max(row, other.row + 1);
    placed.push({ from, to: from + widths[k], row });
    result[k] = { x, from, row };
  }
  return result;
}

/**
 * A phase for each stop of a slider as cells of equal width: stop i stands at i / (n - 1) of it, so that the first and the last
 * have half a cell.
 * @param {number[]} phases
 */
export const cellsOfStops = phases =>
  phases.flatMap((phase, i) => (i === 0 || i === phases.length - 1 ? [phase] : [phase, phase]));
