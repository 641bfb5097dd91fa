// The four phases in the order of nin_lib.linear.Phase, with the colours that Python puts before the bundle.

import { h, symbol } from "./elements.js";
import { format } from "./format.js";

export const PHASES = Object.keys(palette.phases);

/**
 * A square of a phase's colour, to stand before its name.
 * @param {string} phase
 */
export function swatch(phase) {
  return h("span", {
    class: "nin-swatch",
    style: `background: ${palette.phases[phase]}`,
    "aria-hidden": "true",
  });
}

/** @typedef {ReturnType<typeof phaseStatus>} PhaseStatus */

/**
 * The line that says sigma_eps and the phase in words. Its parts stay and change their texts: less work for the browser than
 * new ones in every frame.
 * @param {View} view
 */
export function phaseStatus({ root }) {
  const [value, words] = [new Text(), new Text()];
  const [square, name] = [swatch(PHASES[0]), h("strong")];
  return {
    element: h("p", { class: "nin-status" }, symbol("sigma_eps"), value, square, name, words),
    /**
     * @param {number} sigma_eps
     * @param {string} phase
     * @param {string} rest what follows the phase's name
     */
    say(sigma_eps, phase, rest) {
      root.dataset.phase = phase;
      value.data = ` = ${format(sigma_eps)}: `;
      square.style.background = palette.phases[phase];
      if (name.textContent !== phase) name.textContent = phase;
      if (words.data !== rest) words.data = rest;
    },
    // The phase and the rest as they stand.
    said: () => name.textContent + words.data,
  };
}
