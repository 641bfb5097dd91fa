// A training of the page as a run that stands beside the stored ones.

import { batchLossPlaces } from "../models/run-record.js";

/** @typedef {import("../models/sliced-training.js").SlicedHistory} SlicedHistory */

/**
 * The run so far, its first `head` steps one by one, then epoch by epoch, as those that Python writes.
 * @param {SlicedHistory} history
 * @param {number} head
 * @returns {Run}
 */
export function runOf(history, head) {
  const { p, steps, steps_per_epoch, lost } = history;
  const whole = Math.floor(steps / steps_per_epoch); // epochs that are done
  /** @param {Float64Array} values */
  const byEpochs = values => Array.from(values.subarray(0, whole + 1));
  const first = Math.min(steps + 1, head);
  const later = Array.from({ length: whole + 1 }, (_, epoch) => epoch).filter(
    epoch => epoch * steps_per_epoch >= first,
  );
  const niw = [...Array(first).keys(), ...later.map(epoch => epoch * steps_per_epoch)];
  const places = {
    batch_loss: batchLossPlaces({ epochs: p.epochs, steps_per_epoch }, head),
    niw_norm: niw.map(step => step / steps_per_epoch),
  };
  const epochs = Array.from({ length: p.epochs + 1 }, (_, epoch) => epoch);
  return {
    ...{ sigma_eps: p.sigma_eps, seed: p.seed, epochs: p.epochs, steps_per_epoch, lost },
    ...{ phase: "", words: "", pull: [], decay_reads: [] },
    batch_loss: thinned(history, head),
    niw_norm: niw.map(step => history.niw_norm[step]),
    val_loss: byEpochs(history.val_loss),
    val_accuracy: byEpochs(history.val_accuracy),
    next_norm: byEpochs(history.next_norm),
    places: key => /** @type {Record<string, number[]>} */ (places)[key] ?? epochs,
  };
}

/**
 * The first `head` batch losses, then the mean over each epoch (or the rest of one) that is done.
 * @param {SlicedHistory} history
 * @param {number} head
 */
function thinned({ batch_loss, steps, steps_per_epoch, lost }, head) {
  const known = batch_loss.subarray(0, lost === null ? steps : lost + 1);
  const losses = Array.from(known.subarray(0, head));
  for (let at = head; at < known.length;) {
    const end = (Math.floor(at / steps_per_epoch) + 1) * steps_per_epoch;
    const some = known.subarray(at, end);
    if (lost === null && at + some.length < end) break;
    losses.push(some.reduce((sum, loss) => sum + loss, 0) / some.length);
    at = end;
  }
  return losses;
}
