// A ReLU net in float32 with a noise injection node on its first layer, whose weights lie with a crew of workers: each computes
// its slices' shares (slice.js), which are added here.

import { byHessianOfCrossEntropy, byHessianOfSquares } from "./local-curvature.js";
import { answersOf, LOSSES, sumRows } from "./loss.js";

/** @typedef {import("./slice.js").NetShape} NetShape */
/**
 * What a worker of the crew answers to a request, in the order of the requests.
 * @typedef {(request: object, transfer?: Transferable[]) => Promise<any>} Ask
 */
/** @typedef {{ n: number, x: Uint8Array, y: Uint8Array, eps?: Float32Array }} Batch `x` in pixels, image after image */

/**
 * The sum of equal arrays, a power of two of them, as the halves of a tree, in the first.
 * @param {Float32Array[]} shares
 * @returns {Float32Array}
 */
function sumOf(shares) {
  for (let apart = 1; apart < shares.length; apart *= 2) {
    for (let s = 0; s < shares.length; s += 2 * apart) {
      const [to, from] = [shares[s], shares[s + apart]];
      for (let k = 0; k < to.length; k++) to[k] += from[k];
    }
  }
  return shares[0];
}

export class SlicedNet {
  /**
   * @param {NetShape} shape
   * @param {"ce" | "mse"} loss
   * @param {Float32Array} table what stands for a pixel
   * @param {Ask[]} crew whose slices are already set up; a power of two
   */
  constructor({ widths, columns }, loss, table, crew) {
    this.outputs = widths[widths.length - 1];
    this.columns = columns;
    this.loss = loss;
    this.table = table;
    this.crew = crew;
    // biases of the layers whose inputs are added up
    this.biases = widths.filter((_, layer) => layer > 0 && layer % 2 === 0).map(n => new Float32Array(n));
    /** @type {Float32Array[]} */
    this.between = []; // after the ReLU of the layers between the pairs
    /** @type {Float32Array} */
    this.out = new Float32Array(0);
  }

  /** @param {number} seed */
  draw(seed) {
    for (const bias of this.biases) bias.fill(0);
    return this.all({ draw: seed });
  }

  /** @param {object} request */
  all(request) {
    return Promise.all(this.crew.map(ask => ask(request)));
  }

  /**
   * Mean loss and share of right answers on a batch; `out` is then the gradient of the loss with respect to the outputs.
   * @param {Batch} batch
   */
  async forward({ n, x, y, eps }) {
    /** @type {object} */
    let inputs = { x, eps, table: this.table };
    for (let p = 0; ; p++) {
      const sum = sumOf(await this.all({ forward: { p, n, ...inputs } }));
      if (p === this.biases.length - 1) {
        this.out = sum;
        const { columns, outputs } = this;
        const { loss, hits } = LOSSES[this.loss]({ n, columns, outputs, y }, sum, this.biases[p]);
        return { loss: loss / n, accuracy: hits / n };
      }
      const bias = this.biases[p];
      for (let k = 0; k < sum.length; k++) sum[k] = Math.max(sum[k] + bias[k % bias.length], 0);
      this.between[p] = sum;
      inputs = { x: sum };
    }
  }

  /**
   * A step of SGD on the n samples of the last `forward`.
   * @param {number} n
   * @param {number} eta
   */
  async step(n, eta) {
    /** @type {Float32Array} */
    let gradient = this.out;
    for (let p = this.biases.length - 1; p >= 0; p--) {
      const bias = this.biases[p];
      const sums = new Float32Array(bias.length);
      sumRows(n, gradient, gradient.length / n, sums);
      for (let c = 0; c < bias.length; c++) bias[c] -= eta * sums[c];
      const shares = await this.all({ backward: { p, n, gradient, eta } });
      if (p > 0) gradient = this.masked(p - 1, sumOf(shares));
    }
  }

  /**
   * Zero where a unit between two pairs is off.
   * @param {number} p
   * @param {Float32Array} values
   */
  masked(p, values) {
    const on = this.between[p];
    for (let k = 0; k < values.length; k++) if (!(on[k] > 0)) values[k] = 0;
    return values;
  }

  /**
   * <H> at the layer of the node over a batch, as a function that multiplies vectors by it; it holds until the net computes
   * something else.
   * @param {Batch} batch
   */
  async localHessian({ n, x, y }) {
    await this.forward({ n, x, y });
    const rows = { n, columns: this.columns, outputs: this.outputs, y };
    const p = answersOf(rows, this.out);
    const last = this.biases.length - 1;
    return async (/** @type {Float32Array} */ v) => {
      /** @type {Float32Array} */
      let moved = v;
      for (let p = 0; p <= last; p++) {
        moved = sumOf(await this.all({ tangent: { p, n, moved } }));
        if (p < last) this.masked(p, moved);
      }
      if (this.loss === "ce") byHessianOfCrossEntropy(rows, moved, p);
      else byHessianOfSquares(rows, moved);
      for (let p = last; p > 0; p--)
        moved = this.masked(p - 1, sumOf(await this.all({ back: { p, n, gradient: moved } })));
      const parts = await this.all({ back: { p: 0, n, gradient: moved } });
      return /** @type {Float32Array} */ (joined(parts));
    };
  }

  /**
   * |W_NI|, or the norm of the weights of the next layer.
   * @param {"w_ni" | "W_out"} name
   */
  async norm(name) {
    const squares = (await this.all({ squares: name })).flat();
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  }
}

/** @param {Float32Array[]} parts */
function joined(parts) {
  const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
