// Parts of pages: found by their names, and told of when they have come.

import { absolute } from "../address.js";
import { attribute, emit, find, findAll, isForm, read, setAttribute } from "../dom.js";
import { loadScreen } from "../modules.js";

/** @param {string} name of an attribute @returns {string[]} what it says, wherever it stands */
export const valuesOf = (name) => findAll(`[${name}]`).map((element) => read(element, name));

/** @param {string} [name] of a region @param {Element} [root] @returns {HTMLElement | undefined} */
export const regionIn = (name = "", root) => find(`[data-region="${CSS.escape(name)}"]`, root);

/** @type {(...given: Parameters<import("../screen.js").showPart>) => Promise<void>} brings a part of the page up to date */
export const showPart = async (...given) => (await loadScreen()).showPart(...given);

/** @param {string} [region] the name of what has come: it may hold more of what is to be loaded, or watched */
export const emitRegion = (region) => emit("region", { region });

const RELATIVE = /^(?![/#]|[a-z][a-z\d+.-]*:)/i;

/** What comes from another page still leads to where it led there. @param {Element} root @param {string} page its URL */
export function resolveURLs(root, page) {
  const base = absolute(page).href;
  for (const element of findAll("[href],[src],[action],[formaction],form", root)) {
    for (const name of ["href", "src", "action", "formaction"]) {
      const value = attribute(element, name) ?? (name === "action" && isForm(element) ? "" : "#");
      if (RELATIVE.test(value)) setAttribute(element, name, value ? absolute(value, base).href : base);
    }
  }
}
