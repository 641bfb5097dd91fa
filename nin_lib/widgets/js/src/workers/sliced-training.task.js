// Loads the images, measures what an epoch costs, and trains, with a crew of workers behind ports; tells how it goes.

import { ImagesError, loadImages } from "../models/images.js";
import { SLICES } from "../models/slice.js";
import { secondsOf, shapeOf, trainSliced } from "../models/sliced-training.js";

const NEWS_MS = 100;

/** @typedef {import("../models/sliced-training.js").SlicedSettings} SlicedSettings */
/**
 * @typedef {object} News any of these
 * @property {number} [loaded] bytes of the images so far
 * @property {number} [bytes] of all the images
 * @property {boolean} [ready] the images are there
 * @property {number} [cost] seconds that an epoch takes
 * @property {import("../models/sliced-training.js").SlicedHistory} [history] of the training so far
 * @property {number} [seconds] that it has trained, without pauses
 * @property {boolean} [ended] this history is the last
 * @property {string} [failed] what went wrong, in a sentence
 */

/**
 * What asks a worker of the crew; answers come in the order of the requests.
 * @param {MessagePort} port
 * @returns {import("../models/sliced-net.js").Ask}
 */
function askThrough(port) {
  /** @type {{ resolve: (answer: any) => void, reject: (error: Error) => void }[]} */
  const waiting = [];
  port.onmessage = ({ data }) => {
    const asked = waiting.shift();
    if ("failed" in data) asked?.reject(new Error(data.failed));
    else asked?.resolve(data.answer);
  };
  return request =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      port.postMessage(request);
    });
}

/**
 * Requests: first { ports, code, images }; then { measure }, { train }, both with settings, { pause }, { stop } and { look }, whether to
 * measure the local curvature.
 * @param {(news: News) => void} tell
 * @param {() => Promise<unknown>} breathe lets waiting messages in
 */
export function trainOnImages(tell, breathe) {
  /** @type {import("../models/sliced-net.js").Ask[]} */
  let crew = [];
  /** @type {import("../models/images.js").Images} */
  let images;
  let [paused, stopped, looking] = [false, false, false];
  /** @type {BufferSource | null} */
  let code = null;
  let goOn = () => {};

  /** @param {SlicedSettings} p */
  const setUp = p =>
    Promise.all(
      crew.map((ask, k) => {
        const count = SLICES / crew.length;
        return ask({ setUp: { code, shape: shapeOf(p), first: k * count, count } });
      }),
    );

  /** @param {SlicedSettings} p */
  async function train(p) {
    await setUp(p);
    [paused, stopped] = [false, false];
    let [seconds, since, told] = [0, performance.now(), -Infinity];
    let history;
    for await (history of trainSliced(p, images, crew, () => looking)) {
      const now = performance.now();
      seconds += (now - since) / 1000;
      if (now - told >= NEWS_MS) {
        tell({ history, seconds });
        told = now;
      }
      await breathe();
      if (paused && !stopped) await new Promise(resolve => (goOn = () => resolve(null)));
      if (stopped) break;
      since = performance.now();
    }
    tell({ history, seconds, ended: true });
  }

  /** @param {any} request */
  async function act(request) {
    if (request.ports) {
      code = request.code;
      crew = request.ports.map(askThrough);
      const about = await (await fetch(`${request.images}images.json`)).json();
      images = await loadImages(request.images, about, loaded => tell({ loaded, bytes: about.bytes }));
      tell({ ready: true });
    } else if (request.measure) {
      await setUp(request.measure);
      tell({ cost: await secondsOf(request.measure, images, crew) });
    } else if (request.train) await train(request.train);
  }

  return async (/** @type {any} */ request) => {
    if ("look" in request) looking = request.look;
    if ("pause" in request) paused = request.pause;
    if (request.stop) stopped = true;
    if (!paused || stopped) goOn();
    try {
      await act(request);
    } catch (error) {
      tell({ failed: error instanceof ImagesError ? error.message : `It failed: ${error}.` });
    }
  };
}
