// One explorer, two hosts: `render` for anywidget in a live kernel, `mountAll` for a page of the built book.

import css from "text:uplot/dist/uPlot.min.css";
import { h } from "./elements.js";
import { followLinks } from "./links.js";
import { StaticModel } from "./model.js";
import style from "text:./style.css";
import { followTheme } from "./theme.js";
import { createView } from "./view.js";

/**
 * @param {string} name
 * @param {(view: View) => void} mount builds the explorer inside view.root; what it registers with the view ends with it
 */
export function defineExplorer(name, mount) {
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   */
  function show(root, model) {
    const life = new AbortController();
    const view = createView(root, model, life.signal);
    root.classList.add("nin-explorer");
    root.dataset.explorer = name;
    root.replaceChildren(h("style", {}, css + style));
    followTheme(view);
    followLinks(view, model.get("experiment") ?? name);
    mount(view);
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
