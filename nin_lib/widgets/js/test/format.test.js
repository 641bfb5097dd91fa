import assert from "node:assert/strict";
import { test } from "node:test";
import { format, plain, powerOfTen } from "../src/ui/format.js";

test("three significant digits, as a reader writes them", () => {
  const cases = [
    [0.03125, "0.0313"],
    [1.5, "1.50"],
    [-2, "−2.00"],
    [13.34, "13.3"],
    [123.4, "123"],
    [1000, "1000"],
    [0, "0"],
    [0.00099, "9.9e−4"],
    [1e6, "1.0e6"],
    [2.34e45, "2.3e45"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
    [NaN, "–"],
  ];
  for (const [value, text] of cases) assert.equal(format(value), text);
});

test("a number on an axis has no digit too many", () => {
  const cases = [
    [0.1 + 0.2, "0.3"],
    [-1000, "−1000"],
    [0.00125, "0.00125"],
    [0.00025, "2.5e−4"],
    [0, "0"],
  ];
  for (const [value, text] of cases) assert.equal(plain(value), text);
});

test("powers of ten", () => {
  assert.deepEqual([0, 8, -12].map(powerOfTen), ["10⁰", "10⁸", "10⁻¹²"]);
});
