import "./from-python.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf } from "../src/ui/address.js";
import { limitsOf, readValue } from "../src/ui/limits.js";
import { wantedBy } from "../src/ui/links.js";
import { setValues, StaticModel } from "../src/ui/model.js";
import { createView } from "../src/ui/view.js";

test("a model tells its listeners of a change, and of nothing else", () => {
  const model = new StaticModel({ eta: 1 });
  let heard = 0;
  const listener = () => heard++;
  model.on("change:eta", listener);
  model.set("eta", 1);
  model.set("w1", 2);
  assert.equal(heard, 0);
  setValues(model, { eta: 2, w1: 3 });
  assert.deepEqual([heard, model.get("eta"), model.get("w1")], [1, 2, 3]);
  model.off("change:eta", listener);
  model.set("eta", 3);
  assert.equal(heard, 1);
});

test("what a view has registered ends with it, each once", () => {
  const model = new StaticModel({ eta: 0.5 });
  const life = new AbortController();
  const view = createView({}, model, life.signal, "linear");
  const heard = [];
  view.listen(["eta", "w1"], () => heard.push("changed"));
  view.own(() => heard.push("ended"));
  model.set("eta", 1);
  model.set("w1", 1);
  assert.deepEqual(heard, ["changed", "changed"]);
  life.abort();
  life.abort();
  model.set("eta", 2);
  assert.deepEqual(heard, ["changed", "changed", "ended"]);
  assert.deepEqual(Object.values(model.listeners), [[], []]);
  assert.deepEqual(view.root.nin, {});
  assert.equal(view.start.eta, 0.5);
  model.set("eta", 0.5);
  assert.equal(addressOf({ ...view, start: { eta: 0.5 } }), "");
  model.set("eta", 0.25);
  model.set("vertical", "w_ni");
  assert.equal(
    addressOf({ ...view, start: { eta: 0.5, w1: 1, vertical: "w1" } }),
    "#linear?eta=0.25&vertical=w_ni",
  );
});

const LIMITS = limitsOf({ get: () => ({ choices: { redraw: ["epoch", "never"] } }) });

test("a link sets what the explorer has, in its type, and says what it refuses", () => {
  const link = "#linear?sigma_eps=16&vertical=eta&_stored=x&nothing=1&redraw=never&steps=3e2";
  const { wanted, refused } = wantedBy(link, "linear", LIMITS);
  assert.deepEqual(wanted, { sigma_eps: 16, vertical: "eta", redraw: "never", steps: 300 });
  assert.deepEqual(refused, [
    "“_stored=x” is refused: there is no such setting.",
    "“nothing=1” is refused: there is no such setting.",
  ]);
  assert.equal(wantedBy("#linearly?sigma_eps=1", "linear", LIMITS), null);
  assert.equal(wantedBy("#linear", "linear", LIMITS), null);
});

test("a value beyond the limits of its setting is refused, with the reason", () => {
  const refused = (name, text) => readValue(name, text, LIMITS.get(name)).refused ?? "";
  assert.match(
    refused("eta", "0"),
    /^“eta=0” is refused: it must be a number above 0 and up to 1000000; 0.01 is/,
  );
  assert.match(refused("sigma_eps", "-5"), /must be a number from 0 to 1000000; 0 switches the noise off/);
  assert.match(refused("steps", "1e8"), /must be a whole number from 1 to 100000; it counts the steps/);
  assert.match(refused("vertical", "constructor"), /must be one of w1, w_ni, eta, batch_size\./);
  assert.match(refused("w1", "9".repeat(400)), /^“w1=9{20}…” is refused/);
  for (const text of ["", " ", "much", "0x10", "Infinity", "1e309", "NaN", "1 2", "−5", "1,5", "null"])
    assert.ok(refused("eta", text), text);
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"])
    assert.match(refused(name, "1"), /no such setting/);
  for (const text of ["0", "-0", "1e6", ".5", "+3", "1E-9"]) assert.equal(refused("sigma_eps", text), "");
  assert.ok(refused("steps", "1.5") && refused("batch_size", "0") && !refused("batch_size", "1e9"));
});
