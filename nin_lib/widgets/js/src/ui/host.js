// One explorer, two hosts: `render` for anywidget in a live kernel, `mountAll` for a page of the built book.

import css from "text:uplot/dist/uPlot.min.css";
import { h } from "./elements.js";
import { createMenu } from "./menu.js";
import { followLinks } from "./links.js";
import { StaticModel } from "./model.js";
import { speakAfterwards } from "./speech.js";
import style from "text:./style.css";
import { followTheme } from "./theme.js";
import { createView } from "./view.js";

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
    const life = new AbortController();
    const experiment = model.get("experiment"); // a page may show the runs of several
    const view = createView(root, model, life.signal, experiment ?? name);
    root.classList.add("nin-explorer");
    root.dataset.explorer = name;
    root.replaceChildren(h("style", {}, css + style));
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", experiment ? `${title} ${experiment}` : title);
    followTheme(view);
    mount(view);
    createMenu(view);
    followLinks(view);
    speakAfterwards(view);
    return () => life.abort();
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
