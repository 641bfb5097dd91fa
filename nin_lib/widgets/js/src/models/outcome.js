// The phase of a training. Python puts `outcomes` before this: the numbers in its definition.

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
