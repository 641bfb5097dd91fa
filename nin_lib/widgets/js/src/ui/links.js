// Links and addresses that set an explorer: "#linear?sigma_eps=16&eta=0.02".

import { followAddress, noteAddress } from "./address.js";
import { button, h } from "./elements.js";
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
 * A link on the page, or the page's own address, leads to the start with what it names: the same state whatever was done
 * before. To be called when the explorer stands.
 * @param {View} view
 */
export function followLinks(view) {
  const { root, model, name, limits, start, live, signal } = view;
  const refusals = createRefusals(view);
  const wayBack = createWayBack(view);
  /** @param {string} hash */
  const apply = hash => {
    const asked = wantedBy(hash, name, limits);
    if (!asked) return false;
    const others = Object.entries(start).filter(([key]) => !(key in asked.wanted));
    // What is named comes last: where not every combination is stored, the others follow it.
    setValues(model, { ...Object.fromEntries(others), ...asked.wanted });
    refusals.say(asked.refused);
    return true;
  };
  const click = (/** @type {Event} */ event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.pathname !== location.pathname || !apply(link.hash)) return;
    event.preventDefault();
    // Noted, the reader can go back; but not from each step of a script.
    if (!live && event.isTrusted && link.hash !== location.hash) noteAddress(view, "pushState", link.hash);
    if (bringIntoView(root)) wayBack.offer(link);
  };
  document.addEventListener("click", click, { signal });
  if (!live) followAddress(view, apply);
}

/**
 * Scrolls only if the status line is out of sight, and no further than to see it with the slider above it: the reader stays
 * with the sentence as far as possible. Returns whether it scrolled.
 * @param {HTMLElement} root
 */
function bringIntoView(root) {
  const status = /** @type {HTMLElement | null} */ (root.querySelector(".nin-status"));
  if (!status) return false;
  const { top, bottom } = status.getBoundingClientRect();
  const covered = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
  if (top >= covered && bottom <= innerHeight) return false;
  status.style.scrollMarginTop = `${top - root.getBoundingClientRect().top}px`;
  status.scrollIntoView({ block: "nearest" });
  return true;
}

/**
 * A button that leads back to the link that the explorer was brought into view for, as long as that is out of sight.
 * @param {View} view
 */
function createWayBack({ root, own }) {
  /** @type {HTMLElement | null} */
  let from = null;
  const back = button("Back to the text", () => {
    from?.scrollIntoView({ block: "center" });
    from?.focus({ preventScroll: true });
  });
  const place = h("div", { class: "nin-return" }, back);
  const observer = new IntersectionObserver(entries => {
    if (entries.some(entry => entry.isIntersecting)) place.remove();
    else root.append(place);
  });
  own(() => observer.disconnect());
  return {
    /** @param {HTMLElement} link */
    offer(link) {
      observer.disconnect();
      from = link;
      observer.observe(link);
    },
  };
}
