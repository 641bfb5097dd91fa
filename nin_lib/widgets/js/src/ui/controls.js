// Native controls bound to a model: each shows the model's value and sets it.

import { format, h, symbol } from "./host.js";

// Sets a value here and in the kernel.
export function setValue(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

// How a setting { min, max, log, integer } runs over a slider or an axis: evenly in its value, or with log in its logarithm;
// or with `stops` over these increasing values, the first of which is min and the last max, evenly spaced.
export function scaleOf({ min, max, log = false, integer = false, stops }) {
  if (stops) return scaleOfStops(stops);
  const [low, high] = log ? [Math.log10(min), Math.log10(max)] : [min, max];
  // The value at a place, exactly.
  const at = place => {
    const position = low + place * (high - low);
    const value = log ? 10 ** position : position;
    return integer ? Math.round(value) : value;
  };
  return {
    low,
    high,
    // The place of a value: 0 at min, 1 at max.
    place: value => ((log ? Math.log10(value) : value) - low) / (high - low),
    at,
    // The value that a reader sets there: three digits, but every digit of a whole number.
    settingAt: place => (integer ? at(place) : Number(at(place).toPrecision(3))),
  };
}

// Between two stops a setting runs evenly in its value.
function scaleOfStops(stops) {
  const last = Math.max(stops.length - 1, 1);
  const at = place => {
    const i = Math.min(Math.floor(place * last + 1e-9), stops.length - 1);
    const rest = place * last - i;
    return rest > 1e-9 ? stops[i] + rest * (stops[i + 1] - stops[i]) : stops[i];
  };
  return {
    low: 0,
    high: stops.length - 1,
    place(value) {
      const next = stops.findIndex(stop => stop > value);
      if (next <= 0) return next < 0 ? (stops.length - 1) / last : 0;
      return (next - 1 + (value - stops[next - 1]) / (stops[next] - stops[next - 1])) / last;
    },
    at,
    // A stop with all its digits, another value with three.
    settingAt: place => (stops.includes(at(place)) ? at(place) : Number(at(place).toPrecision(3))),
  };
}

const shown = (value, { integer }) => (integer ? String(value) : format(value));

// { name, min, max, step, log, integer, stops }
export function bindSlider(input, model, { name, step, ...range }) {
  const { low, high, place, settingAt } = scaleOf(range);
  // A trifle less than the 500th part, or rounding can put the end of the slider out of reach.
  const fine = (high - low) / (500 + 1e-6);
  Object.assign(input, { type: "range", name, min: low, max: high, step: step ?? fine });
  const toValue = position => settingAt((position - low) / (high - low || 1));
  const show = () => {
    const value = model.get(name);
    if (toValue(input.valueAsNumber) !== value)
      input.value = low + place(Math.max(value, range.min)) * (high - low);
    input.setAttribute("aria-valuetext", shown(value, range));
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
    value.textContent = shown(model.get(name), options);
  };
  model.on(`change:${name}`, show);
  show();
  const element = h(
    "label",
    { class: "nin-slider" },
    h("span", { class: "nin-label" }, label, " ", symbol(name)),
    value,
    input,
  );
  return [element, () => [unbind(), model.off(`change:${name}`, show)]];
}

export function button(text, press) {
  return h("button", { type: "button", class: "nin-button", onclick: press }, text);
}

// Sets these settings back to what they are now.
export function backButton(model, names) {
  const start = names.map(name => [name, model.get(name)]);
  return button("Back to the start", () => {
    for (const [name, value] of start) model.set(name, value);
    model.save_changes();
  });
}
