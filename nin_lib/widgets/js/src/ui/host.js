// One explorer, two hosts: `render` for anywidget in a live kernel, `mountAll` for a page of the built book.

import css from "text:uplot/dist/uPlot.min.css";
import { h } from "./elements.js";
import { keepKeys } from "./keys.js";
import { createMenu } from "./menu.js";
import { followLinks } from "./links.js";
import { StaticModel } from "./model.js";
import { speakAfterwards } from "./speech.js";
import style from "text:./style.css";
import { followTheme } from "./theme.js";
import { createView } from "./view.js";

// What an explorer cannot do without.
function lacks() {
  if (!("ResizeObserver" in window)) return "ResizeObserver";
  return document.createElement("canvas").getContext("2d") ? "" : "canvas to draw on";
}

/**
 * Says below what there is to read why there is no more.
 * @param {HTMLElement} root
 * @param {string} reason
 */
function excuse(root, reason) {
  root.append(h("p", {}, `The explorer itself does not run: ${reason}.`));
  return () => {};
}

/**
 * @param {string} name
 * @param {string} title what a screen reader calls it
 * @param {(view: View) => void} mount builds the explorer inside view.root; what it registers with the view ends with it
 */
export function defineExplorer(name, title, mount) {
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   */
  function show(root, model) {
    const lacking = lacks();
    if (lacking) return excuse(root, `this browser has no ${lacking}`);
    const fallback = [...root.childNodes]; // stays until the explorer stands
    const life = new AbortController();
    try {
      build(root, model, life.signal);
      for (const node of fallback) node.remove();
    } catch (error) {
      life.abort();
      root.replaceChildren(...fallback);
      excuse(root, String(error));
      reportError(error);
    }
    return () => life.abort();
  }
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   * @param {AbortSignal} signal
   */
  function build(root, model, signal) {
    const experiment = model.get("experiment"); // a page may show the runs of several
    const view = createView(root, model, signal, experiment ?? name);
    root.classList.add("nin-explorer");
    root.dataset.explorer = name;
    root.append(h("style", {}, css + style));
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", experiment ? `${title} ${experiment}` : title);
    followTheme(view);
    keepKeys(view);
    mount(view);
    createMenu(view);
    followLinks(view);
    speakAfterwards(view);
  }
  return {
    /** @param {{ model: Model, el: HTMLElement }} host */
    render: ({ model, el }) => show(el, model),
    mountAll() {
      const roots = document.querySelectorAll(`.nin-explorer[data-explorer="${name}"]`);
      for (const root of /** @type {NodeListOf<HTMLElement>} */ (roots)) {
        show(root, new StaticModel(JSON.parse(root.dataset.state ?? "{}")));
      }
    },
  };
}
