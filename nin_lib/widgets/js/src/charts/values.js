// What a chart draws of its values, and what it reads from them.

/** @param {number | null | undefined} value */
export const isNone = value => value == null || Number.isNaN(value);

/**
 * A curve's values as they are drawn, null where nothing is. On a logarithmic axis they are logarithms, so that zero and 1e100
 * are as good as any value: what lies beyond the axis is drawn just outside of it, and what is not finite not at all.
 * @param {ArrayLike<number | null>} values
 * @param {ArrayLike<number>} at where on the abscissa they stand
 * @param {{ yRange: [number, number], until: number, logY: boolean }} axes
 */
export function drawnValues(values, at, { yRange: [bottom, top], until, logY }) {
  const [low, high] = [2 * bottom - top, 2 * top - bottom];
  /** @type {(number | null)[]} */
  const drawn = new Array(at.length).fill(null);
  for (let i = 0; i < values.length && at[i] <= until; i++) {
    const value = values[i];
    if (value === null || !Number.isFinite(value)) continue;
    drawn[i] = Math.min(Math.max(logY ? Math.log10(value) : value, low), high);
  }
  return drawn;
}

/**
 * The value at the i-th place, or, of a curve whose line runs across places without one, the last before it.
 * @param {ArrayLike<number | null>} values
 * @param {number | null | undefined} i
 * @param {boolean} joined
 */
export function valueAt(values, i, joined) {
  if (i == null) return null;
  if (joined) while (i > 0 && isNone(values[i])) i--;
  return isNone(values[i]) ? null : values[i];
}
