// A worker from the text of its script, which works under file://, where one from a file does not. Where there are no workers,
// or this one fails, its task is done beside the page, in slices.

/**
 * Returns what sends it a request; `hear` receives its answers.
 * @template Request
 * @template Answer
 * @param {View} view at whose end the worker ends
 * @param {string} source
 * @param {(tell: (answer: Answer) => void, pause: () => Promise<unknown>) => (request: Request) => unknown} task
 * @param {(answer: Answer) => void} hear
 * @returns {(request: Request) => void}
 */
export function startWorker({ root, signal, own }, source, task, hear) {
  /** @type {Request | undefined} */
  let last;
  /** @type {(request: Request) => unknown} */
  let send;
  function doWithout() {
    // at the end it pauses for ever
    const pause = () => new Promise(resolve => !signal.aborted && setTimeout(resolve));
    send = task(hear, pause);
    const words =
      "This browser runs no worker here: what is drawn is computed beside the page, which may falter.";
    setTimeout(() => root.dispatchEvent(new CustomEvent("nin-refused", { detail: [words] })));
  }
  try {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    own(() => URL.revokeObjectURL(url));
    const worker = new Worker(url);
    own(() => worker.terminate());
    worker.onmessage = ({ data }) => hear(data);
    worker.onerror = event => {
      event.preventDefault();
      worker.terminate();
      doWithout();
      if (last !== undefined) send(last);
    };
    send = request => worker.postMessage(request);
  } catch {
    doWithout();
  }
  return request => {
    last = request;
    send(request);
  };
}
