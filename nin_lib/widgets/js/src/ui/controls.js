// Native controls bound to the model: each shows the model's value and sets it.

import { button, h, symbol } from "./elements.js";
import { format } from "./format.js";
import { setValues } from "./model.js";
import { scaleOf } from "./scale.js";

/**
 * @param {number} value
 * @param {SettingRange} range
 */
const shown = (value, { integer }) => (integer ? String(value) : format(value));

/**
 * Makes a slider of an input.
 * @param {View} view
 * @param {HTMLInputElement} input
 * @param {SettingRange} range
 */
export function bindSlider({ model, listen }, input, range) {
  const { name } = range;
  const { low, high, place, settingAt } = scaleOf(range);
  // A trifle less than the 500th part, or rounding can put the end of the slider out of reach.
  const fine = (high - low) / (500 + 1e-6);
  Object.assign(input, { type: "range", name, min: low, max: high, step: range.step ?? fine });
  /** @param {number} position */
  const toValue = position => settingAt((position - low) / (high - low || 1));
  const show = () => {
    const value = model.get(name);
    if (toValue(input.valueAsNumber) !== value)
      input.value = String(low + place(Math.max(value, range.min)) * (high - low));
    input.setAttribute("aria-valuetext", shown(value, range));
  };
  input.addEventListener("input", () => setValues(model, { [name]: toValue(input.valueAsNumber) }));
  listen([name], show);
  show();
}

/**
 * A slider with its name and value.
 * @param {View} view
 * @param {SettingRange} range
 */
export function slider(view, range) {
  const input = h("input");
  const value = h("span", { class: "nin-value", "aria-hidden": "true" }); // the slider's own text says it, too
  bindSlider(view, input, range);
  const show = () => {
    value.textContent = shown(view.model.get(range.name), range);
  };
  view.listen([range.name], show);
  show();
  const label = h("span", { class: "nin-label" }, range.label, " ", symbol(range.name));
  return h("label", { class: "nin-slider" }, label, value, input);
}

/**
 * A labelled menu of a string.
 * @param {View} view
 * @param {{ name: string, label: string, options: [value: string, text: string][] }} menu
 */
export function choice({ model, listen }, { name, label, options }) {
  const set = () => setValues(model, { [name]: select.value });
  const select = h("select", { class: "nin-select", name, onchange: set });
  select.append(...options.map(([value, text]) => h("option", { value }, text)));
  const show = () => {
    select.value = model.get(name);
  };
  listen([name], show);
  show();
  return h("label", { class: "nin-choice" }, h("span", { class: "nin-label" }, label), select);
}

/** @param {View} view */
export const backButton = ({ model, start }) => button("Back to the start", () => setValues(model, start));

/**
 * A button that draws again, with the next seed.
 * @param {View} view
 * @param {string} text
 */
export const seedButton = ({ model }, text) =>
  button(text, () => setValues(model, { seed: (model.get("seed") + 1) >>> 0 }));
