// Bundles every src/explorers/NAME.js into ../static/NAME.js: one classic script text that defines `explorer`.
// Python puts the generated mathematics before it and ends it for its host (see nin_lib/widgets/base.py).
import { build } from "esbuild";
import { readdirSync } from "node:fs";

const options = { bundle: true, minify: true, target: "es2020", charset: "utf8", format: "iife" };

// A worker or a style sheet is imported as text, bundled and minified: a Blob of the text starts a worker under file:// too.
const asText = {
  name: "as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.worker\.js$|\.css$/ }, async ({ path }) => {
      const result = await build({ ...options, entryPoints: [path], write: false });
      return { contents: result.outputFiles[0].text, loader: "text" };
    });
  },
};

await build({
  ...options,
  entryPoints: readdirSync("src/explorers")
    .filter(name => name.endsWith(".js"))
    .map(name => `src/explorers/${name}`),
  outdir: "../static",
  globalName: "explorer",
  plugins: [asText],
  legalComments: "inline",
});
