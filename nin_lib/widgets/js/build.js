// Bundles every src/explorers/NAME.js into ../static/NAME.js: one classic script text that defines `explorer`.
// Python puts the generated mathematics before it and ends it for its host (see nin_lib/widgets/base.py).
import { build } from "esbuild";
import { readdirSync } from "node:fs";

const options = { bundle: true, minify: true, target: "es2020", charset: "utf8", format: "iife", loader: { ".css": "text" } };

// import text from "./x.worker.js" gives that module bundled, as text: a Blob of it starts a worker under file:// too.
const workerText = {
  name: "worker-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.worker\.js$/ }, async ({ path }) => {
      const result = await build({ ...options, entryPoints: [path], write: false });
      return { contents: result.outputFiles[0].text, loader: "text" };
    });
  },
};

await build({
  ...options,
  entryPoints: readdirSync("src/explorers").map(name => `src/explorers/${name}`),
  outdir: "../static",
  globalName: "explorer",
  plugins: [workerText],
  legalComments: "inline",
});
