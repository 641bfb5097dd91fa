// In a live kernel: a button that asks Python for a training, how far it is, and what came of it.

import { slider } from "../../ui/controls.js";
import { button, h } from "../../ui/elements.js";
import { format } from "../../ui/format.js";

/** @type {SettingRange} */
const EPOCHS = { name: "epochs", label: "training for", min: 1, max: 100, log: true, integer: true };

const ASKED = "The kernel is asked; while a cell runs, it answers after that.";
const GONE = "The kernel of this explorer is gone: run its cell again to train.";

/** @param {View} view */
export function createTraining(view) {
  const { model, listen, own } = view;
  function ask() {
    press.disabled = true; // until the kernel answers
    message.textContent = ASKED;
    model.send?.(model.get("_training").running ? "stop" : "train");
  }
  const press = button("", ask);
  const progress = h("progress", { max: 1, "aria-label": "progress of the training" });
  const message = h("p", { role: "status" });
  function name() {
    const label = model.get("_training").running
      ? "Stop"
      : `Train here at σ = ${format(model.get("sigma_eps"))}`;
    if (press.textContent !== label) press.textContent = label;
  }
  function show() {
    const { running = false, message: text = "", progress: done = 0 } = model.get("_training");
    name();
    press.disabled = false;
    progress.style.visibility = running ? "visible" : "hidden";
    progress.value = done;
    if (message.textContent !== text) message.textContent = text;
  }
  listen(["_training"], show);
  listen(["sigma_eps"], name);
  show();
  function leave() {
    element.replaceChildren(message);
    message.textContent = GONE;
  }
  const element = h("div", { class: "nin-training" }, press, slider(view, EPOCHS), progress, message);
  // ipywidgets' own event: it comes when the kernel has gone
  model.on("comm_live_update", leave);
  own(() => model.off("comm_live_update", leave));
  return element;
}
