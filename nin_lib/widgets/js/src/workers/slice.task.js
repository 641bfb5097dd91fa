// A worker of the crew: sets up its slices, then answers requests about them.

import { Slice } from "../models/slice.js";

/**
 * @returns {(request: any) => unknown} the answer
 */
export function createSliceTask() {
  /** @type {Slice} */
  let slice;
  return request => {
    if (request.setUp) {
      const { code, shape, first, count } = request.setUp;
      slice = new Slice(code, shape, first, count);
      return true;
    }
    if ("draw" in request) return slice.draw(request.draw);
    if (request.forward) return slice.forward(request.forward);
    if (request.backward) return slice.backward(request.backward);
    if (request.tangent) return slice.tangent(request.tangent);
    if (request.back) return slice.back(request.back);
    return slice.squares();
  };
}
