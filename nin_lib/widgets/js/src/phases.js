// The four phases in order, as in nin_lib.linear.Phase.

import { h } from "./host.js";
/* global palette */

export const PHASES = ["decoupled", "decay", "catapult", "divergent"];

// A square of a phase's colour, to stand before its name.
export function swatch(phase) {
  return h("span", {
    class: "nin-swatch",
    style: `background: ${palette.phases[phase]}`,
    "aria-hidden": "true",
  });
}
