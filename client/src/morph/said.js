/**
 * What the server has said last of elements that the visitor or scripts change too: what is open, a size that a script has
 * set, what a custom element has rendered, a text that is being edited. As long as the server says the same, it stays.
 */

import { firstOf, has, tagOf } from "../dom.js";
import { contentOf, isEditable, said } from "./notes.js";

/** Notes what is said now of the element that shows a fresh one. @param {Node} shown @param {Node} fresh */
export function carry(shown, fresh) {
  const now = said.get(fresh);
  if (now) said.set(shown, now);
}

/**
 * @param {any} old
 * @param {Element} fresh
 * @returns {{staysAttribute: (name: string) => boolean, staysContent?: unknown}} what of the old one is left as it is
 */
export function compareSaid(old, fresh) {
  const before = said.get(old), now = said.get(fresh);
  // the visitor has sized it; what an editor has hidden that is gone with this page is seen again
  const editable = isEditable(fresh);
  if (!now || (editable && !before && !isEditable(old))) return { staysAttribute: (name) => name === "style" && tagOf(old) === "TEXTAREA" && !has(fresh, name) && old.offsetWidth };
  return {
    staysAttribute: (name) =>
      before
        ? before.words.get(name) === now.words.get(name)
        : !has(fresh, name) || (name === "class" && [...fresh.classList].every((each) => old.classList.contains(each))),
    staysContent:
      now.spoken &&
      (before?.spoken ? before.spoken === now.spoken || (editable && contentOf(old) !== before.spoken) : editable ? firstOf(old) : !firstOf(fresh)),
  };
}
