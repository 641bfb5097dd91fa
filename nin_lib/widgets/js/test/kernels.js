// What node runs before the tests: imports of "wasm:" get the compiled kernel, as in the bundles.

import { register } from "node:module";

register("./kernel-loader.js", import.meta.url);
