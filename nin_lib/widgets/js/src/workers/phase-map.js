// The page's side of phase-map.worker.js.
/* global makeLinear */

import { scaleOf } from "../ui/controls.js";
import workerText from "./phase-map.worker.js";

// `show` receives each answer to the newest request. A worker from a Blob works under file://, where one from a file does not.
export function createPhaseMap(show) {
  const source = `${makeLinear}\n${workerText}`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  let id = 0;
  worker.onmessage = ({ data }) => {
    if (data.id === id) show(data);
  };
  return {
    request: map => worker.postMessage({ id: ++id, ...map }),
    destroy() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}

// n values over a setting's range, evenly spaced as on its slider.
export function spread(range, n) {
  const { at } = scaleOf(range);
  return Float64Array.from({ length: n }, (_, i) => at(i / (n - 1)));
}
