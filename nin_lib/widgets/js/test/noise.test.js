import assert from "node:assert/strict";
import { test } from "node:test";
import { noiseStream, normal, uniforms } from "../src/models/noise.js";

// The same hash with integers of any size.
const WORD = 2n ** 32n;
function hash(x) {
  x ^= x >> 16n;
  x = (x * 0x85ebca6bn) % WORD;
  x ^= x >> 13n;
  x = (x * 0xc2b2ae35n) % WORD;
  return x ^ (x >> 16n);
}
const uniform = (seed, k) =>
  (Number(hash((hash(BigInt(seed)) + BigInt(k) * 0x9e3779b9n) % WORD)) + 0.5) / 2 ** 32;

test("uniform numbers are a hash of the seed and their place", () => {
  for (const seed of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
    for (const k of [1, 2, 1000, 123456789]) assert.equal(uniforms(seed)(k), uniform(seed, k));
  }
});

test("a normal number is the sum of twelve uniform ones less six", () => {
  const stream = noiseStream(3, 5);
  for (let i = 0; i < 5; i++) {
    let sum = 0;
    for (let k = 1; k <= 12; k++) sum += uniform(3, 12 * i + k);
    assert.equal(stream[i], sum - 6);
    assert.equal(normal(uniforms(3), i), sum - 6);
  }
});

test("they have mean 0 and variance 1", () => {
  const stream = noiseStream(7, 50000);
  const mean = stream.reduce((a, b) => a + b) / stream.length;
  const variance = stream.reduce((a, b) => a + b * b, 0) / stream.length;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.03, `${mean}, ${variance}`);
});
