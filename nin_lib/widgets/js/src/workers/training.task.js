// Trains in slices and tells how it goes; a newer request ends a training, but not before it has lived a while. Where
// nothing is asked for, it searches for the phases over sigma_eps.

import { train } from "../models/digits-training.js";
import { phaseOf } from "../models/outcome.js";
import { searchPhases } from "../models/phase-search.js";

const LIFE_MS = 80; // else the moves of a fast drag would end each training before there is anything to see
const NEWS_MS = 5;

/**
 * A training, whether to look inside of the net after each epoch, and the values of sigma_eps on the band.
 * @typedef {{ p: TrainingSettings, look: boolean, sigmas: Float64Array }} Request
 */
/** @typedef {(TrainingHistory & { done: boolean }) | { phases: (string | null)[] }} Answer */

/**
 * Answers a request by the history so far of the training, every NEWS_MS and at the end; then, again and again, by `phases`.
 * @param {(answer: Answer) => void} post
 * @param {() => Promise<unknown>} pause
 */
export function trainAndSearch(post, pause) {
  /** @type {Request | null} */
  let wanted = null;
  let busy = false;
  let searched = "";
  let search = searchPhases(0);

  /** @param {Request} request */
  async function tell({ p, look }) {
    const started = performance.now();
    let told = -Infinity; // the first step is told at once
    let latest = null;
    for (latest of train(p, undefined, look)) {
      if (performance.now() - told < NEWS_MS) continue;
      post({ ...latest, done: false });
      told = performance.now();
      await pause();
      if (wanted && performance.now() - started >= LIFE_MS) break;
    }
    if (!wanted && latest) post({ ...latest, done: true });
  }

  /** @param {Request} request */
  async function searchOn({ p, sigmas }) {
    const key = JSON.stringify({ ...p, sigma_eps: 0 });
    if (searched !== key) [search, searched] = [searchPhases(sigmas.length), key];
    for (;;) {
      post({ phases: search.cells() });
      const k = search.next();
      if (k === null) return;
      let since = performance.now();
      let latest = null;
      for (latest of train({ ...p, sigma_eps: sigmas[k] })) {
        if (performance.now() - since < NEWS_MS) continue;
        await pause();
        if (wanted) return;
        since = performance.now();
      }
      if (latest) search.found(k, phaseOf(latest).phase);
    }
  }

  return async (/** @type {Request} */ asked) => {
    wanted = asked;
    if (busy) return;
    busy = true;
    while (wanted) {
      const request = wanted;
      wanted = null;
      await tell(request);
      if (!wanted) await searchOn(request);
    }
    busy = false;
  };
}
