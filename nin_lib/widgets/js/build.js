// Bundles every src/explorers/NAME.js into ../static/NAME.js: one classic script text that defines `explorer`. And what a page loads
// when its reader asks for it, src/on-demand/training-here.js, which defines `trainingHere`.
// Python puts the generated mathematics before it and ends it for its host (see nin_lib/widgets/base.py).
import { build } from "esbuild";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileKernel } from "./compile-kernel.js";

// "wasm:./x.ts" is imported as the bytes of the module that the kernel's source makes, base64 in the bundle.
const asModule = {
  name: "as-module",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^wasm:/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.slice("wasm:".length)),
      namespace: "wasm",
    }));
    onLoad({ filter: /.*/, namespace: "wasm" }, async ({ path }) => {
      const [source, relaxed] = path.split("?");
      return { contents: await compileKernel(source, relaxed === "relaxed"), loader: "binary" };
    });
  },
};

const options = {
  bundle: true,
  minify: true,
  target: "es2020",
  charset: "utf8",
  format: "iife",
  plugins: [asModule],
};

// "text:./x.worker.js" and "text:./x.css" are imported as text, bundled and minified: a Blob of a worker's text starts it under
// file://, too.
const asText = {
  name: "as-text",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^text:/ }, async ({ path, resolveDir, kind }) => {
      const found = await resolve(path.slice("text:".length), { resolveDir, kind });
      return { ...found, namespace: "text" };
    });
    onLoad({ filter: /.*/, namespace: "text" }, async ({ path }) => {
      const result = await build({ ...options, entryPoints: [path], write: false });
      return { contents: result.outputFiles[0].text, loader: "text" };
    });
  },
};

// uPlot writes numbers by the browser's language as it loads, and some browsers have one ("C") that no number can be written by.
// What it writes is not shown: the charts have their own labels.
const withoutLanguage = {
  name: "without-language",
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source.replace("domEnv ? nav.language : 'en-US'", "'en-US'");
      if (contents === source) throw new Error(`${path} no longer asks for the language: leave this out`);
      return { contents };
    });
  },
};

const everything = {
  ...options,
  outdir: "../static",
  plugins: [asModule, asText, withoutLanguage],
  banner: { js: `/*! uPlot\n${readFileSync("node_modules/uplot/LICENSE", "utf8")}*/` }, // which its source does not name
};
const explorers = readdirSync("src/explorers")
  .filter(name => name.endsWith(".js"))
  .map(name => `src/explorers/${name}`);
await build({ ...everything, entryPoints: explorers, globalName: "explorer" });
await build({ ...everything, entryPoints: ["src/on-demand/training-here.js"], globalName: "trainingHere" });
