import "./from-python.js";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { train } from "../src/models/digits-training.js";
import { phaseOf } from "../src/models/outcome.js";

// A training of four epochs of two steps, its first loss 1.
function outcome({ lost = null, steps = 8, ...curves }) {
  const history = {
    steps,
    steps_per_epoch: 2,
    lost,
    batch_loss: [1, 1, 1, 1, 1, 1, 1, 1],
    niw_norm: [1, 1, 1, 1, 1, 1, 1, 1, 1],
    clean_loss: [1, 1, 1, 1, 1],
    ...curves,
  };
  for (const name of ["batch_loss", "niw_norm", "clean_loss"])
    history[name] = Float64Array.from(history[name]);
  return phaseOf(history);
}

test("the phase of the histories against which Python's definition is held, too", () => {
  const table = new URL("../../../../tests/phases.json", import.meta.url);
  for (const {
    batch_loss = [4, 3, 2, 1, 1],
    niw_norm = Array(6).fill(1),
    clean_loss = [4, 2],
    ...said
  } of JSON.parse(readFileSync(table, "utf8"))) {
    const losses = batch_loss.map(loss => loss ?? NaN);
    const lost = losses.findIndex(loss => !(loss <= outcomes.thresholds.diverged));
    const history = {
      steps: 5,
      steps_per_epoch: 1,
      lost: lost < 0 ? null : lost,
      batch_loss: Float64Array.from(losses),
      niw_norm: Float64Array.from(niw_norm),
      clean_loss: Float64Array.of(clean_loss[0], NaN, NaN, NaN, NaN, clean_loss[1]), // measured each fifth epoch
    };
    assert.equal(phaseOf(history).phase, said.phase, said.why);
  }
});

test("quiet trainings: by what is left of the noise weights when the clean loss is down to a quarter", () => {
  const niw_norm = [1, 0.99, 0.98, 0.95, 0.92, 0.89, 0.8, 0.7, 0.6];
  assert.deepEqual(outcome({ niw_norm, clean_loss: [1, 0.5, 0.25, 0.1, 0.1] }), {
    phase: "decoupled",
    learned: true,
    kept: 0.92,
  });
  assert.equal(outcome({ niw_norm, clean_loss: [1, 0.5, 0.3, 0.25, 0.1] }).phase, "decay");
  assert.deepEqual(outcome({ niw_norm }), { phase: "decay", learned: false, kept: 0.6 });
});

test("a catapult passes twice the first loss and comes back", () => {
  assert.equal(outcome({ batch_loss: [1, 2.1, 3, 2, 0.9, 1, 1, 1] }).phase, "catapult");
  assert.equal(outcome({ batch_loss: [1, 2, 2, 2, 0.9, 1, 1, 1] }).phase, "decoupled");
  assert.equal(outcome({ batch_loss: [1, 0.9, 2.1, 3, 3, 3, 3, 3] }).phase, "decoupled");
});

test("before the end, a high loss counts at once", () => {
  assert.equal(outcome({ steps: 3, batch_loss: [1, 2.1, 3, NaN, NaN, NaN, NaN, NaN] }).phase, "catapult");
});

test("what is lost diverges", () => {
  assert.equal(outcome({ lost: 2, batch_loss: [1, 3, 1e9, NaN, NaN, NaN, NaN, NaN] }).phase, "divergent");
});

test("a training yields its history after each step, and the same one for the same settings", () => {
  const p = { sigma_eps: 1, eta: 0.1, batch_size: 5, seed: 4 };
  const again = [train(p, 2), train(p, 2)].map(training => {
    const seen = [];
    for (const { steps, steps_per_epoch, batch_loss, niw_norm, val_accuracy, clean_loss } of training)
      seen.push([steps, steps_per_epoch, [...batch_loss], [...niw_norm], [...val_accuracy], [...clean_loss]]);
    return seen;
  });
  assert.deepEqual(again[0], again[1]);
  const seen = again[0];
  assert.deepEqual(
    seen.map(([steps]) => steps),
    [1, 2, 3, 4],
  );
  assert.equal(seen[0][1], 2); // twelve samples, five in a batch
  seen.forEach(([steps, , loss, norm]) => {
    assert.equal(loss.filter(Number.isFinite).length, steps);
    assert.equal(norm.filter(Number.isFinite).length, steps + 1);
  });
  assert.ok(seen[3][2].every(loss => loss > 0 && loss < 10));
  assert.ok(seen[3][4].every(accuracy => accuracy >= 0 && accuracy <= 1));
});

test("strong noise is lost, and the training ends", () => {
  const seen = [...train({ sigma_eps: 1e6, eta: 1, batch_size: 12, seed: 0 }, 20)];
  const { lost, steps, batch_loss } = seen.at(-1);
  assert.equal(lost, steps);
  assert.ok(!(batch_loss[lost] <= 1e8));
});
