// Links and addresses that set an explorer: "#linear?sigma_eps=16&eta=0.02".

import { readValue } from "./limits.js";
import { setValues } from "./model.js";
import { createRefusals } from "./refusals.js";

/**
 * What a link to `name` asks for: the values that are right, and words for those that are refused; null if it is another link.
 * @param {string} hash
 * @param {string} name
 * @param {Map<string, Limits>} limits
 */
export function wantedBy(hash, name, limits) {
  if (!hash.startsWith(`#${name}?`)) return null;
  /** @type {Record<string, number | string>} */
  const wanted = {};
  /** @type {string[]} */
  const refused = [];
  for (const [key, text] of new URLSearchParams(hash.slice(name.length + 2))) {
    const read = readValue(key, text, limits.get(key));
    if ("value" in read) wanted[key] = read.value;
    else refused.push(read.refused);
  }
  return { wanted, refused };
}

/**
 * A link on the page, or the page's own address, sets the explorer that it names. To be called when the explorer stands.
 * @param {View} view
 * @param {string} name that of the explorer, or, of explorers that show an experiment, the experiment's
 */
export function followLinks(view, name) {
  const { root, model, limits, signal } = view;
  const refusals = createRefusals(view);
  /** @param {string} hash */
  const apply = hash => {
    const asked = wantedBy(hash, name, limits);
    if (!asked) return false;
    setValues(model, asked.wanted);
    refusals.say(asked.refused);
    root.scrollIntoView({ block: "nearest" });
    return true;
  };
  const click = (/** @type {Event} */ event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link?.hash && apply(link.hash)) event.preventDefault();
  };
  document.addEventListener("click", click, { signal });
  apply(location.hash);
}
