// What a screen reader says of an explorer: its status line, once it has come to rest. A live region that changes with every
// frame of a drag would be spoken dozens of times.

import { h } from "./elements.js";

const REST = 600; // ms

/**
 * The line that is read, `.nin-status`, is mounted before.
 * @param {View} view
 */
export function speakAfterwards({ root, own }) {
  const status = root.querySelector(".nin-status");
  if (!status) return;
  const said = h("p", { class: "nin-said", role: "status" });
  root.append(said);
  let timer = 0;
  const observer = new MutationObserver(() => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      said.textContent = status.textContent;
    }, REST);
  });
  observer.observe(status, { childList: true, characterData: true, subtree: true });
  own(() => {
    observer.disconnect();
    clearTimeout(timer);
  });
}
