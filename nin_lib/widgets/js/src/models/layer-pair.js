// Two layers of a net with the ReLU units between them, h = max(x W_in + b + eps w_ni, 0) and out = h W_out, or a slice of
// those units: then out is its share of a sum. By the kernel, in f32 or f64.

import { createKernel, tiled } from "./kernel.js";

/** @typedef {import("./kernel.js").Numbers} Numbers */
/**
 * What is trained: W_in input by input, W_out unit by unit.
 * @typedef {Record<(typeof TRAINED)[number], Numbers>} PairWeights
 */
export const TRAINED = /** @type {const} */ (["W_in", "b", "w_ni", "W_out"]);

/**
 * @typedef {object} PairShape
 * @property {number} inputs
 * @property {number} units they fill two vectors of 16 bytes each, as the columns do
 * @property {number} columns outputs, padded
 * @property {number} rows at most
 * @property {boolean} [inside] whether its inputs are units, too, to which a gradient goes back
 * @property {number} [slices] shares of the units whose parts of `out` are added as the halves of a tree, a power of two
 */

export class LayerPair {
  /**
   * @param {BufferSource} code
   * @param {import("./kernel.js").NumbersType} Type
   * @param {PairShape} shape
   */
  constructor(code, Type, { inputs, units, columns, rows, inside = false, slices = 1 }) {
    const most = tiled(rows);
    const sizes = {
      ...{ x: most * inputs, eps: most, h: most * units, out: slices * most * columns },
      ...{ back: most * units, toInputs: inside ? slices * most * inputs : 0 }, // gradients of the loss
      ...{ W_in: inputs * units, b: units, w_ni: units, W_out: units * columns },
      ...{ W_in_gradient: tiled(inputs) * units, b_gradient: units, w_ni_gradient: units },
      ...{ W_out_gradient: tiled(units) * columns, zeros: units },
    };
    const widest = Math.max(tiled(inputs), tiled(units), columns);
    const kernel = createKernel(code, Type, sizes, widest * Math.max(most, tiled(units)));
    this.shape = { inputs, units, columns, rows, slices };
    this.kernel = kernel;
    this.arrays = kernel.arrays;
    /** @type {PairWeights} */
    this.weights = kernel.arrays;
    const { W_in_gradient, b_gradient, w_ni_gradient, W_out_gradient } = kernel.arrays;
    /** @type {PairWeights} */
    this.gradients = {
      W_in: W_in_gradient.subarray(0, inputs * units),
      b: b_gradient,
      w_ni: w_ni_gradient,
      W_out: W_out_gradient.subarray(0, units * columns),
    };
  }

  /**
   * `out` of the first n rows of x and eps.
   * @param {number} n
   */
  forward(n) {
    const { inputs, units } = this.shape;
    const { x, W_in, b, w_ni, eps, h } = this.arrays;
    this.kernel.multiply(n, units, inputs, x, inputs, 1, W_in, units, 1, h);
    this.kernel.activate(n, h, b, w_ni, eps);
    this.out(n, h);
  }

  /**
   * `out` of rows h of units.
   * @param {number} n
   * @param {Numbers} h
   */
  out(n, h) {
    const { columns } = this.shape;
    const { W_out, out } = this.arrays;
    this.sumOverUnits(n, columns, h, W_out, columns, 1, out);
  }

  /**
   * C = A B, where the sum runs over the units: that of each slice apart, then as the halves of a tree.
   * @type {(n: number, columns: number, A: Numbers, B: Numbers, bk: number, bj: number, C: Numbers) => void}
   */
  sumOverUnits(n, columns, A, B, bk, bj, C) {
    const { units, slices } = this.shape;
    const some = units / slices;
    const shares = Array.from({ length: slices }, (_, s) => {
      const share = C.subarray((s * C.length) / slices, ((s + 1) * C.length) / slices);
      this.kernel.multiply(
        n,
        columns,
        some,
        A.subarray(s * some),
        units,
        1,
        B.subarray(s * some * bk),
        bk,
        bj,
        share,
      );
      return share;
    });
    for (let apart = 1; apart < slices; apart *= 2) {
      for (let s = 0; s < slices; s += 2 * apart) this.kernel.add(shares[s], shares[s + apart], 1);
    }
  }

  /**
   * The gradient of a loss with respect to the weights, after `forward` on these n rows, where `out` has become its gradient with
   * respect to the outputs.
   * @param {number} n
   */
  backward(n) {
    const { inputs, units, columns } = this.shape;
    const { x, h, out, back, W_in_gradient, W_out_gradient } = this.arrays;
    this.kernel.multiply(units, columns, n, h, 1, units, out, columns, 1, W_out_gradient);
    this.backToUnits(n);
    this.kernel.multiply(inputs, units, n, x, 1, inputs, back, units, 1, W_in_gradient);
  }

  /**
   * The part of `backward` that ends at the units: `back`, and the gradients of b and w_ni.
   * @param {number} n
   */
  backToUnits(n) {
    const { units, columns } = this.shape;
    const { h, out, back, W_out, b_gradient, w_ni_gradient, eps } = this.arrays;
    this.kernel.multiply(n, units, columns, out, columns, 1, W_out, 1, columns, back);
    this.kernel.deactivate(n, h, back, b_gradient, w_ni_gradient, eps);
  }

  /**
   * `out` becomes its change, to first order, as the input of every unit moves by v, after `forward` on these n rows.
   * @param {number} n
   * @param {Numbers} v
   */
  tangent(n, v) {
    const { h, back, b_gradient, w_ni_gradient, eps } = this.arrays;
    for (let i = 0; i < n; i++) back.set(v, i * v.length);
    this.kernel.deactivate(n, h, back, b_gradient, w_ni_gradient, eps);
    this.out(n, back);
  }

  /**
   * The same as the inputs of the n rows move by those of `moved`.
   * @param {number} n
   * @param {Numbers} moved
   */
  tangentOfInputs(n, moved) {
    const { inputs, units } = this.shape;
    const { toInputs, h, back, W_in, b_gradient, w_ni_gradient, eps } = this.arrays;
    toInputs.set(moved);
    this.kernel.multiply(n, units, inputs, toInputs, inputs, 1, W_in, units, 1, back);
    this.kernel.deactivate(n, h, back, b_gradient, w_ni_gradient, eps);
    this.out(n, back);
  }

  /**
   * The gradient with respect to the inputs, from that of `back`: a share of it, if the units are one.
   * @param {number} n
   */
  backToInputs(n) {
    const { inputs, units } = this.shape;
    const { back, W_in, toInputs } = this.arrays;
    this.sumOverUnits(n, inputs, back, W_in, 1, units, toInputs);
    return toInputs;
  }

  /**
   * A step of SGD down the gradients.
   * @param {number} eta
   */
  step(eta) {
    for (const name of TRAINED) this.kernel.add(this.weights[name], this.gradients[name], -eta);
  }
}
