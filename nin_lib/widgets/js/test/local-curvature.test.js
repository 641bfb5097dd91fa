import assert from "node:assert/strict";
import { test } from "node:test";
import { curvatureRead, meanOver } from "../src/models/decay.js";
import { answers, largestEigenvalue, localHessian, pull } from "../src/models/local-curvature.js";
import { Network } from "../src/models/network.js";

const close = (a, b, tolerance = 1e-9) =>
  assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${a}, not ${b}`);
const wave = (n, phase) => Float64Array.from({ length: n }, (_, i) => Math.sin(1.7 * i + phase));
const [INPUTS, HIDDEN, OUTPUTS, N] = [2, 8, 3, 4];

function network() {
  const net = new Network(INPUTS, HIDDEN, OUTPUTS, N);
  net.weights.W0.set(wave(INPUTS * HIDDEN, 0.2));
  net.weights.b0.set(wave(HIDDEN, 1));
  net.weights.w_ni.set(wave(HIDDEN, 2));
  for (let j = 0; j < HIDDEN; j++) net.weights.W1.set(wave(OUTPUTS, 4 + j), j * net.columns);
  return { net, samples: { n: N, x: wave(INPUTS * N, 5), y: Uint8Array.of(2, 0, 1, 1) } };
}

test("the local Hessian is the second derivative of the clean loss along what is added to the preactivations", () => {
  const { net, samples } = network();
  const [v, d] = [wave(HIDDEN, 3), 1e-4];
  const along = localHessian(net, samples)(v).reduce((sum, value, j) => sum + value * v[j], 0);
  const loss = shift => {
    net.weights.b0.set(wave(HIDDEN, 1).map((b, j) => b + shift * v[j]));
    return net.forward(samples.n, samples.x, samples.y).loss;
  };
  close(along, (loss(d) + loss(-d) - 2 * loss(0)) / d ** 2, 1e-6);
});

test("the largest eigenvalue of a matrix whose eigenvalues are known, also if it is zero or repeated", () => {
  const diagonal = values => v => v.map((value, j) => value * values[j]);
  close(largestEigenvalue(diagonal([3, -7, 0.5, 2.9]), 4), 3);
  close(largestEigenvalue(diagonal([2, 2, 2]), 3), 2);
  assert.equal(largestEigenvalue(diagonal([0, 0, 0]), 3), 0);
  const many = Float64Array.from({ length: 60 }, (_, j) => 1 / (1 + j));
  close(largestEigenvalue(diagonal(many), 60), 1);
});

test("the pull is the gradient along W_NI under the noise and its negative", () => {
  const { net, samples } = network();
  const [eps, sigma, d] = [Float64Array.of(0.3, -1.2, 0.8, 0.5), 0.9, 1e-6];
  const measured = pull(net, samples, eps, sigma);
  const w_ni = wave(HIDDEN, 2);
  const loss = (scale, sign) => {
    net.weights.w_ni.set(w_ni.map(w => scale * w));
    return net.forward(
      samples.n,
      samples.x,
      samples.y,
      eps.map(e => sign * e),
    ).loss;
  };
  const slope = [1, -1].reduce((sum, sign) => sum + (loss(1 + d, sign) - loss(1 - d, sign)) / (4 * d), 0);
  close(measured, slope / (sigma ** 2 * w_ni.reduce((sum, w) => sum + w * w, 0)), 1e-6);
});

test("answers and how sure they are", () => {
  const { net, samples } = network();
  const found = answers(net, samples, 4);
  net.forward(4, samples.x, samples.y);
  found.forEach(({ right, answer, sure }, i) => {
    assert.equal(right, samples.y[i]);
    const p = c => 4 * net.out[i * net.columns + c] + (c === right ? 1 : 0);
    assert.ok([0, 1, 2].every(c => p(c) <= sure) && p(answer) === sure && sure > 1 / 3 && sure < 1);
  });
});

test("a decay reads the curvature that makes it", () => {
  const settings = { eta: 0.2, sigma_eps: 3 };
  close(curvatureRead(2, 2 * (1 - 0.2 * 9 * 0.04) ** 16, 16, settings), 0.04, 1e-12);
  assert.equal(meanOver([1, 2, 5]), 2.5);
});
