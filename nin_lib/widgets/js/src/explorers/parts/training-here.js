// In a live kernel: a button that asks Python for a training, how far it is, and what came of it.

import { slider } from "../../ui/controls.js";
import { button, h } from "../../ui/elements.js";
import { format } from "../../ui/format.js";

/** @type {SettingRange} */
const EPOCHS = { name: "epochs", label: "training for", min: 1, max: 100, log: true, integer: true };

/** @param {View} view */
export function createTraining(view) {
  const { model, listen } = view;
  const press = button("", () => model.send?.(model.get("_training").running ? "stop" : "train"));
  const progress = h("progress", { max: 1, "aria-label": "progress of the training" });
  const message = h("p", { role: "status" });
  function show() {
    const { running = false, message: text = "", progress: done = 0 } = model.get("_training");
    const label = running ? "Stop" : `Train here at σ = ${format(model.get("sigma_eps"))}`;
    if (press.textContent !== label) press.textContent = label;
    progress.style.visibility = running ? "visible" : "hidden";
    progress.value = done;
    if (message.textContent !== text) message.textContent = text;
  }
  listen(["_training", "sigma_eps"], show);
  show();
  return h("div", { class: "nin-training" }, press, slider(view, EPOCHS), progress, message);
}
