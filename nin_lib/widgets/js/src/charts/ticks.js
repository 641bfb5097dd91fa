// How values stand on an axis, and which of them are labelled. A place is what uPlot draws: the value, or its logarithm.

import { plain, powerOfTen } from "../ui/format.js";

/**
 * Kinds of an abscissa; `place` and `value` are each other's inverse, `ticks` lists the values to label.
 * @type {Abscissa}
 */
export const LINEAR = { place: value => value, value: place => place };
/** @type {Abscissa} */
export const STEPS = { ...LINEAR, whole: true };
/**
 * @param {number[]} ticks
 * @returns {Abscissa}
 */
export const log = ticks => ({
  place: Math.log10,
  value: place => 10 ** place,
  ticks: width => thin(ticks, width / 44),
});
/**
 * Step t at log10(1 + t): the start is on the axis, too.
 * @type {Abscissa}
 */
export const LOG_STEPS = {
  place: step => Math.log10(1 + step),
  value: place => 10 ** place - 1,
  ticks(width, last) {
    const ticks = [0];
    for (let t = 1; t <= last + 1e-6; t *= 10)
      ticks.push(t, ...(width > 230 && 3 * t <= last ? [3 * t] : []));
    return ticks;
  },
};

/**
 * The places of the labels on an abscissa from min to max, so many CSS pixels wide; `increment` is uPlot's own choice.
 * @param {Abscissa} x
 * @param {number} width
 * @param {number} min
 * @param {number} max
 * @param {number} increment
 */
export function splitsOf(x, width, min, max, increment) {
  const ticks = x.ticks?.(width, x.value(max));
  return ticks?.map(x.place) ?? multiples(min, max, x.whole ? Math.max(1, increment) : increment);
}

/**
 * The texts of these labels.
 * @param {Abscissa} x
 * @param {number[]} places
 */
export const labelsOf = (x, places) => places.map(place => plain(x.value(place)));

/**
 * @param {number} min
 * @param {number} max
 * @param {number} increment
 */
export function multiples(min, max, increment) {
  const ticks = [];
  for (let k = Math.ceil(min / increment - 1e-9); k * increment <= max + 1e-9 * increment; k++)
    ticks.push(k * increment);
  return ticks;
}

/**
 * Every k-th of the ticks, so that at most `room` remain.
 * @param {number[]} ticks
 * @param {number} room
 */
export function thin(ticks, room) {
  const every = Math.ceil(ticks.length / Math.max(room, 2));
  return ticks.filter((_, i) => i % every === 0);
}

/**
 * The places of the labels where values are drawn as their decimal logarithms.
 * @param {number} min
 * @param {number} max
 */
export function decadeSplits(min, max) {
  if (Math.floor(max) - Math.ceil(min) < 1) return withinDecade(min, max);
  const step = [1, 2, 3, 4, 5, 10, 20, 50, 100].find(s => (max - min) / s <= 7) ?? 100;
  const ticks = [];
  for (let k = Math.ceil(min / step) * step; k <= max; k += step) ticks.push(k);
  return ticks;
}

/** @param {number[]} places */
export const decadeLabels = places => places.map(k => (Number.isInteger(k) ? powerOfTen(k) : plain(10 ** k)));

/**
 * Where there are no two powers of ten: 1, 2, 3, ... 9 times one, or only 1, 2, 5 times.
 * @param {number} min
 * @param {number} max
 */
function withinDecade(min, max) {
  const digits = max - min < 0.6 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 5];
  const ticks = [];
  for (let k = Math.floor(min); k <= max; k++) ticks.push(...digits.map(digit => k + Math.log10(digit)));
  return ticks.filter(tick => tick >= min && tick <= max);
}

/**
 * A range, in places, for these values on a logarithmic axis.
 * @param {number[]} values
 * @returns {[number, number]}
 */
export function decadeRange(values) {
  const logs = values.filter(value => value > 0 && Number.isFinite(value)).map(Math.log10);
  const [low, high] = [Math.min, Math.max].map(f => logs.reduce((a, b) => f(a, b), logs[0] ?? 0));
  return [low - 0.1, high + 0.1];
}
