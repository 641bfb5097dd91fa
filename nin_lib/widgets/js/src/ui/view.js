// The life of an explorer on the screen: what listens and what must be given back is registered here, and ends with it.

/**
 * What the parts of an explorer are handed: its element `root`, whose `nin` holds what is on the screen, and its `model`.
 * When `signal` aborts, the explorer is taken down.
 * @param {HTMLElement} element
 * @param {Model} model
 * @param {AbortSignal} signal
 * @returns {View}
 */
export function createView(element, model, signal) {
  /** @param {() => void} end */
  const own = end => signal.addEventListener("abort", end, { once: true });
  return {
    root: Object.assign(element, { nin: {} }),
    model,
    signal,
    own,
    listen(names, listener) {
      for (const name of names) {
        model.on(`change:${name}`, listener);
        own(() => model.off(`change:${name}`, listener));
      }
    },
  };
}
