// The page's side of phase-map.worker.js.
/* global makeLinear */

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

// n values over a slider's range, evenly spaced as on the slider.
export function spread({ min, max, log, integer }, n) {
  const [low, high] = log ? [Math.log10(min), Math.log10(max)] : [min, max];
  return Float64Array.from({ length: n }, (_, i) => {
    const position = low + ((high - low) * i) / (n - 1);
    const value = log ? 10 ** position : position;
    return integer ? Math.round(value) : value;
  });
}
