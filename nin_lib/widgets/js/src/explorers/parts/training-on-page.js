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
 * How to train where the page cannot; nothing where nobody can.
 * @param {View} view
 * @param {boolean} trains whether a kernel can
 * @param {Recipe | null} recipe
 */
export function hintHere({ live }, trains, recipe) {
  if (live) return "";
  if (recipe !== null && globalThis.ninImages !== undefined)
    return "From a web server, not opened as a file, this page trains here at any noise.";
  return trains ? "In a live notebook, a button trains here at any noise." : "";
}

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
    const script = new URL("../training-here.js", new URL(ninImages, location.href)).href;
    if ("trainingHere" in globalThis || (await loaded(script))) {
      trainingHere.mount(view, place, recipe, show);
    } else {
      press.disabled = false;
      said.textContent = "The program that trains cannot be loaded: is the network gone?";
    }
  });
  place.append(
    press,
    h("span", { class: "nin-note" }, "loads 31 MB of images, once, and says what an epoch costs"),
    said,
  );
  return place;
}

/**
 * Whether a classic script has been loaded.
 * @param {string} src its address
 * @returns {Promise<boolean>}
 */
const loaded = src =>
  new Promise(done => {
    document.head.append(h("script", { src, onload: () => done(true), onerror: () => done(false) }));
  });
