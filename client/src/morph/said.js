/**
 * What the server has said last of elements that the visitor or scripts change too: what is open, a size that a script has
 * set, what a custom element has rendered, a text that is being edited. As long as the server says the same, it stays.
 */

import { attribute, attributesOf, firstOf, tagOf } from "../dom.js";

/**
 * @typedef {object} Said
 * @property {Map<string, string>} attributes
 * @property {string} [content] where the content is not the server's alone
 */

const SHARED = "details,dialog,canvas,video,audio,iframe,[contenteditable],:not(:defined)";

/** @type {WeakMap<Node, Said>} */
const said = new WeakMap();

/** @param {Element} element */
const isEditable = (element) => (attribute(element, "contenteditable") ?? "false") !== "false";

/** Notes what a parsed tree says, before any of it is shown or run. @param {Element | Document} root */
export function note(root) {
  for (const element of root.querySelectorAll(SHARED)) {
    const attributes = new Map([...attributesOf(element)].map(({ name, value }) => [name, value]));
    const isShared = isEditable(element) || tagOf(element).includes("-");
    said.set(element, { attributes, content: isShared ? element.innerHTML : undefined });
  }
}

/** Notes what is said now of the element that shows a fresh one. @param {Node} shown @param {Node} fresh */
export function carry(shown, fresh) {
  const now = said.get(fresh);
  if (now) said.set(shown, now);
}

/**
 * @param {Element} old
 * @param {Element} fresh
 * @returns {{staysAttribute?: (name: string) => boolean, staysContent?: boolean}} what of the old one is left as it is
 */
export function compareSaid(old, fresh) {
  const before = said.get(old), now = said.get(fresh);
  if (!now) return {};
  const editable = isEditable(fresh);
  return {
    staysAttribute: (name) => (before ? before.attributes.get(name) === now.attributes.get(name) : attribute(fresh, name) === null),
    staysContent:
      now.content !== undefined &&
      (before?.content === undefined ? editable || !firstOf(fresh) : before.content === now.content || (editable && old.innerHTML !== before.content)),
  };
}

// Modules run when the page has been parsed.
note(document);
