// What a reader can save or share of every explorer, and keep to compare.

import { addressOf } from "./address.js";
import { button, h, symbol } from "./elements.js";
import { fill, format } from "./format.js";
import { valuesOf } from "./model.js";
import { pictureOf } from "./picture.js";
import { csvOf } from "./table.js";

/**
 * To be called when the explorer stands.
 * @param {View} view
 */
export function createMenu(view) {
  const { root, charts, live } = view;
  const said = h("span", { class: "nin-note", "aria-live": "polite" });
  const text = h("textarea", { class: "nin-copied", readonly: "", rows: 6, "aria-label": "text to copy" });
  text.hidden = true;
  /** @type {(name: string, act: () => string | Promise<string>) => HTMLElement} */
  const item = (name, act) =>
    button(name, async () => {
      text.hidden = true;
      try {
        said.textContent = await act();
      } catch {
        said.textContent = "This browser does not allow it here.";
      }
    });
  const copy = (/** @type {string} */ copied) => copyOrShow(copied, text);
  const file = () => fileName(view);
  const shown = () => charts.filter(chart => chart.canvas()?.offsetParent); // not those that are folded away
  const menu = h(
    "details",
    { class: "nin-menu" },
    h("summary", { class: "nin-button" }, "Save or share"),
    h(
      "div",
      { class: "nin-buttons" },
      ...(live
        ? [] // whose address is not that of the notebook
        : [item("Copy link", () => copy(location.href.split("#")[0] + addressOf(view)))]),
      item("Copy as Python", () => copy(pythonOf(view))),
      item("Save data (CSV)", () => {
        const csv = csvOf(shown().map(chart => chart.data()));
        return save(URL.createObjectURL(new Blob([csv], { type: "text/csv" })), `${file()}.csv`);
      }),
      item("Save picture (PNG)", () =>
        save(pictureOf(root, shown()).toDataURL("image/png"), `${file()}.png`),
      ),
      said,
      text,
    ),
  );
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  const row = root.querySelector(".nin-buttons") ?? root.appendChild(h("div", { class: "nin-buttons" }));
  const { keep, key } = createKept(view);
  row.append(keep, menu, key);
}

/**
 * @param {string} copied
 * @param {HTMLTextAreaElement} text where it is to be read if it cannot be copied
 */
async function copyOrShow(copied, text) {
  try {
    await navigator.clipboard.writeText(copied);
    return "Copied.";
  } catch {
    Object.assign(text, { hidden: false, value: copied });
    text.select();
    return "Copy it from here:";
  }
}

/**
 * A button that lays what is shown under what comes, and a key to all that is kept. It stands behind the buttons: above them it
 * would move them from under the pointer.
 * @param {View} view
 */
function createKept(view) {
  const { charts } = view;
  const key = h("div", { class: "nin-legend nin-ghosts" });
  key.hidden = true;
  const forget = button("Forget", () => {
    for (const chart of charts) chart.forget();
    key.hidden = true;
    key.replaceChildren();
    keep.focus();
  });
  const keep = button("Keep this run", () => {
    const label = labelOf(view);
    for (const chart of charts) chart.keep(label);
    const kept = charts.map(chart => chart.kept()).find(entries => entries.length > 0) ?? [];
    key.replaceChildren("kept:", ...kept, forget);
    key.hidden = false;
  });
  return { keep, key };
}

/**
 * The settings that are not as at the start, and the noise in any case.
 * @param {View} view
 */
function labelOf({ model, start }) {
  const names = Object.keys(start).filter(name => name === "sigma_eps" || model.get(name) !== start[name]);
  const label = h("span");
  names.forEach((name, k) => {
    const value = model.get(name);
    const shown = typeof value === "number" && !Number.isInteger(value) ? format(value) : String(value);
    label.append(k > 0 ? ", " : "", symbol(name), ` = ${shown}`);
  });
  if (names.length === 0) label.append("the start");
  return label;
}

/**
 * The lines that make these curves with nin_lib.
 * @param {View} view
 */
function pythonOf({ model, limits, python = pythonLines }) {
  const values = valuesOf(model, limits.keys());
  const written = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]),
  );
  const settings = Object.entries(written).map(([name, value]) => `${name}=${value}`);
  const experiment = JSON.stringify(model.get("experiment"));
  return fill(python, { ...written, experiment, settings: settings.join(", ") });
}

/** @param {View} view */
const fileName = view => {
  const query = addressOf(view).split("?")[1] ?? "";
  return [view.name, ...query.split("&").filter(Boolean)].join("_");
};

/**
 * @param {string} url
 * @param {string} name
 */
function save(url, name) {
  h("a", { href: url, download: name }).click();
  return `Saved as ${name}.`;
}
