// The panel that trains the paper's own network in the reader's browser, beside the stored runs. A page loads it when it is asked to.

import { createEdge } from "../explorers/parts/edge.js";
import { describe } from "../explorers/parts/training-words.js";
import { phaseOf } from "../models/outcome.js";
import { choice, seedButton, slider } from "../ui/controls.js";
import { button, h } from "../ui/elements.js";
import { format } from "../ui/format.js";
import { onFrame } from "../ui/frames.js";
import { valuesOf } from "../ui/model.js";
import { crewSize, kernelHere, startCrew } from "../workers/crew.js";

import { runOf } from "./grown-run.js";

/** @typedef {import("../models/sliced-training.js").SlicedHistory} SlicedHistory */
/** @typedef {{ history: SlicedHistory, seconds: number }} Growth of a training, and how long it has trained */
/** @typedef {"loading" | "ready" | "training" | "paused" | "broken"} State */

const SETTINGS = ["sigma_eps", "eta", "seed", "redraw", "epochs"];
/** @type {SettingRange[]} */
const RANGES = [
  { name: "epochs", label: "training for", min: 1, max: 100, log: true, integer: true },
  { name: "eta", label: "learning rate", min: 0.001, max: 1, log: true },
];
/** @type {[string, string][]} */
const REDRAW = [
  ["epoch", "redrawn each epoch"],
  ["never", "fixed"],
];

/** @param {number} seconds */
const lasting = seconds =>
  seconds < 100 ? `${seconds.toPrecision(2)} s` : `${Math.round(seconds / 60)} minutes`;
/** @param {number} bytes */
const megabytes = bytes => Math.round(bytes / 1e6);

/**
 * @param {View} view
 * @param {HTMLElement} place where the panel stands
 * @param {Recipe} recipe
 * @param {(run: Run) => void} show is handed the training as it grows
 */
export function mount(view, place, recipe, show) {
  const code = kernelHere();
  if (!code) {
    const words =
      "This browser has no WebAssembly with SIMD, without which it cannot train: the stored curves stay.";
    place.replaceChildren(h("p", { role: "status" }, words));
    return;
  }
  const panel = createPanel(
    view,
    () => trainer.press(),
    () => trainer.send({ stop: true }),
  );
  const edge = createEdge(view);
  const why = h(
    "details",
    { class: "nin-details", ontoggle: () => trainer.send({ look: why.open }) },
    h("summary", {}, "Why it does so: the local curvature as it trains"),
    h("div", { class: "nin-charts" }, edge.element),
  );
  place.replaceChildren(...panel.elements, why);
  place.querySelector("button")?.focus();

  /** @type {Growth | null} */
  let growth = null;
  const paint = onFrame(() => {
    if (!growth) return;
    const { history, seconds } = growth;
    view.python = pythonOfTraining;
    show(runOf(history, view.model.get("_stored").head));
    if (why.open) edge.show(history.p, history.largest, history.p.epochs);
    panel.progress(history, seconds);
  });
  const trainer = createTrainer(view, recipe, code, panel, newest => {
    growth = newest;
    view.root.nin.training = newest;
    paint();
  });
}

/**
 * The workers, and what state their training is in.
 * @param {View} view
 * @param {Recipe} recipe
 * @param {Uint8Array<ArrayBuffer>} code
 * @param {ReturnType<typeof createPanel>} panel
 * @param {(growth: Growth) => void} grow
 */
function createTrainer({ model, listen, own }, recipe, code, panel, grow) {
  /** @type {State} */
  let state = "loading";
  let cost = NaN; // seconds an epoch
  const settings = () => ({ ...recipe, ...valuesOf(model, SETTINGS) });
  /**
   * @param {State} next
   * @param {string} [words]
   */
  function enter(next, words) {
    state = next;
    panel.enter(next);
    if (words) panel.say(words);
  }
  const sayCost = () => state === "ready" && panel.say(costOf(cost, model.get("epochs")));
  /** @param {string} why */
  function fail(why) {
    crew.end();
    enter("broken", `${why} The stored curves stay.`);
  }
  /** @param {import("../workers/crew.js").News} news */
  function hear(news) {
    if (news.failed !== undefined) fail(news.failed);
    else if (news.loaded !== undefined) panel.loaded(news.loaded, news.bytes ?? Infinity);
    else if (news.ready) {
      panel.say("The images are the official ones. A few steps are timed.");
      crew.send({ measure: settings() });
    } else if (news.cost !== undefined) {
      cost = news.cost;
      enter("ready", costOf(cost, model.get("epochs")));
    } else if (news.history) {
      grow({ history: news.history, seconds: news.seconds ?? 0 });
      if (news.ended) enter("ready", endOf(news.history));
    }
  }
  function start() {
    enter("loading", "The images are being loaded.");
    const images = new URL(ninImages, location.href).href;
    return startCrew(own, code, images, hear, () => fail("A worker of the training has died."));
  }
  let crew = start();
  listen(["epochs"], sayCost);
  return {
    send: (/** @type {object} */ request) => crew.send(request),
    press() {
      if (state === "broken") crew = start();
      else if (state === "ready") {
        crew.send({ train: settings() });
        enter("training", `Training at σ = ${format(model.get("sigma_eps"))}.`);
      } else {
        crew.send({ pause: state === "training" });
        enter(state === "training" ? "paused" : "training");
      }
    },
  };
}

/** @type {(cost: number, epochs: number) => string} */
const costOf = (cost, epochs) =>
  `An epoch takes about ${lasting(cost)} in this browser (workers: ${crewSize()}), ${epochs} of them ${lasting(cost * epochs)}.`;

/**
 * What a training came to.
 * @param {SlicedHistory} history
 */
function endOf(history) {
  const at = `at σ = ${format(history.p.sigma_eps)}`;
  const outcome = phaseOf(history);
  if (history.lost === null && history.steps < history.batch_loss.length) {
    const epochs = format(history.steps / history.steps_per_epoch);
    return `Training ${at} was stopped after ${epochs} of ${history.p.epochs} epochs; so far: ${outcome.phase}.`;
  }
  const up = history.batch_loss.some(loss => loss > outcomes.thresholds.catapulted * history.batch_loss[0]);
  if (up && history.lost === null && outcome.phase !== "catapult") {
    return `Trained ${at}: ${outcomes.sentences.early}`;
  }
  return `Trained ${at}: ${outcome.phase}. ${describe(history, outcome)}`;
}

/** @type {Record<State, string>} */
const NAMES = {
  loading: "Train",
  ready: "Train",
  training: "Pause",
  paused: "Go on",
  broken: "Load again",
};

/**
 * Buttons, the settings of a training, and how far it is.
 * @param {View} view
 * @param {() => void} press
 * @param {() => void} end
 */
function createPanel(view, press, end) {
  const main = button("", press);
  const stop = button("Stop", end);
  const bar = h("progress", { max: 1, value: 0, "aria-label": "progress of the training" });
  const count = h("span", { class: "nin-note" });
  const said = h("p", { role: "status" });
  const buttons = h("div", { class: "nin-buttons" }, main, stop);
  const noise = choice(view, { name: "redraw", label: "noise", options: REDRAW });
  const settings = h("div", { class: "nin-buttons" }, seedButton(view, "New seed"), noise);
  /** @type {State} */
  let state = "loading";
  function name() {
    const at =
      state === "ready" || state === "loading" ? ` at σ = ${format(view.model.get("sigma_eps"))}` : "";
    main.textContent = NAMES[state] + at;
  }
  view.listen(["sigma_eps"], name);
  return {
    elements: [buttons, bar, count, said, ...RANGES.map(range => slider(view, range)), settings],
    /** @param {State} next */
    enter(next) {
      state = next;
      name();
      main.disabled = state === "loading";
      if (state === "ready") bar.value = 0;
      stop.hidden = state !== "training" && state !== "paused";
    },
    /** @param {string} words */
    say(words) {
      said.textContent = words;
    },
    /** @type {(bytes: number, all: number) => void} */
    loaded(bytes, all) {
      bar.value = bytes / all;
      said.textContent = `Images: ${megabytes(bytes)} of ${megabytes(all)} MB are loaded.`;
    },
    /** @type {(history: SlicedHistory, seconds: number) => void} */
    progress({ steps, batch_loss, steps_per_epoch, p }, seconds) {
      const rate = steps / steps_per_epoch / seconds; // epochs a second
      const left = (batch_loss.length - steps) / steps_per_epoch / rate;
      bar.value = steps / batch_loss.length;
      count.textContent =
        steps > 0
          ? `epoch ${format(steps / steps_per_epoch)} of ${p.epochs}; ${format(rate)} epochs a second, ${lasting(left)} left`
          : "before the first step";
    },
  };
}
