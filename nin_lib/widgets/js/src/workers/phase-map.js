// The page's side of phase-map.task.js.

import { mapPhases } from "./phase-map.task.js";
import workerText from "text:./phase-map.worker.js";
import { startWorker } from "./start-worker.js";

/**
 * `show` receives each answer to the newest request.
 * @param {View} view
 * @param {(answer: PhaseMap) => void} show
 */
export function createPhaseMap(view, show) {
  let id = 0;
  const send = startWorker(view, `${makeLinear}\n${workerText}`, mapPhases, answer => {
    if (answer.id === id) show(answer);
  });
  return {
    /** @param {Omit<import("./phase-map.task.js").Request, "id">} map */
    request: map => send({ id: ++id, ...map }),
  };
}
