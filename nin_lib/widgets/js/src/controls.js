// Native controls bound to a model: each shows the model's value and sets it.

import { format, h, symbol } from "./host.js";

// Sets a value here and in the kernel.
export function setValue(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

// { name, label, min, max, step, log, integer }: with log, the slider runs evenly over the logarithm of the value.
export function bindSlider(input, model, { name, min, max, step, log = false, integer = false }) {
  const toPosition = value => (log ? Math.log10(Math.max(value, min)) : value);
  const toValue = position => {
    const value = log ? 10 ** position : position;
    return integer ? Math.round(Number(value.toPrecision(3))) : Number(value.toPrecision(3));
  };
  const [low, high] = log ? [Math.log10(min), Math.log10(max)] : [min, max];
  Object.assign(input, { type: "range", name, min: low, max: high, step: step ?? (high - low) / 500 });
  const show = () => {
    const value = model.get(name);
    if (toValue(input.valueAsNumber) !== value) input.value = toPosition(value);
    input.setAttribute("aria-valuetext", format(value));
  };
  input.addEventListener("input", () => setValue(model, name, toValue(input.valueAsNumber)));
  model.on(`change:${name}`, show);
  show();
  return () => model.off(`change:${name}`, show);
}

// A slider with its name and value; returns [element, take-down function].
export function slider(model, options) {
  const { name, label } = options;
  const input = h("input");
  const value = h("span", { class: "nin-value", "aria-hidden": "true" }); // the slider's own text says it, too
  const unbind = bindSlider(input, model, options);
  const show = () => {
    value.textContent = options.integer ? model.get(name) : format(model.get(name));
  };
  model.on(`change:${name}`, show);
  show();
  const element = h("label", { class: "nin-slider" }, h("span", { class: "nin-label" }, label, " ", symbol(name)), value, input);
  return [element, () => [unbind(), model.off(`change:${name}`, show)]];
}

export function button(text, press) {
  return h("button", { type: "button", class: "nin-button", onclick: press }, text);
}
