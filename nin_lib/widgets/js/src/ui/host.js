// One explorer, two hosts: `render` for anywidget in a live kernel, `mountAll` for a page of the built book.

import css from "uplot/dist/uPlot.min.css";
import style from "./style.css";

// The part of anywidget's model that explorers use, for a page without a kernel.
export class StaticModel {
  constructor(state) {
    this.state = state;
    this.listeners = {};
  }
  get(key) {
    return this.state[key];
  }
  set(key, value) {
    if (this.state[key] === value) return;
    this.state[key] = value;
    for (const listener of this.listeners[`change:${key}`] ?? []) listener();
  }
  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
  }
  off(event, listener) {
    this.listeners[event] = (this.listeners[event] ?? []).filter(other => other !== listener);
  }
  save_changes() {}
}

// `mount(root, model)` builds the explorer inside `root` and returns a function that takes it down again.
export function defineExplorer(name, mount) {
  function show(root, model) {
    root.classList.add("nin-explorer");
    root.dataset.explorer = name;
    const sheet = document.createElement("style");
    sheet.textContent = css + style;
    root.replaceChildren(sheet);
    const endTheme = followTheme(root);
    const endLinks = followLinks(root, model.get("experiment") ?? name, model);
    const end = mount(root, model);
    return () => [end, endLinks, endTheme].forEach(f => f());
  }
  return {
    render: ({ model, el }) => show(el, model),
    mountAll() {
      for (const root of document.querySelectorAll(`.nin-explorer[data-explorer="${name}"]`)) {
        show(root, new StaticModel(JSON.parse(root.dataset.state)));
      }
    },
  };
}

// A link to "#NAME?sigma_eps=16&eta=0.02" sets these values; so does an address that ends like this. NAME is that of the
// explorer, or, of explorers that show an experiment, the experiment's.
function followLinks(root, name, model) {
  const apply = hash => {
    if (!hash.startsWith(`#${name}?`)) return false;
    for (const [key, text] of new URLSearchParams(hash.slice(name.length + 2))) {
      const value = Number(text);
      if (typeof model.get(key) === "number" && Number.isFinite(value)) model.set(key, value);
      else if (typeof model.get(key) === "string") model.set(key, text);
    }
    model.save_changes();
    root.scrollIntoView({ block: "nearest" });
    return true;
  };
  const click = event => {
    const link = event.target.closest?.("a[href*='#']");
    if (link && apply(link.hash)) event.preventDefault();
  };
  document.addEventListener("click", click);
  apply(location.hash);
  return () => document.removeEventListener("click", click);
}

// The colour of an element's text as "r,g,b". A live host may show an element only after it is built: grey until then.
export function inkOf(element) {
  return (getComputedStyle(element).color.match(/[\d.]+/g) ?? [128, 128, 128]).slice(0, 3).join();
}

// Every host has its own way to be dark, and in each of them the text is light: look at the text.
function followTheme(root) {
  const look = () => {
    const [r, g, b] = inkOf(root).split(",").map(Number);
    const scheme = 0.2126 * r + 0.7152 * g + 0.0722 * b > 128 ? "dark" : "light";
    if (root.dataset.scheme === scheme) return;
    root.dataset.scheme = scheme;
    root.dispatchEvent(new Event("nin-theme"));
  };
  look();
  const changes = new MutationObserver(look);
  for (const node of [document.documentElement, document.body]) changes.observe(node, { attributes: true });
  const shown = new ResizeObserver(look);
  shown.observe(root);
  const preference = matchMedia("(prefers-color-scheme: dark)");
  preference.addEventListener("change", look);
  return () => {
    changes.disconnect();
    shown.disconnect();
    preference.removeEventListener("change", look);
  };
}

// Calls `paint` once in the next frame, however often it is asked before.
export function onFrame(paint) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  };
}

// Calls `paint` at once, and asked again before the next frame, once more in that frame: a lone event is on the screen with the
// next frame, and a flood of them costs no more than two paints a frame.
export function atOnce(paint) {
  let waiting = false;
  const again = onFrame(paint);
  return () => {
    if (waiting) return again();
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
    });
    paint();
  };
}

// h("div", { class: "x", onclick: f }, "text", child): an element with attributes, listeners and children.
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// "sigma_eps" -> σ with a subscript ε; a name that is no symbol becomes words.
const SYMBOLS = {
  sigma_eps: ["σ", "ε"],
  sigma_x: ["σ", "x"],
  eta: ["η"],
  batch_size: ["|B|"],
  w0: ["w", "0"],
  w1: ["w", "1"],
  w_ni: ["w", "NI"],
};
export function symbol(name) {
  if (!(name in SYMBOLS)) return name.replaceAll("_", " ");
  const [base, sub] = SYMBOLS[name];
  return h("span", { class: "nin-symbol" }, base, ...(sub ? [h("sub", {}, sub)] : []));
}

// Three significant digits, as a reader writes them: 0.0312, 1.50, 1000, 2.3e45, ∞.
export function format(value) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text = value.toPrecision(3);
  if (value === 0) text = "0";
  else if (size < 1e-3 || size >= 1e6) text = value.toExponential(1);
  else if (size >= 100) text = String(Number(text));
  return text.replace("-", "−").replace("e+", "e");
}
