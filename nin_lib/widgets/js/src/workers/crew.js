// The page's side of sliced-training.task.js: a worker that trains, and the crew of workers that compute its slices.

import relaxed from "wasm:../../kernel/float32.ts?relaxed";
import simd from "wasm:../../kernel/float32.ts";
import { SLICES } from "../models/slice.js";
import sliceText from "text:./slice.worker.js";
import trainingText from "text:./sliced-training.worker.js";

/** The kernel that this browser has, the faster one first; null, if none. */
export const kernelHere = () =>
  globalThis.WebAssembly ? ([relaxed, simd].find(code => WebAssembly.validate(code)) ?? null) : null;

/** As many workers as there are processors, a power of two, so that all have equally many slices. */
export function crewSize() {
  let size = 1;
  while (2 * size <= Math.min(navigator.hardwareConcurrency || 1, SLICES)) size *= 2;
  return size;
}

/** @typedef {import("./sliced-training.task.js").News} News */

/**
 * Returns what sends the training worker a request, and what ends all of them; `hear` receives its news. When one of the workers dies,
 * all end, and `fail` is told why.
 * @param {View["own"]} own
 * @param {Uint8Array<ArrayBuffer>} code
 * @param {string} images address of their folder
 * @param {(news: News) => void} hear
 * @param {(why: string) => void} fail
 */
export function startCrew(own, code, images, hear, fail) {
  /** @type {Worker[]} */
  const workers = [];
  function end() {
    for (const worker of workers) worker.terminate();
  }
  own(end);
  /** @param {string} text */
  function start(text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    worker.onerror = event => {
      event.preventDefault();
      end();
      fail(event.message ?? "");
    };
    workers.push(worker);
    return worker;
  }
  const before = `const outcomes = ${JSON.stringify(outcomes)};`;
  const training = start(`${before}\n${trainingText}`);
  training.onmessage = ({ data }) => hear(data);
  const ports = Array.from({ length: crewSize() }, () => {
    const { port1, port2 } = new MessageChannel();
    start(sliceText).postMessage(null, [port1]);
    return port2;
  });
  training.postMessage({ ports, code, images }, ports);
  return { send: (/** @type {object} */ request) => training.postMessage(request), end };
}
