// Numbers as texts.

/**
 * Three significant digits, as a reader writes them: 0.0312, 1.50, 1000, 2.3e45, ∞.
 * @param {number} value
 */
export function format(value) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text = value.toPrecision(3);
  if (value === 0) text = "0";
  else if (size < 1e-3 || size >= 1e6) text = value.toExponential(1);
  else if (size >= 100) text = String(Number(text));
  return text.replace("-", "−").replace("e+", "e");
}

/**
 * A number on an axis: 0.00125, −1000, 2.5e−4.
 * @param {number} value
 */
export function plain(value) {
  const number = Number(value.toPrecision(6));
  return (Math.abs(number) < 1e-3 && number !== 0 ? number.toExponential() : String(number)).replaceAll(
    "-",
    "−",
  );
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {number} k a whole number */
export const powerOfTen = k =>
  "10" + (k < 0 ? "⁻" : "") + [...String(Math.abs(k))].map(digit => SUPERSCRIPTS[Number(digit)]).join("");

/**
 * A sentence with the values in the place of their names in braces, as Python's str.format fills it.
 * @param {string} sentence
 * @param {Record<string, string | number>} values
 */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
