// What a screen reader says of an explorer: its status line, once it has come to rest. A live region that changes with every
// frame of a drag would be spoken dozens of times.

import { h } from "./elements.js";

const REST = 600; // ms

/**
 * The lines that are read, the status and what of a link is refused, are mounted before.
 * @param {View} view
 */
export function speakAfterwards({ root, own }) {
  const read = [...root.querySelectorAll(".nin-status, .nin-refused")];
  const said = h("p", { class: "nin-said", role: "status" });
  root.append(said);
  let timer = 0;
  const observer = new MutationObserver(() => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      said.textContent = read.map(line => line.textContent).join(" ");
    }, REST);
  });
  for (const line of read) observer.observe(line, { childList: true, characterData: true, subtree: true });
  own(() => {
    observer.disconnect();
    clearTimeout(timer);
  });
}
