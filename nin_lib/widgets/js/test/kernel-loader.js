import { fileURLToPath } from "node:url";
import { compileKernel } from "../compile-kernel.js";

export function resolve(name, context, next) {
  if (!name.startsWith("wasm:")) return next(name, context);
  const url = new URL(name.slice("wasm:".length), context.parentURL).href;
  return { url, format: "wasm-bytes", shortCircuit: true };
}

export async function load(url, context, next) {
  if (context.format !== "wasm-bytes") return next(url, context);
  const { search } = new URL(url);
  const bytes = await compileKernel(fileURLToPath(url), search === "?relaxed");
  return { format: "module", source: `export default new Uint8Array([${bytes}]);`, shortCircuit: true };
}
