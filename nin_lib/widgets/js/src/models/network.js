// A net of one hidden ReLU layer with a noise injection node, z = W0 x + b0 + eps w_ni, trained on the cross-entropy by
// vanilla SGD: what nin_lib.training does with PyTorch, on plain arrays of float64.

/** @param {number} n */
const even = n => n + (n % 2);

/**
 * C[i, j] = sum over k < K of A[i, k] B[k, j], where A[i, k] = A[i ai + k ak] and likewise B, for M rows and N columns.
 * A tile of 2 x 4 sums stays in the processor's registers; M is a multiple of 2, N of 4.
 * @type {(M: number, N: number, K: number, A: Float64Array, ai: number, ak: number, B: Float64Array, bk: number, bj: number, C: Float64Array) => void}
 */
function multiply(M, N, K, A, ai, ak, B, bk, bj, C) {
  for (let i = 0; i < M; i += 2) {
    for (let j = 0; j < N; j += 4) {
      let c00 = 0;
      let c01 = 0;
      let c02 = 0;
      let c03 = 0;
      let c10 = 0;
      let c11 = 0;
      let c12 = 0;
      let c13 = 0;
      for (let k = 0, a = i * ai, b = j * bj; k < K; k++, a += ak, b += bk) {
        const a0 = A[a];
        const a1 = A[a + ai];
        const b0 = B[b];
        const b1 = B[b + bj];
        const b2 = B[b + 2 * bj];
        const b3 = B[b + 3 * bj];
        c00 += a0 * b0;
        c01 += a0 * b1;
        c02 += a0 * b2;
        c03 += a0 * b3;
        c10 += a1 * b0;
        c11 += a1 * b1;
        c12 += a1 * b2;
        c13 += a1 * b3;
      }
      const c = i * N + j;
      C[c] = c00;
      C[c + 1] = c01;
      C[c + 2] = c02;
      C[c + 3] = c03;
      C[c + N] = c10;
      C[c + N + 1] = c11;
      C[c + N + 2] = c12;
      C[c + N + 3] = c13;
    }
  }
}

/** @typedef {Record<(typeof NAMES)[number], Float64Array>} Weights */
const NAMES = /** @type {const} */ (["W0", "b0", "w_ni", "W1", "b1"]);

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
   * Outputs are padded to a multiple of 4 by columns that nobody reads; an odd batch, by a row.
   * @param {number} inputs
   * @param {number} hidden a multiple of 4
   * @param {number} outputs
   * @param {number} mostRows
   */
  constructor(inputs, hidden, outputs, mostRows) {
    const columns = 4 * Math.ceil(outputs / 4);
    const rows = even(mostRows);
    const array = (/** @type {number} */ n) => new Float64Array(n);
    this.inputs = inputs;
    this.hidden = hidden;
    this.outputs = outputs;
    this.columns = columns;
    /** @type {Weights} */
    this.weights = {
      W0: array(inputs * hidden), // input by input
      b0: array(hidden),
      w_ni: array(hidden),
      W1: array(hidden * columns), // hidden unit by hidden unit
      b1: array(outputs),
    };
    this.gradients = copied(this.weights);
    this.x = array(rows * inputs);
    this.y = new Uint8Array(rows);
    this.eps = array(rows);
    this.silence = array(rows);
    this.h = array(rows * hidden); // after the ReLU
    this.back = array(rows * hidden); // gradient of the loss, here and in `out`
    this.out = array(rows * columns);
  }

  /** @param {Weights} weights */
  set(weights) {
    for (const name of NAMES) this.weights[name].set(weights[name]);
  }

  /**
   * Mean loss and share of right answers on n rows x with classes y, and the gradient with respect to the outputs.
   * @param {number} n
   * @param {Float64Array} x has an even number of rows
   * @param {Uint8Array} y
   * @param {Float64Array} [eps] without it the noise is off
   */
  forward(n, x, y, eps = this.silence) {
    const { inputs, hidden, outputs, columns, h, out } = this;
    const { W0, b0, w_ni, W1, b1 } = this.weights;
    multiply(even(n), hidden, inputs, x, inputs, 1, W0, hidden, 1, h);
    for (let i = 0, k = 0; i < n; i++) {
      for (let j = 0; j < hidden; j++, k++) h[k] = Math.max(h[k] + b0[j] + eps[i] * w_ni[j], 0);
    }
    multiply(even(n), columns, hidden, h, hidden, 1, W1, columns, 1, out);
    let loss = 0;
    let hits = 0;
    for (let i = 0; i < n; i++) {
      const o = i * columns;
      let largest = -Infinity;
      let answer = 0;
      for (let c = 0; c < outputs; c++) {
        out[o + c] += b1[c];
        if (out[o + c] > largest) {
          largest = out[o + c];
          answer = c;
        }
      }
      const right = out[o + y[i]] - largest;
      let sum = 0;
      for (let c = 0; c < outputs; c++) {
        out[o + c] = Math.exp(out[o + c] - largest);
        sum += out[o + c];
      }
      for (let c = 0; c < outputs; c++) out[o + c] = (out[o + c] / sum - (c === y[i] ? 1 : 0)) / n;
      loss += Math.log(sum) - right;
      if (answer === y[i]) hits++;
    }
    return { loss: loss / n, accuracy: hits / n };
  }

  /**
   * The gradient of the loss on n rows, after `forward` on them.
   * @param {number} n
   * @param {Float64Array} x
   * @param {Float64Array} eps
   */
  backward(n, x, eps) {
    const { inputs, hidden, outputs, columns, h, out, back, weights, gradients } = this;
    multiply(hidden, columns, n, h, 1, hidden, out, columns, 1, gradients.W1);
    multiply(even(n), hidden, outputs, out, columns, 1, weights.W1, 1, columns, back);
    const { b0, b1, w_ni } = gradients;
    for (const gradient of [b0, b1, w_ni]) gradient.fill(0);
    for (let i = 0, k = 0; i < n; i++) {
      for (let c = 0; c < outputs; c++) b1[c] += out[i * columns + c];
      for (let j = 0; j < hidden; j++, k++) {
        if (h[k] === 0) back[k] = 0;
        b0[j] += back[k];
        w_ni[j] += eps[i] * back[k];
      }
    }
    multiply(inputs, hidden, n, x, 1, inputs, back, hidden, 1, gradients.W0);
  }

  /**
   * One step of SGD on the n rows in this.x, this.y and this.eps, after `forward` on them.
   * @param {number} n
   * @param {number} eta
   */
  step(n, eta) {
    const { weights, gradients } = this;
    this.backward(n, this.x, this.eps);
    for (const name of NAMES) {
      const [weight, gradient] = [weights[name], gradients[name]];
      for (let k = 0; k < weight.length; k++) weight[k] -= eta * gradient[k];
    }
  }
}
