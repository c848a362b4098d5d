// Parts of pages: found by their names, and told of when they have come.

import { absolute, here } from "../address.js";
import { attributesOf, closest, emit, find, findAll, read, setAttribute } from "../dom.js";
import { loadScreen } from "../modules.js";
import { valued } from "./listen.js";

/** @typedef {import("../screen/show.js").Sent} Sent */

/** @param {string} name of a region @param {Element} [root] @returns {HTMLElement | undefined} */
export const regionIn = (name, root) => find(valued("data-region", name), root);

/** Brings a part of the page up to date. @param {Element} root @param {Element} target @param {Sent} [sent] */
export const showPart = async (root, target, sent) => (await loadScreen()).showPart(root, target, document, sent);

/** @param {string} [region] the name of what has come: it may hold more of what is to be loaded, or watched */
export const emitRegion = (region) => emit("region", { region });

/** The class of dialogs, and with a number the ID. */
export const DIALOG = "serveractions-dialog";

/** @returns {HTMLDialogElement[]} from the lowest to the topmost: fresh pages are brought beneath them, from when they stand in the page */
export const openDialogs = () => /** @type {HTMLDialogElement[]} */ (findAll(`.${DIALOG}`));

/** @param {Node} node the target of an event, say @returns {HTMLDialogElement | undefined} */
export const dialogOf = (node) => openDialogs().find((each) => each.contains(node));

const LINK = /^(href|src|(form)?action)$/;
const RELATIVE = /^(?![/#]|[a-z][a-z\d+.-]*:)/i;
/** Attributes that name elements by their IDs; of ARIA's: labelledby and its like, controls, owns, details, activedescendant, errormessage, flowto. */
const REFERENCE = /^(id|form|list|headers|popovertarget|data-optimistic|.*for|aria-.*(by|s|nt|ge|to))$/;

/**
 * Parses a page of which a part will stand within an element of the one on the screen.
 * @param {string | undefined} html
 * @param {string} url of it
 * @param {Element} element
 * @returns {Promise<Document>} what comes from another page still leads to where it led there; in a dialog its <main> has IDs of its own
 */
export async function parseWithin(html, url, element) {
  const page = (await loadScreen()).parsePage(html), { body } = page;
  const base = url === here() ? "" : absolute(url).href;
  const dialog = closest(element, `.${DIALOG}`); // it may not be shown yet
  if (!base && !dialog) return page;
  const ids = new Set(findAll("main [id]", body).map((each) => dialog && read(each, "id")));
  // without one, a form leads to its page
  if (base) for (const form of findAll("form:not([action])", body)) setAttribute(form, "action", "");
  for (const each of findAll("*", body)) {
    for (const attribute of attributesOf(each)) {
      const { name, value } = attribute;
      if (base && LINK.test(name) && RELATIVE.test(value)) attribute.value = absolute(value, base).href;
      else if (REFERENCE.test(name) || value[0] === "#") attribute.value = value.replace(/[^#\s]+/g, (id) => (ids.has(id) ? `${id}-${dialog?.id}` : id));
    }
  }
  return page;
}
