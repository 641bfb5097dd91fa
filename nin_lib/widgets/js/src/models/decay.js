// What a decay of |W_NI| reads: nin_lib.decay.estimate_curvature.

/**
 * The curvature that a fall of |W_NI| over so many steps means.
 * @param {number} from
 * @param {number} to
 * @param {number} steps
 * @param {Pick<TrainingSettings, "eta" | "sigma_eps">} settings
 */
export const curvatureRead = (from, to, steps, { eta, sigma_eps }) =>
  (1 - (to / from) ** (1 / steps)) / (eta * sigma_eps ** 2);

/**
 * Mean over a stretch of what is measured at its epochs, by the trapezoidal rule.
 * @param {number[]} values of which there are two or more
 */
export const meanOver = values =>
  values.slice(1).reduce((sum, value, k) => sum + (value + values[k]) / 2, 0) / (values.length - 1);
