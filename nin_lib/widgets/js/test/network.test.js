import assert from "node:assert/strict";
import { test } from "node:test";
import { Network } from "../src/models/network.js";

// Three samples, two inputs, four hidden units, three classes: the loss written down unit by unit, its gradient by differences.
const [INPUTS, HIDDEN, OUTPUTS, N] = [2, 4, 3, 3];
const X = [0.5, -1, 1.5, 0.25, -0.75, 2];
const Y = [2, 0, 1];
const EPS = [0.3, -1.2, 0.8];
const wave = (n, phase) => Float64Array.from({ length: n }, (_, i) => Math.sin(1.7 * i + phase));

function network() {
  const net = new Network(INPUTS, HIDDEN, OUTPUTS, N);
  net.weights.W0.set(wave(INPUTS * HIDDEN, 0.2));
  net.weights.b0.set(wave(HIDDEN, 1));
  net.weights.w_ni.set(wave(HIDDEN, 2));
  net.weights.b1.set(wave(OUTPUTS, 3));
  for (let j = 0; j < HIDDEN; j++) net.weights.W1.set(wave(OUTPUTS, 4 + j), j * net.columns);
  net.x.set(X);
  net.y.set(Y);
  net.eps.set(EPS);
  return net;
}

function lossOf({ weights: { W0, b0, w_ni, W1, b1 }, columns }, eps) {
  let loss = 0;
  let hits = 0;
  for (let i = 0; i < N; i++) {
    const hidden = Array.from({ length: HIDDEN }, (_, j) => {
      let z = b0[j] + eps[i] * w_ni[j];
      for (let k = 0; k < INPUTS; k++) z += X[i * INPUTS + k] * W0[k * HIDDEN + j];
      return Math.max(z, 0);
    });
    const out = Array.from({ length: OUTPUTS }, (_, c) =>
      hidden.reduce((sum, value, j) => sum + value * W1[j * columns + c], b1[c]),
    );
    loss += Math.log(out.reduce((sum, value) => sum + Math.exp(value), 0)) - out[Y[i]];
    hits += out.indexOf(Math.max(...out)) === Y[i];
  }
  return { loss: loss / N, accuracy: hits / N };
}

test("loss and accuracy, with noise and without", () => {
  const net = network();
  for (const eps of [EPS, [0, 0, 0]]) {
    const found = net.forward(N, net.x, net.y, eps === EPS ? net.eps : undefined);
    const wanted = lossOf(net, eps);
    assert.ok(Math.abs(found.loss - wanted.loss) < 1e-12);
    assert.equal(found.accuracy, wanted.accuracy);
  }
});

test("a step goes down the gradient of every weight", () => {
  const [net, before, eta, dw] = [network(), network(), 0.1, 1e-6];
  net.forward(N, net.x, net.y, net.eps);
  net.step(N, eta);
  for (const name of ["W0", "b0", "w_ni", "W1", "b1"]) {
    const weight = before.weights[name];
    for (let k = 0; k < weight.length; k++) {
      if (name === "W1" && k % net.columns >= OUTPUTS) continue; // a column that nobody reads
      const at = weight[k];
      weight[k] = at + dw;
      const above = lossOf(before, EPS).loss;
      weight[k] = at - dw;
      const below = lossOf(before, EPS).loss;
      weight[k] = at;
      const wanted = at - (eta * (above - below)) / (2 * dw);
      assert.ok(
        Math.abs(net.weights[name][k] - wanted) < 1e-9,
        `${name}[${k}]: ${net.weights[name][k]}, not ${wanted}`,
      );
    }
  }
});
