// How a setting runs over a slider, a band or an axis: places from 0 to 1 against values.

/**
 * Evenly in its value, or with `log` in its logarithm; or with `stops` over these increasing values, the first of which is
 * min and the last max, evenly spaced.
 * @param {SettingRange} range
 * @returns {Scale}
 */
export function scaleOf({ min, max, log = false, integer = false, stops }) {
  if (stops) return scaleOfStops(stops);
  const [low, high] = log ? [Math.log10(min), Math.log10(max)] : [min, max];
  /** @param {number} place */
  const at = place => {
    const position = low + place * (high - low);
    const value = log ? 10 ** position : position;
    return integer ? Math.round(value) : value;
  };
  return {
    low,
    high,
    place: value => ((log ? Math.log10(value) : value) - low) / (high - low),
    at,
    // Three digits, but every digit of a whole number.
    settingAt: place => (integer ? at(place) : Number(at(place).toPrecision(3))),
  };
}

/**
 * Between two stops a setting runs evenly in its value.
 * @param {number[]} stops
 * @returns {Scale}
 */
function scaleOfStops(stops) {
  const last = Math.max(stops.length - 1, 1);
  /** @param {number} place */
  const at = place => {
    const i = Math.min(Math.floor(place * last + 1e-9), stops.length - 1);
    const rest = place * last - i;
    return rest > 1e-9 ? stops[i] + rest * (stops[i + 1] - stops[i]) : stops[i];
  };
  return {
    low: 0,
    high: stops.length - 1,
    place(value) {
      const next = stops.findIndex(stop => stop > value);
      if (next <= 0) return next < 0 ? (stops.length - 1) / last : 0;
      return (next - 1 + (value - stops[next - 1]) / (stops[next] - stops[next - 1])) / last;
    },
    at,
    // A stop with all its digits, another value with three.
    settingAt: place => (stops.includes(at(place)) ? at(place) : Number(at(place).toPrecision(3))),
  };
}

/**
 * n values over a setting's range, evenly spaced as on its slider.
 * @param {SettingRange} range
 * @param {number} n
 */
export function spread(range, n) {
  const { at } = scaleOf(range);
  return Float64Array.from({ length: n }, (_, i) => at(i / (n - 1)));
}

/** @param {number} place */
export const within = place => Math.min(Math.max(place, 0), 1);
