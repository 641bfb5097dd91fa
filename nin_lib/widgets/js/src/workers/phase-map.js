// The page's side of phase-map.worker.js.

import workerText from "text:./phase-map.worker.js";
import { startWorker } from "./start-worker.js";

/**
 * `show` receives each answer to the newest request.
 * @param {View} view
 * @param {(answer: PhaseMap) => void} show
 */
export function createPhaseMap(view, show) {
  const worker = startWorker(view, `${makeLinear}\n${workerText}`);
  let id = 0;
  worker.onmessage = ({ data }) => {
    if (data.id === id) show(data);
  };
  return {
    /** @param {Omit<import("./phase-map.worker.js").Request, "id">} map */
    request: map => worker.postMessage({ id: ++id, ...map }),
  };
}
