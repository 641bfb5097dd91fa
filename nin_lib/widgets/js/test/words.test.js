import "./from-python.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, overlaid } from "../src/explorers/parts/closed-forms.js";
import { describe, eventsOf, weightDecades } from "../src/explorers/parts/run-summary.js";
import { describe as describeRuns, nearest, storedRuns } from "../src/explorers/parts/stored-runs.js";
import { emptyCurves, merge } from "../src/explorers/parts/training-curves.js";
import { describe as describeTraining } from "../src/explorers/parts/training-words.js";

const P = { steps: 600, w0: 0.1, w1: 1.5, w_ni: 0.1, M: 1, eta: 0.01, sigma_eps: 2, sigma_x: 1 };
const RUN = { learned: 70, lost: null, kept: 0.5, peak: 3.2 };

test("what to notice of a run of the linear model", () => {
  assert.equal(
    describe(P, RUN, "decay"),
    "The clean loss is below 1\u00a0% at step 70; the noise weight then has 50.0\u00a0% of its start.",
  );
  assert.match(describe(P, { ...RUN, kept: 1e-5 }, "decay"), /less than 0.1\u00a0% of its start/);
  assert.equal(describe(P, { ...RUN, lost: 12 }, "divergent"), "A weight passes 10⁸ at step 12.");
  assert.match(
    describe(P, RUN, "catapult"),
    /^The noise that reaches the output grows to 3.20 times its start, then falls/,
  );
  assert.match(
    describe({ ...P, steps: 1 }, { ...RUN, learned: null }, "decay"),
    /not yet below 1\u00a0% after 1 step;/,
  );
  assert.match(describe({ ...P, w_ni: 0 }, RUN, "decoupled"), /the noise weight starts at zero/);
});

test("the axis of the weights holds still, and grows in whole decades", () => {
  const weights = [[0.1], [1.5], [-0.1]];
  assert.deepEqual(weightDecades(P, { weights, lost: null }), [-5, 3]);
  assert.deepEqual(weightDecades(P, { weights: [[2.2], [-3100]], lost: null }), [-5, 4]);
  assert.deepEqual(weightDecades(P, { weights: [[2.2], [-3100]], lost: 3 }), [-5, 3]);
});

test("a catapult's marks stand where the noise has overshot, where the large weight gives way, and where it has learned", () => {
  // eta sigma^2 = 1: a weight overshoots while the square of the other is above 2
  const p = { ...P, eta: 0.25, sigma_eps: 2 };
  const weights = [
    [0, 0, 0, 0],
    [1.5, 1.5, 1.3, 0.9],
    [0.1, -0.12, 0.15, 0.1],
  ].map(w => Float64Array.from(w));
  const losses = [
    [4, 5, 3, 1],
    [4, 3, 2, 0.01],
  ];
  const { weights: marks, loss } = eventsOf(p, { weights, overshot: 1, learned: 3 }, losses);
  assert.deepEqual(marks, [
    { at: 1, text: "overshoots at step 1", value: 0.12 },
    { at: 2, text: "w₁ gives way at 2", value: 1.3 },
    { at: 3, text: "learned at step 3" },
  ]);
  assert.deepEqual(loss, [
    { at: 1, text: "overshoots at step 1", value: 5 },
    { at: 3, text: "clean loss < 1\u00a0% at 3", value: 0.01 },
  ]);
  const turned = eventsOf(
    { ...p, w1: 0.1, w_ni: 1.5 },
    { weights: [weights[0], weights[2], weights[1]], overshot: 1, learned: null },
    losses,
  );
  assert.deepEqual(turned.weights, [marks[0], { at: 2, text: "w_NI gives way at 2", value: 1.3 }]);
  const quiet = eventsOf(p, { weights, overshot: null, learned: 3 }, losses);
  assert.deepEqual(quiet, { weights: [marks[2]], loss: [loss[1]] });
});

test("the closed forms start at the run's start, and the exponentials fall with their time scales", () => {
  const weights = [0.1, 1.5, -0.1].map(value => Float64Array.of(value, value, value));
  const { loss, chart } = overlaid({ ...P, steps: 2 }, { weights });
  assert.ok(Math.abs(loss[0][0] - (1 - 0.15) ** 2 / 2) < 1e-12); // clean loss of w0 w1 = .15
  assert.deepEqual(
    [...chart].map(curve => curve[0]),
    [1, 1, 1],
  );
  const rate = 0.01 * 4 * 1.5 ** 2; // eta sigma^2 w1^2
  assert.ok(Math.abs(chart[2][2] - Math.exp(-2 * rate)) < 1e-12);
});

test("words for the noise's time scale against a step", () => {
  for (const [X, says] of [
    [0.05, "short enough"],
    [0.1, "faster than"],
    [1, "changes its sign"],
    [2, "grows at first"],
  ])
    assert.match(compare(X, 1, 3), new RegExp(says));
  assert.match(compare(0.1, 2, 3), /^τ noise is 20.0 steps, τ loss 30.0: /);
});

test("of the stored runs those of the nearest noise are shown", () => {
  const runs = [1, 1, 4, 10].map((sigma_eps, k) => ({
    sigma_eps,
    seed: k % 2,
    redraw: k < 3 ? "epoch" : "never",
  }));
  assert.deepEqual(nearest(runs, 2.4), runs.slice(0, 2));
  assert.deepEqual(nearest(runs, 2.6), [runs[2]]);
  const state = { redraw: "never" };
  const stored = storedRuns(runs, { get: key => state[key] }, ["redraw"]);
  assert.deepEqual(stored.chosen(), [runs[3]]);
  assert.equal(stored.with("redraw"), runs[3]);
  state.redraw = "often";
  assert.deepEqual(stored.chosen(), []);
  assert.equal(stored.with("redraw"), runs[0]);
});

test("thin lines are named", () => {
  const run = (seed, phase) => ({ seed, phase, words: "So it is." });
  assert.equal(describeRuns([run(0, "decay")]), "So it is.");
  assert.equal(
    describeRuns([run(0, "decay"), run(1, "catapult")]),
    "So it is. Thin lines: seed 1 (catapult).",
  );
});

test("a training's curves grow over those of the training before, at their epochs", () => {
  const curves = emptyCurves(4);
  assert.equal(curves.at[6], 1.5);
  curves.batch_loss.fill(7);
  curves.val_accuracy.fill(7);
  const history = {
    steps: 5,
    steps_per_epoch: 4,
    lost: null,
    batch_loss: Float64Array.of(1, 2, 3, 4, 5, NaN),
    niw_norm: Float64Array.of(1, 1, 1, 1, 1, 0.5, NaN),
    val_accuracy: Float64Array.of(0.1, 0.9, NaN),
    clean_loss: Float64Array.of(2, 1, NaN),
  };
  merge(curves, history);
  // a gap between the new curve and the old one
  assert.deepEqual([...curves.batch_loss.slice(0, 10)], [1, 2, 3, 4, 5, NaN, NaN, NaN, 7, 7]);
  assert.equal(curves.niw_norm[5], 0.5);
  assert.deepEqual([curves.val_accuracy[0], curves.val_accuracy[4], curves.val_accuracy[8]], [0.1, 0.9, NaN]);
  assert.deepEqual([curves.clean_loss[0], curves.clean_loss[1], curves.clean_loss[4]], [2, NaN, 1]);
});

test("what to notice of a training", () => {
  const history = {
    lost: null,
    batch_loss: Float64Array.of(2, 5, 1),
    steps_per_epoch: 2,
    val_accuracy: [0.1, 0.95],
  };
  const outcome = { phase: "decay", learned: true, kept: 0.5 };
  assert.equal(
    describeTraining(history, outcome),
    "When the clean loss is down to a quarter, the noise weights have 50.0\u00a0% of their norm. " +
      "The validation accuracy at epoch 1 is 95.0\u00a0%.",
  );
  assert.match(describeTraining(history, { ...outcome, phase: "catapult" }), /peaks at 2.50 times its start/);
  assert.equal(describeTraining({ ...history, lost: 4 }, outcome), "The batch loss passes 10⁸ in epoch 3.");
});
