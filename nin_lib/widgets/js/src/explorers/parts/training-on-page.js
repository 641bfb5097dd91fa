// On a page of the book whose site carries the images: a button that loads what trains in the browser. Until it is pressed the page
// is as light as without it.

import { button, h } from "../../ui/elements.js";

/**
 * What to train, or null where the page cannot.
 * @param {View} view
 * @param {Recipe | null} recipe
 */
export const recipeHere = ({ live }, recipe) =>
  live || location.protocol === "file:" || globalThis.ninImages === undefined ? null : recipe;

/**
 * How to train where the page cannot.
 * @param {View} view
 * @param {Recipe | null} recipe
 */
export const hintHere = ({ live }, recipe) =>
  !live && recipe !== null && globalThis.ninImages !== undefined
    ? "From a web server, not opened as a file, this page trains here at any noise."
    : "In a live notebook, a button trains here at any noise.";

/**
 * `show` receives the curves of a training as they grow.
 * @param {View} view
 * @param {Recipe} recipe
 * @param {(run: Run) => void} show
 */
export function createTrainingOnPage(view, recipe, show) {
  const place = h("div", { class: "nin-training" });
  const said = h("p", { role: "status" });
  const press = button("Train at this noise here", async () => {
    press.disabled = true;
    said.textContent = "The program that trains is being loaded.";
    try {
      if (!("trainingHere" in globalThis)) {
        await load(new URL("../training-here.js", new URL(ninImages, location.href)).href);
      }
      trainingHere.mount(view, place, recipe, show);
    } catch {
      press.disabled = false;
      said.textContent = "The program that trains cannot be loaded: is the network gone?";
    }
  });
  place.append(press, h("span", { class: "nin-note" }, "in this page: 31 MB of images, loaded once"), said);
  return place;
}

/** @param {string} address of a classic script */
const load = address =>
  new Promise((done, failed) => {
    document.head.append(h("script", { src: address, onload: done, onerror: failed }));
  });
