// What this module has from the one that loaded it.

/** @typedef {import("../features.js").Client} Client */

/** @type {Client} */
export let client;

/** @param {Client} given */
export const use = (given) => (client = given);

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement[]} */
export const findAll = (root, selector) => [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector))];

/** @param {ParentNode} page @param {string} [name] of a region @returns {HTMLElement | null} */
export const regionIn = (page, name = "") => page.querySelector(`[data-region="${CSS.escape(name)}"]`);

/** @param {string} text "300ms", "30s", "5m"; a bare number is milliseconds @returns {number} milliseconds; NaN: none are said */
export function milliseconds(text) {
  const [, number, unit] = /^([\d.]+)(ms|s|m|)$/.exec(text) ?? [];
  return Number(number) * (unit === "s" ? 1000 : unit === "m" ? 60_000 : 1);
}

const RELATIVE = /^(?![/#]|[a-z][a-z\d+.-]*:)/i;

/** What comes from another page still leads to where it led there. @param {ParentNode} root @param {string} page its URL */
export function resolveURLs(root, page) {
  const base = new URL(page, location.href);
  for (const element of findAll(root, "[href],[src],[action],[formaction],form")) {
    for (const name of ["href", "src", "action", "formaction"]) {
      const value = element.getAttribute(name) ?? (name === "action" && element instanceof HTMLFormElement ? "" : "#");
      if (RELATIVE.test(value)) element.setAttribute(name, value ? new URL(value, base).href : base.href);
    }
  }
}
