// What a training came to in words.

import { fill, format } from "../../ui/format.js";

/** @typedef {import("../../models/outcome.js").Curves} Curves */

/**
 * What a reader should notice of a training at its end, besides its phase.
 * @param {Curves & { val_accuracy: Float64Array }} history
 * @param {ReturnType<typeof import("../../models/outcome.js").phaseOf>} outcome
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
