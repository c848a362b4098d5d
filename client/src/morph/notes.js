/**
 * What has to be known from the beginning to bring a page up to date: what the server has said of elements that the visitor
 * or scripts change too; what has been scrolled.
 */

import { attribute, attributesOf, listen, shadowOf, tagOf } from "../dom.js";

/**
 * @typedef {object} Said
 * @property {Map<string, string>} words of its attributes
 * @property {string | false} spoken its content, where that is not the server's alone
 */

const SHARED = "html,body,details,dialog,[role=dialog],.modal,canvas,video,audio,iframe,[contenteditable],:not(:defined)";

/** What the server has put into the body; the rest is a script's: a message that it shows, a calendar, what is behind a dialog. @type {Set<Node>} */
export const served = new Set(document.body.childNodes);

/** @type {WeakMap<Node, Said>} */
export const said = new WeakMap();

/** To ask all elements would cost too much. @type {Set<Element>} */
export const scrolled = new Set();

/** @param {any} element @returns {string} its content, and that of its shadow root */
export const contentOf = (element) => element.innerHTML + shadowOf(element)?.innerHTML;

/** @param {Element} element */
export const isEditable = (element) => (attribute(element, "contenteditable") ?? "false") !== "false";

/** @param {Element} element whether its content is not the server's alone: an editable text, or a custom element */
export const isShared = (element) => isEditable(element) || tagOf(element).includes("-");

/** Notes what a parsed tree says, before any of it is shown or run. @param {ParentNode} root */
export function note(root) {
  for (const element of root.querySelectorAll(SHARED)) {
    said.set(element, {
      words: new Map([...attributesOf(element)].map(({ name, value }) => [name, value])),
      spoken: isShared(element) && contentOf(element),
    });
  }
}

listen("scroll", ({ target }) => target.scrollTo && scrolled.add(target), true); // a document has none

// The page has been parsed. What the visitor has opened by then is not the server's word; TypeScript 5.9 knows no eventCounts.
if (!(/** @type {any} */ (performance).eventCounts?.get("click"))) note(document.body);
