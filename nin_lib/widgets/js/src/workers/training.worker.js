// Trains off the main thread and tells how it goes; a newer request ends a training, but not before it has lived a while.

import { train } from "../models/digits-training.js";
import { pause } from "./pause.js";

const LIFE_MS = 80; // else the moves of a fast drag would end each training before there is anything to see
const NEWS_MS = 5;
/** @type {TrainingSettings | null} */
let wanted = null;
let busy = false;

// Answers the history so far of the training that is asked for, every NEWS_MS and at the end.
onmessage = async (/** @type {MessageEvent<TrainingSettings>} */ { data }) => {
  wanted = data;
  if (busy) return;
  busy = true;
  while (wanted) {
    const p = wanted;
    wanted = null;
    const started = performance.now();
    let told = -Infinity; // the first step is told at once
    let latest = null;
    for (latest of train(p)) {
      if (performance.now() - told < NEWS_MS) continue;
      postMessage({ ...latest, done: false });
      told = performance.now();
      await pause();
      if (wanted && performance.now() - started >= LIFE_MS) break;
    }
    if (!wanted) postMessage({ ...latest, done: true });
  }
  busy = false;
};
