// A worker of the crew: sets up its slices, then does what it is asked of them.

import { Slice } from "../models/slice.js";

/** @typedef {"draw" | "forward" | "backward" | "tangent" | "back" | "squares"} Action of a Slice */

/**
 * Returns what answers a request, { setUp: ... } first, then an action with its arguments.
 * @returns {(request: Record<string, any>) => unknown}
 */
export function createSliceTask() {
  /** @type {Slice} */
  let slice;
  return request => {
    const [[action, given]] = Object.entries(request);
    if (action === "setUp") {
      slice = new Slice(given.code, given.shape, given.first, given.count);
      return true;
    }
    return /** @type {(given: any) => unknown} */ (slice[/** @type {Action} */ (action)]).call(slice, given);
  };
}
