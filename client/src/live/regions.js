// Parts of pages: found by their names, and told of when they have come.

import { absolute, here } from "../address.js";
import { attribute, attributesOf, closest, emit, find, findAll, isForm, read, setAttribute, valued } from "../dom.js";
import { loadScreen } from "../modules.js";
import { parse } from "../page.js";

/** @typedef {import("../screen/show.js").Sent} Sent */

/** @param {string} name of a region @param {Element} [root] @returns {HTMLElement | undefined} */
export const regionIn = (name, root) => find(valued("data-region", name), root);

/** Brings a part of the page up to date. @param {Element} root @param {Element} target @param {Sent} [sent] */
export const showPart = async (root, target, sent) => (await loadScreen()).showPart(root, target, document, sent);

/** @param {string} [region] the name of what has come: it may hold more of what is to be loaded, or watched */
export const emitRegion = (region) => emit("region", { region });

/**
 * Parses a page of which a part will stand within an element of the one on the screen.
 * @param {string | undefined} html
 * @param {string} url of it
 * @param {Element} element
 * @returns {Document} what comes from another page still leads to where it led there; in a dialog it has IDs of its own
 */
export function parseWithin(html, url, element) {
  const page = parse(html);
  const dialog = closest(element, `.${DIALOG}`);
  if (url !== here()) resolveURLs(page.body, url);
  if (dialog) suffixIDs(page.body, `-d${dialog.id.split("-")[2]}`);
  return page;
}

/** The class of dialogs, and with a number the ID. */
export const DIALOG = "serveractions-dialog";
const RELATIVE = /^(?![/#]|[a-z][a-z\d+.-]*:)/i;
/** Attributes that name elements by their IDs; of ARIA's: labelledby and its like, controls, owns, details, activedescendant, errormessage, flowto. */
const REFERENCE = /^(id|form|list|headers|popovertarget|.*for|aria-.*(by|s|nt|ge|to))$/;

/** @param {Element} root @param {string} page its URL */
function resolveURLs(root, page) {
  const base = absolute(page).href;
  for (const element of findAll("*", root)) {
    for (const name of ["href", "src", "action", "formaction"]) {
      const value = attribute(element, name) ?? (name === "action" && isForm(element) ? "" : "#");
      if (RELATIVE.test(value)) setAttribute(element, name, value ? absolute(value, base).href : base);
    }
  }
}

/** @param {Element} root @param {string} suffix */
function suffixIDs(root, suffix) {
  const ids = new Set(findAll("[id]", root).map((element) => read(element, "id")));
  for (const element of findAll("*", root)) {
    for (const attribute of attributesOf(element)) {
      if (!REFERENCE.test(attribute.name) && attribute.value[0] !== "#") continue;
      attribute.value = attribute.value.replace(/[^#\s]+/g, (name) => (ids.has(name) ? name + suffix : name));
    }
  }
}
