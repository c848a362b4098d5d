// Durations, as attributes have them.

/** @type {Record<string, number>} */
const UNITS = { "": 1, ms: 1, s: 1000, m: 60_000 };

/** @param {string} text "300ms", "30s", "5m"; a bare number is milliseconds @returns {number} milliseconds; NaN: none are said */
export function milliseconds(text) {
  return parseFloat(text) * UNITS[text.replace(/^[\d.]+/, "")];
}
