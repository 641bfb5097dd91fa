// What the settings accept: by the limits that Python's traits have, which it puts before the bundle.

import { plain } from "./format.js";

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The limits of each setting, by name. Of an experiment's runs some settings are those of the experiment.
 * @param {Pick<Model, "get">} model
 * @returns {Map<string, Limits>}
 */
export function limitsOf(model) {
  /** @type {Record<string, string[]>} */
  const chosen = model.get("_stored")?.choices ?? {};
  const own = Object.entries(chosen).map(([name, choices]) => /** @type {const} */ ([name, { choices }]));
  return new Map([...Object.entries(limits), ...own]);
}

/**
 * The value that a text says for a setting, or why it is refused, in words.
 * @param {string} name
 * @param {string} text
 * @param {Limits | undefined} accepts undefined: there is no such setting
 * @returns {{ value: number | string } | { refused: string }}
 */
export function readValue(name, text, accepts) {
  const said = `${name}=${text.length > 20 ? `${text.slice(0, 20)}…` : text}`;
  if (!accepts) return { refused: `“${said}” is refused: there is no such setting.` };
  if ("choices" in accepts)
    return accepts.choices.includes(text)
      ? { value: text }
      : { refused: `“${said}” is refused: it must be one of ${accepts.choices.join(", ")}.` };
  const { low, high, strictly = false, whole = false, remedy } = accepts;
  const value = DECIMAL.test(text) ? Number(text) : NaN;
  if ((strictly ? value > low : value >= low) && value <= high && (!whole || Number.isInteger(value)))
    return { value };
  const from = strictly ? `above ${plain(low)} and up to` : `from ${plain(low)} to`;
  const kind = whole ? "whole number" : "number";
  return { refused: `“${said}” is refused: it must be a ${kind} ${from} ${plain(high)}; ${remedy}.` };
}
