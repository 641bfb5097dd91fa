// The loss of a net's outputs, as nin_lib.training measures it, and what comes back from it.

/** @typedef {import("./kernel.js").Numbers} Numbers */
/** @typedef {{ n: number, columns: number, outputs: number, y: Uint8Array }} Rows `columns`: outputs, padded */
/** @typedef {{ loss: number, hits: number }} Outcome sums over the rows */

/**
 * Adds b to the outputs and turns them into the gradient of the mean loss.
 * @type {Record<"ce" | "mse", (rows: Rows, out: Numbers, b: Numbers) => Outcome>}
 */
export const LOSSES = {
  ce: (rows, out, b) =>
    byRow(rows, out, b, (o, answer, right, { outputs, n }) => {
      const largest = out[o + answer];
      const under = out[o + right] - largest;
      let sum = 0;
      for (let c = 0; c < outputs; c++) sum += Math.exp(out[o + c] - largest);
      for (let c = 0; c < outputs; c++) {
        out[o + c] = (Math.exp(out[o + c] - largest) / sum - (c === right ? 1 : 0)) / n;
      }
      return Math.log(sum) - under;
    }),
  mse: (rows, out, b) =>
    byRow(rows, out, b, (o, _, right, { outputs, n }) => {
      let sum = 0;
      for (let c = 0; c < outputs; c++) {
        const off = out[o + c] - (c === right ? 1 : 0);
        sum += off * off;
        out[o + c] = (2 * off) / (n * outputs);
      }
      return sum / outputs;
    }),
};

/**
 * @param {Rows} rows
 * @param {Numbers} out
 * @param {Numbers} b
 * @param {(o: number, answer: number, right: number, rows: Rows) => number} lossOf the row that begins at o
 */
function byRow(rows, out, b, lossOf) {
  const { n, columns, outputs, y } = rows;
  let [loss, hits] = [0, 0];
  for (let i = 0, o = 0; i < n; i++, o += columns) {
    let answer = 0;
    for (let c = 0; c < outputs; c++) {
      out[o + c] += b[c];
      if (out[o + c] > out[o + answer]) answer = c;
    }
    if (answer === y[i]) hits++;
    loss += lossOf(o, answer, y[i], rows);
  }
  return { loss, hits };
}

/**
 * What a net answers, from the gradient that the cross-entropy has left.
 * @param {Rows} rows
 * @param {Numbers} gradient
 */
export const answersOf = ({ n, columns, y }, gradient) =>
  gradient.map((value, k) => n * value + (k % columns === y[Math.floor(k / columns)] ? 1 : 0));

/**
 * The sum of n rows, of which the first columns are asked for.
 * @param {number} n
 * @param {Numbers} rows
 * @param {number} columns of a row
 * @param {Numbers} sums
 */
export function sumRows(n, rows, columns, sums) {
  sums.fill(0);
  for (let i = 0, o = 0; i < n; i++, o += columns) {
    for (let c = 0; c < sums.length; c++) sums[c] += rows[o + c];
  }
}
