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

// Pauses a training between two steps, or stops it.
function createControl() {
  let [paused, stopped] = [false, false];
  let goOn = () => {};
  return {
    begin() {
      [paused, stopped] = [false, false];
    },
    /** @param {{ pause?: boolean, stop?: boolean }} request */
    take({ pause = paused, stop = stopped }) {
      [paused, stopped] = [pause, stop];
      if (!paused || stopped) goOn();
    },
    // Whether to go on, once it is not paused any more.
    async passed() {
      if (paused && !stopped) await new Promise(resolve => (goOn = () => resolve(null)));
      return !stopped;
    },
  };
}

/**
 * Requests: first { ports, code, images }; then { measure } and { train }, both with settings, { pause }, { stop }, and { look }, whether
 * to measure the local curvature.
 * @param {(news: News) => void} tell
 * @param {() => Promise<unknown>} breathe lets waiting messages in
 */
export function trainOnImages(tell, breathe) {
  const control = createControl();
  /** @type {import("../models/sliced-net.js").Ask[]} */
  let crew = [];
  /** @type {import("../models/images.js").Images} */
  let images;
  /** @type {BufferSource | null} */
  let code = null;
  let looking = false;

  /** @param {SlicedSettings} p */
  function setUp(p) {
    const count = SLICES / crew.length;
    const shape = shapeOf(p);
    return Promise.all(crew.map((ask, k) => ask({ setUp: { code, shape, first: k * count, count } })));
  }

  /** @param {SlicedSettings} p */
  async function train(p) {
    control.begin();
    await setUp(p);
    let [seconds, since, told] = [0, performance.now(), -Infinity];
    let history;
    for await (history of trainSliced(p, images, crew, () => looking)) {
      const now = performance.now();
      if (history.steps > 0) seconds += (now - since) / 1000; // what is measured at the start is no part of the rate
      if (now - told >= NEWS_MS) {
        tell({ history, seconds });
        told = now;
      }
      await breathe();
      if (!(await control.passed())) break;
      since = performance.now();
    }
    tell({ history, seconds, ended: true });
  }

  /** @param {any} request */
  async function act(request) {
    if (request.ports) {
      code = request.code;
      crew = request.ports.map(askThrough);
      images = await loadImages(request.images, (loaded, bytes) => tell({ loaded, bytes }));
      tell({ ready: true });
    } else if (request.measure) {
      await setUp(request.measure);
      tell({ cost: await secondsOf(request.measure, images, crew) });
    } else if (request.train) await train(request.train);
  }

  return async (/** @type {any} */ request) => {
    looking = request.look ?? looking;
    control.take(request);
    try {
      await act(request);
    } catch (error) {
      tell({ failed: error instanceof ImagesError ? error.message : `It failed: ${error}.` });
    }
  };
}
