// The page's side of training.worker.js.

import workerText from "text:./training.worker.js";
import { startWorker } from "./start-worker.js";

/**
 * `show` receives the history of the newest training, again and again as it grows.
 * @param {View} view
 * @param {(history: TrainingHistory & { done: boolean }) => void} show
 */
export function createTrainer(view, show) {
  const worker = startWorker(view, `const digits = ${JSON.stringify(digits)};\n${workerText}`);
  worker.onmessage = ({ data }) => show(data);
  return {
    /** @param {TrainingSettings} p */
    request: p => worker.postMessage(p),
  };
}
