// Rules of the house, read from the sources: which folder may use which, and how long files and functions may be.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import ts from "typescript";

const SRC = new URL("../src", import.meta.url).pathname;
const MAY_USE = {
  ui: ["ui"],
  models: ["models"],
  charts: ["charts", "ui"],
  workers: ["workers", "models"],
  explorers: ["explorers", "charts", "ui", "workers", "models"],
  "on-demand": ["on-demand", "explorers", "charts", "ui", "workers", "models"],
};
const FILES = readdirSync(SRC, { recursive: true }).filter(name => /(?<!\.d)\.[jt]s$/.test(name));
const read = name => readFileSync(join(SRC, name), "utf8");
// Lines that hold code: neither blank nor of a comment.
function codeLines(text) {
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, comment => comment.replace(/[^\n]/g, ""));
  return bare.split("\n").filter(line => line.trim() !== "" && !line.trim().startsWith("//")).length;
}

test("a folder uses only those below it", () => {
  assert.deepEqual([...new Set(FILES.map(name => name.split("/")[0]))].sort(), Object.keys(MAY_USE).sort());
  for (const name of FILES) {
    for (const [, path] of read(name).matchAll(/(?:from|import) "(?:text:)?(\.[^"]+)"/g)) {
      const used = normalize(join(dirname(name), path)).split("/")[0];
      assert.ok(MAY_USE[name.split("/")[0]].includes(used), `${name} uses ${path}`);
    }
  }
});

test("no file has more than 250 lines of code, no function more than 50", () => {
  for (const name of FILES) {
    const text = read(name);
    assert.ok(codeLines(text) <= 250, name);
    const visit = node => {
      if (ts.isFunctionLike(node) && node.body) {
        const lines = codeLines(text.slice(node.getStart(), node.end));
        assert.ok(lines <= 50, `${name}: ${node.name?.getText() ?? "a function"} has ${lines} lines`);
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true));
  }
});
