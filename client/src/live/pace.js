// Durations, as attributes have them.

/** @type {Record<string, number>} */
const UNITS = { "": 1, ms: 1, s: 1000, m: 60_000 };

const LONGEST_PAUSE = 60_000; // milliseconds

/** @param {number} milliseconds a pause @returns {number} the one after it */
export const longer = (milliseconds) => Math.min(2 * milliseconds, LONGEST_PAUSE);

/** @param {string} text "300ms", "30s", "5m"; a bare number is milliseconds @returns {number} milliseconds; NaN: none are said */
export function milliseconds(text) {
  return parseFloat(text) * UNITS[text.replace(/^[\d.]+/, "")];
}
