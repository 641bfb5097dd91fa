// The phases over a slider whose every position costs a training: it is searched where they change.

/**
 * Of n positions it asks first for the ends and the middle, then for the middles between neighbours of different phases, the
 * widest gap first. Between two of the same phase that phase is taken to hold.
 * @param {number} n
 */
export function searchPhases(n) {
  /** @type {Map<number, string>} */
  const found = new Map();
  const gaps = () => {
    const known = [...found.keys()].sort((a, b) => a - b);
    return known
      .slice(1)
      .map((to, k) => ({ from: known[k], to, same: found.get(known[k]) === found.get(to) }));
  };
  return {
    /** The position to try next; null if there is none. */
    next() {
      const first = [0, n - 1, (n - 1) >> 1].find(k => !found.has(k));
      if (first !== undefined) return first;
      const open = gaps().filter(({ from, to, same }) => !same && to - from > 1);
      const widest = open.sort((a, b) => b.to - b.from - (a.to - a.from))[0];
      return widest ? (widest.from + widest.to) >> 1 : null;
    },
    /** @type {(position: number, phase: string) => void} */
    found: (position, phase) => void found.set(position, phase),
    /** The phases, null where none is known. */
    cells() {
      /** @type {(string | null)[]} */
      const cells = new Array(n).fill(null);
      for (const [k, phase] of found) cells[k] = phase;
      for (const { from, to, same } of gaps()) if (same) cells.fill(cells[from], from, to);
      return cells;
    },
  };
}
