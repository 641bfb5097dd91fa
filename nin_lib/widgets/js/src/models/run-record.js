// Trainings of nin_lib.training as Python writes them, read and brought onto one abscissa.

/** @type {CurveKey[]} */
const CURVES = ["batch_loss", "val_loss", "val_accuracy", "niw_norm", "next_norm", "pull", "decay_reads"];

/**
 * A run with its curves as numbers.
 * @param {RunRecord} record
 * @param {number} head how many first batch losses stand at their steps
 * @returns {Run}
 */
export function readRun(record, head) {
  const numbers = (/** @type {string} */ text) => (text === "" ? [] : text.split(" ").map(Number));
  /** @type {Record<CurveKey, number[]>} */
  const curves = Object.assign({}, ...CURVES.map(key => ({ [key]: numbers(record[key]) })));
  const whole = Array.from({ length: record.epochs + 1 }, (_, epoch) => epoch);
  const between = whole.slice(1).map(epoch => epoch - 0.5); // what an epoch's decay reads stands in its middle
  const own = { batch_loss: batchLossPlaces(record, head), decay_reads: between };
  return { ...record, ...curves, places: key => /** @type {any} */ (own)[key] ?? whole };
}

/**
 * Where in epochs the batch losses stand: the first `head` at their steps, each of the others in the middle of the epoch (or
 * the rest of one) whose mean it is.
 * @param {{ epochs: number, steps_per_epoch: number }} run
 * @param {number} head
 */
export function batchLossPlaces({ epochs, steps_per_epoch }, head) {
  const places = Array.from(
    { length: Math.min(head, epochs * steps_per_epoch) },
    (_, step) => step / steps_per_epoch,
  );
  const from = head / steps_per_epoch;
  for (let epoch = Math.floor(from); epoch < epochs; epoch++)
    places.push((Math.max(from, epoch) + epoch + 1) / 2);
  return places;
}

/**
 * The places of all curves of these runs, increasing, and a function that lays a curve over them, null where it has no value.
 * @param {Run[]} runs
 */
export function onOneAbscissa(runs) {
  const places = runs.flatMap(run => CURVES.flatMap(key => run.places(key).slice(0, run[key].length)));
  const at = [...new Set(places)].sort((a, b) => a - b);
  const index = new Map(at.map((place, i) => [place, i]));
  /** @type {(run: Run | null | undefined, key: CurveKey) => (number | null)[]} */
  const valuesOf = (run, key) => {
    /** @type {(number | null)[]} */
    const values = new Array(at.length).fill(null);
    run?.[key].forEach((value, i) => {
      values[index.get(run.places(key)[i]) ?? -1] = value;
    });
    return values;
  };
  return { at, valuesOf };
}
