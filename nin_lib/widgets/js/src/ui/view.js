// The life of an explorer on the screen: what listens and what must be given back is registered here, and ends with it.

import { limitsOf } from "./limits.js";
import { valuesOf } from "./model.js";

/**
 * What the parts of an explorer are handed: its element `root`, whose `nin` holds what is on the screen, its `model`,
 * and what its settings accept and were at the start. When `signal` aborts, the explorer is taken down.
 * @param {HTMLElement} element
 * @param {Model} model
 * @param {AbortSignal} signal
 * @param {string} name
 * @returns {View}
 */
export function createView(element, model, signal, name) {
  /** @param {() => void} end */
  const own = end => signal.addEventListener("abort", end, { once: true });
  const limits = limitsOf(model);
  return {
    root: Object.assign(element, { nin: {} }),
    model,
    name,
    live: "send" in model,
    signal,
    own,
    limits,
    charts: [],
    start: valuesOf(model, limits.keys()),
    listen: listenTo(model, own),
  };
}

/**
 * The part of a view that listens to a model, here to one of a part's own.
 * @param {Pick<Model, "on" | "off">} model
 * @param {View["own"]} own
 * @returns {View["listen"]}
 */
export const listenTo = (model, own) => (names, listener) => {
  for (const name of names) {
    model.on(`change:${name}`, listener);
    own(() => model.off(`change:${name}`, listener));
  }
};
