// The page's address follows an explorer, and an explorer the address: it can be shared, and reloaded, and gone back to.

const REST = 400; // ms; browsers refuse an address that changes too often

/**
 * The end of an address that leads here: of the settings those that are not as at the start. Empty at the start.
 * @param {Pick<View, "name" | "model" | "start">} view
 */
export function addressOf({ name, model, start }) {
  const changed = Object.keys(start).filter(key => model.get(key) !== start[key]);
  const query = new URLSearchParams(changed.map(key => [key, String(model.get(key))]));
  return changed.length > 0 ? `#${name}?${query}` : "";
}

/**
 * @param {Pick<View, "name">} view
 * @param {"pushState" | "replaceState"} how as a new entry of the browser's history, or in the place of this one
 * @param {string} url
 */
export function noteAddress({ name }, how, url) {
  try {
    history[how]({ explorer: name }, "", url);
  } catch {
    // an address of a kind that must not change: then it stays
  }
}

/**
 * @param {View} view
 * @param {(hash: string) => boolean} apply sets the explorer, if this address is its own
 */
export function followAddress(view, apply) {
  const { root, name, start, signal, listen, own } = view;
  let timer = 0;
  function write() {
    const hash = addressOf(view);
    if (!hash && !location.hash.startsWith(`#${name}?`)) return; // nothing to say, or of another part of the page
    noteAddress(view, "replaceState", hash || location.pathname + location.search);
  }
  listen(Object.keys(start), () => {
    clearTimeout(timer);
    timer = window.setTimeout(write, REST);
  });
  own(() => clearTimeout(timer));
  /** @param {HashChangeEvent} event */
  const changed = ({ newURL }) => {
    // Back to an address without an end is back to the start.
    const applied = apply(newURL.includes("#") ? location.hash : `#${name}?`);
    // An address that the reader types leads to the explorer; the way back leads to where the reader was.
    if (applied && location.hash && !history.state) root.scrollIntoView();
  };
  window.addEventListener("hashchange", changed, { signal });
  const [entry] = performance.getEntriesByType("navigation");
  const arriving = /** @type {PerformanceNavigationTiming | undefined} */ (entry)?.type === "navigate";
  if (apply(location.hash) && arriving) root.scrollIntoView();
}
