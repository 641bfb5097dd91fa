import assert from "node:assert/strict";
import { test } from "node:test";
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
  const model = new StaticModel({});
  const life = new AbortController();
  const view = createView({}, model, life.signal);
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
});

test("a link sets what the explorer has, in its type, and nothing else", () => {
  const model = new StaticModel({ sigma_eps: 1, vertical: "w1", _stored: {} });
  const wanted = wantedBy("#linear?sigma_eps=16&vertical=eta&_stored=x&nothing=1", "linear", model);
  assert.deepEqual(wanted, { sigma_eps: 16, vertical: "eta" });
  assert.deepEqual(wantedBy("#linear?sigma_eps=much", "linear", model), {});
  assert.equal(wantedBy("#linearly?sigma_eps=1", "linear", model), null);
  assert.equal(wantedBy("#linear", "linear", model), null);
});
