// Links and addresses that set an explorer: "#linear?sigma_eps=16&eta=0.02".

import { setValues } from "./model.js";

/**
 * The values that a link to `name` asks for, of settings that the model has and in their types; null if it is another link.
 * @param {string} hash
 * @param {string} name
 * @param {Pick<Model, "get">} model
 */
export function wantedBy(hash, name, model) {
  if (!hash.startsWith(`#${name}?`)) return null;
  /** @type {Record<string, number | string>} */
  const wanted = {};
  for (const [key, text] of new URLSearchParams(hash.slice(name.length + 2))) {
    const value = Number(text);
    if (typeof model.get(key) === "number" && Number.isFinite(value)) wanted[key] = value;
    else if (typeof model.get(key) === "string") wanted[key] = text;
  }
  return wanted;
}

/**
 * A link on the page, or the page's own address, sets the explorer that it names.
 * @param {View} view
 * @param {string} name that of the explorer, or, of explorers that show an experiment, the experiment's
 */
export function followLinks({ root, model, signal }, name) {
  /** @param {string} hash */
  const apply = hash => {
    const wanted = wantedBy(hash, name, model);
    if (!wanted) return false;
    setValues(model, wanted);
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
