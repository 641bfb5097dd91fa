// What a training of a net came to: its phase, and in words. Python puts `outcomes` before this, the numbers in the definition of a
// phase and the sentences.

import { fill, format } from "../ui/format.js";

/** @typedef {Pick<TrainingHistory, "steps" | "steps_per_epoch" | "lost" | "batch_loss" | "niw_norm" | "clean_loss">} Curves */

/**
 * The phase by the definition of nin_lib.history.History. Before the end: what it is so far, where a batch loss above twice its
 * start counts as a catapult already. Besides, whether the clean loss has come down to a quarter, and which share of |W_NI| is
 * left then, or else now.
 * @param {Curves} history
 */
export function phaseOf({ steps, steps_per_epoch, lost, batch_loss, niw_norm, clean_loss }) {
  const { catapulted, decayed, learned: low } = outcomes.thresholds;
  const learned = clean_loss.findIndex(loss => loss <= low * clean_loss[0]);
  const kept = niw_norm[learned < 0 ? steps : learned * steps_per_epoch] / niw_norm[0];
  const high = batch_loss.findIndex(loss => loss > catapulted * batch_loss[0]);
  const done = steps === batch_loss.length;
  const back = !done || batch_loss.subarray(high).some(loss => loss < batch_loss[0]);
  const quiet = kept < decayed ? "decay" : "decoupled";
  const phase = lost !== null ? "divergent" : high >= 0 && back ? "catapult" : quiet;
  return { phase, learned: learned >= 0, kept };
}

/**
 * What a reader should notice of a training at its end, besides its phase.
 * @param {Curves & { val_accuracy: Float64Array }} history
 * @param {ReturnType<typeof phaseOf>} outcome
 */
export function describe({ lost, batch_loss, steps_per_epoch, val_accuracy }, { phase, learned, kept }) {
  const say = outcomes.sentences;
  if (lost !== null) return fill(say.lost, { epoch: Math.floor(lost / steps_per_epoch) + 1 });
  const peak = format(batch_loss.reduce((a, b) => Math.max(a, b)) / batch_loss[0]);
  const first =
    phase === "catapult"
      ? fill(say.peak, { peak })
      : fill(learned ? say.learned : say.unlearned, { kept: format(100 * kept) });
  const accuracy = format(100 * val_accuracy[val_accuracy.length - 1]);
  return `${first} ${fill(say.accuracy, { epochs: val_accuracy.length - 1, accuracy })}`;
}
