// A worker from the text of its script, which works under file://, where one from a file does not.

/**
 * @param {View} view at whose end the worker ends
 * @param {string} source
 */
export function startWorker({ own }, source) {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  own(() => {
    worker.terminate();
    URL.revokeObjectURL(url);
  });
  return worker;
}
