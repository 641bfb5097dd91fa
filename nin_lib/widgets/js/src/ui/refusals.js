// What a link, or what is typed, asked for in vain, said behind the status line until the next change of a setting.

import { h } from "./elements.js";

/**
 * To be called when the explorer's status line is in its place.
 * @param {View} view
 */
export function createRefusals({ root, limits, listen, signal }) {
  const element = h("p", { class: "nin-refused", hidden: "" });
  root.querySelector(".nin-status")?.after(element);
  /** @param {string[]} sentences */
  const say = sentences => {
    element.textContent = sentences.join(" ");
    element.hidden = sentences.length === 0;
  };
  root.addEventListener("nin-refused", event => say(/** @type {CustomEvent} */ (event).detail), { signal });
  listen([...limits.keys()], () => say([]));
  return { say };
}
