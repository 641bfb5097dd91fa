// A net of one hidden ReLU layer with a noise injection node, z = W0 x + b0 + eps w_ni, trained on the cross-entropy by
// vanilla SGD: what nin_lib.training does with PyTorch, in float64.

import code from "wasm:../../kernel/float64.ts";
import { LayerPair } from "./layer-pair.js";
import { LOSSES, sumRows } from "./loss.js";

/** @typedef {Record<"W0" | "b0" | "w_ni" | "W1" | "b1", Float64Array>} Weights */

/**
 * @param {Weights} weights
 * @returns {Weights}
 */
export const copied = ({ W0, b0, w_ni, W1, b1 }) => ({
  W0: W0.slice(),
  b0: b0.slice(),
  w_ni: w_ni.slice(),
  W1: W1.slice(),
  b1: b1.slice(),
});

export class Network {
  /**
   * Outputs are padded to a multiple of 4 by columns that nobody reads.
   * @param {number} inputs
   * @param {number} hidden a multiple of 4
   * @param {number} outputs
   * @param {number} mostRows
   */
  constructor(inputs, hidden, outputs, mostRows) {
    const columns = 4 * Math.ceil(outputs / 4);
    const pair = new LayerPair(code, Float64Array, { inputs, units: hidden, columns, rows: mostRows });
    const { x, eps, h, out, W_in, b, w_ni, W_out } = /** @type {Record<string, Float64Array>} */ (
      pair.arrays
    );
    this.inputs = inputs;
    this.hidden = hidden;
    this.outputs = outputs;
    this.columns = columns;
    this.pair = pair;
    /** @type {Weights} input by input, and hidden unit by hidden unit */
    this.weights = { W0: W_in, b0: b, w_ni, W1: W_out, b1: new Float64Array(outputs) };
    this.b1_gradient = new Float64Array(outputs);
    this.x = x;
    this.y = new Uint8Array(mostRows);
    this.eps = eps;
    this.h = h; // after the ReLU
    this.out = out; // after `forward` the gradient of the loss with respect to the outputs
  }

  /** @param {Weights} weights */
  set(weights) {
    for (const name of /** @type {(keyof Weights)[]} */ (Object.keys(weights))) {
      this.weights[name].set(weights[name]);
    }
  }

  /**
   * Mean loss and share of right answers on n rows x with classes y.
   * @param {number} n
   * @param {Float64Array} x
   * @param {Uint8Array} y
   * @param {Float64Array} [eps] without it the noise is off
   */
  forward(n, x, y, eps) {
    if (x !== this.x) this.x.set(x.subarray(0, n * this.inputs));
    if (!eps) this.eps.fill(0);
    else if (eps !== this.eps) this.eps.set(eps.subarray(0, n));
    this.pair.forward(n);
    const { columns, outputs } = this;
    const { loss, hits } = LOSSES.ce({ n, columns, outputs, y }, this.out, this.weights.b1);
    return { loss: loss / n, accuracy: hits / n };
  }

  /**
   * The gradient of the loss on n rows, after `forward` on them.
   * @param {number} n
   */
  backward(n) {
    this.pair.backward(n);
    sumRows(n, this.out, this.columns, this.b1_gradient);
  }

  /**
   * One step of SGD on n rows, after `forward` on them.
   * @param {number} n
   * @param {number} eta
   */
  step(n, eta) {
    this.backward(n);
    this.pair.step(eta);
    for (let c = 0; c < this.outputs; c++) this.weights.b1[c] -= eta * this.b1_gradient[c];
  }
}
