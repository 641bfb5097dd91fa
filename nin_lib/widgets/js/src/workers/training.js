// The page's side of training.task.js.

import { startWorker } from "./start-worker.js";
import { trainAndSearch } from "./training.task.js";
import workerText from "text:./training.worker.js";

/**
 * `show` receives the history of the newest training, again and again as it grows, and `showPhases` then what is known of the
 * phases over the sigmas that were asked for.
 * @param {View} view
 * @param {(history: TrainingHistory & { done: boolean }) => void} show
 * @param {(phases: (string | null)[]) => void} showPhases
 */
export function createTrainer(view, show, showPhases) {
  const given = { digits, outcomes };
  const before = Object.entries(given).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
  const source = [...before, workerText].join("\n");
  const request = startWorker(view, source, trainAndSearch, answer =>
    "phases" in answer ? showPhases(answer.phases) : show(answer),
  );
  return { request };
}
