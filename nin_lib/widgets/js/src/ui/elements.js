// Elements of the page, and the symbols of the settings.

/**
 * h("div", { class: "x", onclick: f }, "text", child): an element with attributes, listeners and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes]
 * @param {(Node | string)[]} children
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** @type {Record<string, [string, string?]>} */
const SYMBOLS = {
  sigma_eps: ["σ", "ε"],
  sigma_x: ["σ", "x"],
  eta: ["η"],
  batch_size: ["|ℬ|"],
  w0: ["w", "0"],
  w1: ["w", "1"],
  w_ni: ["w", "NI"],
};

/**
 * "sigma_eps" -> σ with a subscript ε; a name that is no symbol becomes words.
 * @param {string} name
 */
export function symbol(name) {
  if (!(name in SYMBOLS)) return name.replaceAll("_", " ");
  const [base, sub] = SYMBOLS[name];
  return h("span", { class: "nin-symbol" }, base, ...(sub ? [h("sub", {}, sub)] : []));
}

/**
 * @param {string} text
 * @param {() => void} press
 */
export function button(text, press) {
  return h("button", { type: "button", class: "nin-button", onclick: press }, text);
}
