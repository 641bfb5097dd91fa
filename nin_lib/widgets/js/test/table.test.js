import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, csvOf } from "../src/ui/table.js";

const step = { name: "step", values: [0, 1, 2] };
const WEIGHTS = { title: "Weights", at: step, curves: [{ name: "w", values: [1, NaN, -Infinity] }] };
const LOSS = {
  title: "Loss, over all",
  at: { name: "step", values: Float64Array.of(0, 1, 2) },
  curves: [
    { name: "w", values: [0.1, null, Infinity] },
    { name: "loss", values: [1e-20, 2, 3] },
  ],
};
const SHORT = { title: "Other", at: { name: "σ", values: [5] }, curves: [{ name: "error", values: [7] }] };

test("charts over the same abscissa share its column, and a name that two of them use has the title before it", () => {
  const names = columnsOf([WEIGHTS, LOSS, SHORT]).map(({ name }) => name);
  assert.deepEqual(names, ["step", "Weights: w", "Loss, over all: w", "loss", "σ", "error"]);
});

test("another abscissa of the same name has the title before it, and what has no curves has no column", () => {
  const rare = {
    title: "Rare",
    at: { name: "step", values: [0, 2] },
    curves: [{ name: "seldom", values: [1, 2] }],
  };
  const map = { title: "Map", at: { name: "", values: [] }, curves: [] };
  const names = columnsOf([WEIGHTS, map, rare]).map(({ name }) => name);
  assert.deepEqual(names, ["step", "w", "Rare: step", "seldom"]);
});

test("values keep all their digits, what is not there is empty, and infinity is inf", () => {
  assert.equal(
    csvOf([WEIGHTS, LOSS, SHORT]),
    'step,Weights: w,"Loss, over all: w",loss,σ,error\n0,1,0.1,1e-20,5,7\n1,,,2,,\n2,-inf,inf,3,,\n',
  );
});
