// The page's side of training.worker.js.

import workerText from "text:./training.worker.js";
import { startWorker } from "./start-worker.js";

/**
 * `show` receives the history of the newest training, again and again as it grows, and `showPhases` then what is known of the
 * phases over the sigmas that were asked for.
 * @param {View} view
 * @param {(history: TrainingHistory & { done: boolean }) => void} show
 * @param {(phases: (string | null)[]) => void} showPhases
 */
export function createTrainer(view, show, showPhases) {
  const worker = startWorker(view, `const digits = ${JSON.stringify(digits)};\n${workerText}`);
  worker.onmessage = ({ data }) => ("phases" in data ? showPhases(data.phases) : show(data));
  return {
    /** @param {import("./training.worker.js").Request} training */
    request: training => worker.postMessage(training),
  };
}
