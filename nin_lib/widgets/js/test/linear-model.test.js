import "./from-python.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { boundaries, losses, simulate } from "../src/models/linear-model.js";
import { noiseStream } from "../src/models/noise.js";
import { refine } from "../src/models/phase-map.js";

const P = {
  sigma_eps: 1,
  eta: 0.01,
  batch_size: 1000,
  w0: 0.1,
  w1: 1.5,
  w_ni: 0.1,
  M: 1,
  sigma_x: 1,
  steps: 600,
  seed: 0,
};
const run = changes => simulate({ ...P, ...changes }, noiseStream(0, 600));

test("growing noise meets the four phases", () => {
  assert.deepEqual(
    [0.1, 1, 6.7, 11, 16].map(sigma_eps => run({ sigma_eps }).phase),
    [0, 1, 1, 2, 3], // at 6.7 the noise changes its sign, but does not grow
  );
});

test("learned is the first step with less than a hundredth of the clean loss at the start", () => {
  const { learned, weights, kept } = run({});
  const [, clean] = losses(P, weights);
  assert.equal(
    learned,
    clean.findIndex(loss => loss < 0.01 * clean[0]),
  );
  assert.ok(learned > 50);
  assert.equal(kept, weights[2][learned] / 0.1);
  assert.equal(run({ steps: 5 }).learned, null);
});

test("a run is lost at the first step with a weight beyond 1e8", () => {
  const { lost, weights } = run({ sigma_eps: 16 });
  const beyond = t => weights.some(values => !(Math.abs(values[t]) <= 1e8));
  assert.ok(beyond(lost) && !beyond(lost - 1));
  assert.equal(run({ w1: 2e8 }).lost, 0);
});

test("the peak is that of the noise that reaches the output, relative to the start", () => {
  const { peak, weights } = run({ sigma_eps: 11 });
  const reaching = Array.from(weights[1], (w1, t) => Math.abs(w1 * weights[2][t]));
  assert.ok(peak > 1.5);
  assert.ok(Math.abs(peak - Math.max(...reaching) / reaching[0]) < 1e-12 * peak);
});

test("a loss that is not a number has overflowed", () => {
  const [noisy, clean] = losses(P, [[Infinity], [0], [0]]);
  assert.deepEqual([noisy[0], clean[0]], [Infinity, Infinity]);
});

test("theory's boundaries bear their names", () => {
  const { decoupled, late, catapult, divergent } = boundaries(P);
  // eta sigma^2 w1^2 = 2 at the start, and a little less than 4
  assert.ok(Math.abs(catapult - Math.sqrt(2 / 0.01) / 1.5) < 0.01);
  assert.ok(Math.abs(divergent - 2 / 0.1 / 1.5) < 0.05);
  assert.ok(decoupled < late && late < catapult && catapult < divergent);
});

test("a map's last pass has the phase of every cell, an earlier one those of its blocks", () => {
  const [xs, ys] = [Float64Array.of(0.1, 1, 11, 12, 16), Float64Array.of(0.5, 1.5, 3)];
  const noise = noiseStream(0, 600);
  const passes = [];
  for (const pass of refine({ p: P, columns: ["sigma_eps", xs], rows: ["w1", ys] }, noise)) {
    if (pass) passes.push({ ...pass, phases: [...pass.phases], learned: [...pass.learned] });
  }
  const cells = [...ys].flatMap(w1 => [...xs].map(sigma_eps => simulate({ ...P, sigma_eps, w1 }, noise)));
  assert.deepEqual(
    passes.map(pass => pass.fine),
    [false, false, false, true],
  );
  assert.deepEqual(
    passes[3].phases,
    cells.map(cell => cell.phase),
  );
  assert.deepEqual(
    passes[3].learned,
    cells.map(cell => cell.learned ?? -1),
  );
  assert.deepEqual(passes[0].phases, Array(15).fill(cells[0].phase)); // one block of 8 x 8
  assert.deepEqual(
    passes[2].phases.slice(0, 5),
    [0, 0, 2, 2, 4].map(x => cells[x].phase),
  );
});
