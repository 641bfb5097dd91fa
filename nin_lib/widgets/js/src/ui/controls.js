// Native controls bound to the model: each shows the model's value and sets it.

import { button, h, symbol } from "./elements.js";
import { format } from "./format.js";
import { readValue } from "./limits.js";
import { setValues } from "./model.js";
import { followPointer } from "./pointer.js";
import { scaleOf, within } from "./scale.js";

/**
 * @param {number} value
 * @param {SettingRange} range
 */
const shown = (value, { integer }) => (integer ? String(value) : format(value));

const THUMB = 16; // its width: the browser lets its middle run from half of it to half of it before the end

/**
 * Sets the setting to where the pointer is on the element, over whose width, but for `margin` on both sides, it runs.
 * @param {View} view
 * @param {HTMLElement} element
 * @param {SettingRange} range
 * @param {number} margin
 */
export function dragSetting({ model }, element, range, margin) {
  const { low, high, settingAt } = scaleOf(range);
  const steps = range.step && high > low ? (high - low) / range.step : Infinity;
  followPointer(element, x => {
    const place = within((x - margin) / (element.clientWidth - 2 * margin));
    setValues(model, {
      [range.name]: settingAt(steps < Infinity ? Math.round(place * steps) / steps : place),
    });
  });
}

/**
 * A slider with its name and value. The browser's own has the keys; the pointer drags it here, since the browser's would move
 * under a finger that scrolls the page.
 * @param {View} view
 * @param {SettingRange} range
 */
export function slider(view, range) {
  const { model, listen } = view;
  const { name, step } = range;
  const { low, high, place, settingAt } = scaleOf(range);
  // A trifle less than the 500th part, or rounding can put the end of the slider out of reach.
  const fine = (high - low) / (500 + 1e-6);
  const input = h("input", { type: "range", name, min: low, max: high, step: step ?? fine });
  const track = h("div", { class: "nin-track" }, input);
  /** @param {number} position */
  const toValue = position => settingAt((position - low) / (high - low || 1));
  const show = () => {
    const now = model.get(name);
    if (toValue(input.valueAsNumber) !== now)
      input.value = String(low + place(Math.max(now, range.min)) * (high - low));
    input.setAttribute("aria-valuetext", shown(now, range));
  };
  input.addEventListener("input", () => setValues(model, { [name]: toValue(input.valueAsNumber) }));
  dragSetting(view, track, range, THUMB / 2);
  listen([name], show);
  show();
  const label = h("label", {}, h("span", { class: "nin-label" }, range.label, " ", symbol(name)), track);
  return h("div", { class: "nin-slider" }, label, valueField(view, range));
}

/**
 * A setting's value as a field: what is typed there is taken over, or refused in words, as what a link asks for is.
 * @param {View} view
 * @param {SettingRange} range
 */
function valueField({ root, model, limits, listen }, range) {
  const { name } = range;
  const label = `type a value of ${name.replaceAll("_", " ")}`;
  const field = h("input", {
    class: "nin-value",
    inputmode: "decimal",
    autocomplete: "off",
    "aria-label": label,
  });
  const show = () => {
    field.value = shown(model.get(name), range);
  };
  field.addEventListener("change", () => {
    const text = field.value.trim().replace("−", "-").replace(",", ".");
    const read = readValue(name, text, limits.get(name));
    if ("value" in read) setValues(model, { [name]: read.value });
    else root.dispatchEvent(new CustomEvent("nin-refused", { detail: [read.refused] }));
    show();
  });
  listen([name], show);
  show();
  return field;
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
