// A labelled menu bound to a string of the model.

import { setValue } from "./controls.js";
import { h } from "./host.js";

// { name, label, options: [[value, text]] }; returns [element, take-down function].
export function choice(model, { name, label, options }) {
  const select = h("select", {
    class: "nin-select",
    name,
    onchange: () => setValue(model, name, select.value),
  });
  select.append(...options.map(([value, text]) => h("option", { value }, text)));
  const show = () => {
    select.value = model.get(name);
  };
  model.on(`change:${name}`, show);
  show();
  const element = h("label", { class: "nin-choice" }, h("span", { class: "nin-label" }, label), select);
  return [element, () => model.off(`change:${name}`, show)];
}
