import assert from "node:assert/strict";
import { test } from "node:test";
import { searchPhases } from "../src/models/phase-search.js";

const truth = k => ["decoupled", "decay", "catapult", "divergent"][(k > 20) + (k > 41) + (k > 50)];

test("a search finds every boundary with few trainings, and says what it knows on the way", () => {
  const search = searchPhases(65);
  assert.deepEqual(search.cells(), Array(65).fill(null));
  let tried = 0;
  for (let k = search.next(); k !== null; k = search.next()) {
    assert.ok(Number.isInteger(k) && k >= 0 && k < 65);
    search.found(k, truth(k));
    for (const [position, phase] of search.cells().entries())
      if (phase !== null) assert.equal(phase, truth(position));
    tried++;
  }
  assert.deepEqual(
    search.cells(),
    Array.from({ length: 65 }, (_, k) => truth(k)),
  );
  assert.ok(tried <= 20, `${tried} trainings`);
});
