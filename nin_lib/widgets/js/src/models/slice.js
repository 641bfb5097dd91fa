// A worker's part of a net of one or three hidden layers: slices of the units of every second hidden layer, with all the weights
// that lead to and from them. What leaves it is its share of the next layer's input, so that two layers cost one exchange.
//
// A slice is a fixed share of the units, whoever computes it, and shares are added as the halves of a tree. So the sums, and with
// them the whole training, are the same to the last bit for one worker, two, four or eight.

import { LayerPair } from "./layer-pair.js";
import { normal, streamOf } from "./noise.js";

export const SLICES = 8;

/** @typedef {import("./kernel.js").Numbers} Numbers */
/**
 * @typedef {object} NetShape
 * @property {number[]} widths 784, 1024, 10, for example: an even number of layers, hidden ones of a multiple of 64 units
 * @property {number} columns outputs, padded to a multiple of 8
 * @property {number} rows at most
 */

export class Slice {
  /**
   * @param {BufferSource} code
   * @param {NetShape} shape
   * @param {number} first of the slices
   * @param {number} count of them, a power of two
   */
  constructor(code, { widths, columns, rows }, first, count) {
    this.widths = widths;
    this.pairs = Array.from({ length: (widths.length - 1) / 2 }, (_, p) => {
      const [inputs, hidden, outputs] = widths.slice(2 * p);
      const units = (hidden / SLICES) * count;
      const last = 2 * p + 3 === widths.length;
      const pair = new LayerPair(code, Float32Array, {
        ...{ inputs, units, columns: last ? columns : outputs, rows, inside: p > 0, slices: count },
      });
      return { pair, outputs, from: (hidden / SLICES) * first, units };
    });
  }

  /**
   * Weights as nin_lib.networks.mlp and NoiseInjection draw them from nin_lib.widgets.training.HashStream of this seed.
   * @param {number} seed
   */
  draw(seed) {
    const [weights, nin] = [streamOf(seed, "weights"), streamOf(seed, "nin")];
    let layer = 0; // where its numbers begin
    this.pairs.forEach(({ pair, outputs, from, units }, p) => {
      const { inputs, columns } = pair.shape;
      const hidden = this.widths[2 * p + 1];
      const { W_in, b, w_ni, W_out } = pair.weights;
      for (const weight of [W_in, b, w_ni, W_out]) weight.fill(0);
      for (let j = 0; j < units; j++) {
        const unit = from + j;
        for (let i = 0; i < inputs; i++) {
          W_in[i * units + j] = normal(weights, layer + unit * inputs + i) / Math.sqrt(inputs);
        }
        if (p === 0) w_ni[j] = normal(nin, unit) / Math.sqrt(inputs);
      }
      layer += inputs * hidden;
      for (let j = 0; j < units; j++) {
        for (let c = 0; c < outputs; c++) {
          W_out[j * columns + c] = normal(weights, layer + c * hidden + from + j) / Math.sqrt(hidden);
        }
      }
      layer += hidden * outputs;
    });
  }

  /**
   * This worker's share of what the pair p adds up to, for rows of x, pixels through a table or numbers.
   * @param {{ p: number, n: number, x: Numbers | Uint8Array, table?: Float32Array, eps?: Float32Array }} request
   */
  forward({ p, n, x, table, eps }) {
    const { pair } = this.pairs[p];
    if (table) for (let k = 0; k < x.length; k++) pair.arrays.x[k] = table[x[k]];
    else pair.arrays.x.set(x);
    if (eps) pair.arrays.eps.set(eps);
    else pair.arrays.eps.fill(0);
    pair.forward(n);
    return pair.arrays.out.slice(0, n * pair.shape.columns);
  }

  /**
   * The gradients, from that of the loss with respect to what pair p adds up to, after `forward` on these rows; then a step down
   * them. Of all pairs but the first, the share of the gradient with respect to its inputs.
   * @param {{ p: number, n: number, gradient: Numbers, eta: number }} request
   */
  backward({ p, n, gradient, eta }) {
    const { pair } = this.pairs[p];
    pair.arrays.out.set(gradient);
    pair.backward(n);
    const share = p > 0 ? pair.backToInputs(n).slice(0, n * pair.shape.inputs) : undefined;
    pair.step(eta);
    return share;
  }

  /**
   * How what pair p adds up to changes, to first order: of the first pair as the input of its units moves by v, all units of the
   * net; of the others as their inputs x move.
   * @param {{ p: number, n: number, moved: Numbers }} request
   */
  tangent({ p, n, moved }) {
    const { pair, from, units } = this.pairs[p];
    if (p === 0) pair.tangent(n, moved.subarray(from, from + units));
    else pair.tangentOfInputs(n, moved);
    return pair.arrays.out.slice(0, n * pair.shape.columns);
  }

  /**
   * Back from the outputs of pair p, as `backward`, but no weight changes: of the first pair the gradient with respect to the input
   * of each of its units, summed over the rows; of the others the share of that with respect to their inputs.
   * @param {{ p: number, n: number, gradient: Numbers }} request
   */
  back({ p, n, gradient }) {
    const { pair } = this.pairs[p];
    pair.arrays.out.set(gradient);
    pair.backToUnits(n);
    if (p > 0) return pair.backToInputs(n).slice(0, n * pair.shape.inputs);
    return pair.gradients.b.slice();
  }

  /**
   * The sums of squares of these weights of the first pair, slice by slice.
   * @param {"w_ni" | "W_out"} name
   */
  squares(name) {
    const [{ pair }] = this.pairs;
    const [weights, count] = [pair.weights[name], pair.shape.slices];
    const size = weights.length / count;
    return Array.from({ length: count }, (_, s) => {
      let sum = 0;
      for (let k = s * size; k < (s + 1) * size; k++) sum += weights[k] * weights[k];
      return sum;
    });
  }
}
