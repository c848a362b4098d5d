// Durations, as attributes have them.

/** @param {string} text "300ms", "30s", "5m"; a bare number is milliseconds @returns {number} milliseconds; NaN: none are said */
export function milliseconds(text) {
  const [, number, unit] = /^([\d.]+)(ms|s|m|)$/.exec(text) ?? [];
  return Number(number) * (unit === "s" ? 1000 : unit === "m" ? 60_000 : 1);
}
