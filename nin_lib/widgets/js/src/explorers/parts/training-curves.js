// The curves of a training on the screen.

import { EPOCHS } from "../../models/digits-training.js";

/**
 * Curves over all steps, the start of each and the end: `at` in epochs, values NaN.
 * @param {number} perEpoch
 */
export function emptyCurves(perEpoch) {
  const n = EPOCHS * perEpoch + 1;
  const none = () => new Float64Array(n).fill(NaN);
  return {
    at: Float64Array.from({ length: n }, (_, i) => i / perEpoch),
    batch_loss: none(),
    niw_norm: none(),
    val_accuracy: none(),
    clean_loss: none(),
  };
}

const GAP = 3; // steps

/**
 * Writes a training's history over the curves; beyond a gap at its head they stay those of the training before. What is only
 * measured now and then would be joined to those by a line across the gap.
 * @param {ReturnType<typeof emptyCurves>} curves
 * @param {TrainingHistory} history
 */
export function merge(curves, history) {
  const { steps, steps_per_epoch, lost } = history;
  const trained = lost === null ? steps : lost + 1;
  curves.batch_loss.set(history.batch_loss.subarray(0, trained));
  curves.niw_norm.set(history.niw_norm.subarray(0, steps + 1));
  curves.batch_loss.fill(NaN, trained, trained + GAP);
  curves.niw_norm.fill(NaN, steps + 1, steps + 1 + GAP);
  for (const curve of [curves.val_accuracy, curves.clean_loss]) curve.fill(NaN);
  for (let epoch = 0; epoch * steps_per_epoch <= steps; epoch++) {
    curves.val_accuracy[epoch * steps_per_epoch] = history.val_accuracy[epoch];
    curves.clean_loss[epoch * steps_per_epoch] = history.clean_loss[epoch];
  }
}
