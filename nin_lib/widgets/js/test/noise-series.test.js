import "./from-python.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { helpInWords, limitsInWords } from "../src/explorers/parts/series-summary.js";
import {
  bestOrder,
  helpsUpTo,
  lossAlong,
  meanLoss,
  meanSeries,
  seriesAlong,
} from "../src/models/noise-series.js";

test("the series is that of the loss near zero", () => {
  for (const eps of [-0.05, 0.02, 0.1]) {
    assert.ok(Math.abs(seriesAlong("tanh", 8, eps) - lossAlong("tanh", eps)) < 1e-9);
  }
  assert.ok(Math.abs(seriesAlong("tanh", 0, 3) - lossAlong("tanh", 0)) < 1e-15);
});

test("the mean loss over weak noise is that of its series, whose odd terms vanish", () => {
  assert.ok(Math.abs(meanLoss("tanh", 0.1) - meanSeries("tanh", 8, 0.1)) < 1e-8);
  assert.equal(meanSeries("tanh", 3, 0.5), meanSeries("tanh", 2, 0.5));
});

test("the series helps up to where its error is that of leaving the noise out", () => {
  const limit = helpsUpTo("tanh", 2);
  const error = order => Math.abs(meanSeries("tanh", order, limit) - meanLoss("tanh", limit));
  assert.ok(Math.abs(error(2) / error(0) - 1) < 0.02, `${error(2)}, ${error(0)}`);
  assert.equal(helpsUpTo("tanh", 1), Infinity);
});

test("the best order is an even one with the smallest error", () => {
  const exact = meanLoss("tanh", 0.3);
  const errors = [0, 2, 4, 6, 8].map(order => Math.abs(meanSeries("tanh", order, 0.3) - exact));
  assert.equal(bestOrder("tanh", 0.3, exact), 2 * errors.indexOf(Math.min(...errors)));
});

test("words say whether the series helps", () => {
  const values = { clean: 1, exact: 2, limit: 0.75, best: 4 };
  assert.equal(
    helpInWords({ order: 2 }, { ...values, series: 1.9 }),
    " The error is 10.0\u00a0% of the change.",
  );
  assert.equal(
    helpInWords({ order: 2 }, { ...values, series: 2 }),
    " The error is less than 0.1\u00a0% of the change.",
  );
  assert.match(helpInWords({ order: 2 }, { ...values, series: 3.5 }), /worse than leaving/);
  assert.equal(helpInWords({ order: 1 }, { ...values, series: 1 }), "");
  assert.match(
    limitsInWords({ activation: "tanh", order: 2 }, values),
    /up to a noise of 0.750; the best order here is 4/,
  );
  assert.match(limitsInWords({ activation: "relu", order: 3 }, values), /zero for ReLU/);
});
