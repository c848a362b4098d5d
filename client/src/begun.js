// Forms that the visitor has begun to fill in. They are known by events: to read them all would cost too much.

import { parseAction } from "./address.js";
import { contains, findAll, has, isForm, isShown, listen, read } from "./dom.js";
import { fieldOfToken, localized } from "./page.js";

/** The forms that she has turned to, and what each held when it was last shown; in a list, where it says an answer. @type {Map<HTMLFormElement, string | [string]>} */
const touched = new Map();
const LOSES = "What you have typed will be lost.";
const MOST = 100; // forms that are read because of what stands outside of them

/** @param {HTMLFormElement} form @returns {string} what was typed and chosen, without our fields, to be compared */
export const contentsOf = (form) =>
  /** @type {[string, any][]} */ ([...new FormData(form)])
    .filter(([name]) => !["_action", "_region", "idempotency_key", fieldOfToken()].includes(name))
    .map(([name, value]) => [name, value.name ? value.name + value.size : value])
    .join();

/** @param {{element?: Element, contents?: string}} sent a form, as it was @returns {boolean} whether the visitor has typed on; in what a script has disabled meanwhile nobody does */
export const isTypedOn = ({ element, contents }) => isForm(element) && !["", contents].includes(contentsOf(element));

/** @returns {HTMLFormElement[]} one that has been taken away, with a dialog that she closed, is not missed */
export const begunForms = () => [...touched.keys()].filter((form) => isShown(form) && touched.get(form) !== contentsOf(form));

/** @param {HTMLFormElement} form one that was begun, or says an answer @returns {boolean} whether something in it has not been sent */
export const isUnsent = (form) => String(touched.get(form)) !== contentsOf(form);

/** What a form holds now is what it is shown with. @param {HTMLFormElement} form */
export function settle(form) {
  if (isShown(form)) touched.set(form, contentsOf(form));
  else touched.delete(form);
}

/** What it says is an answer, which no page says that comes by itself: it is left as if it were begun. @param {HTMLFormElement} form */
export const hold = (form) => touched.set(form, [contentsOf(form)]);

/** @param {HTMLFormElement[]} kept all but these */
export const settleAllBut = (kept) => [...touched.keys()].forEach((form) => kept.includes(form) || settle(form));

/** @param {Event} event */
function touch({ target, type }) {
  const form = isForm(target) ? target : /** @type {HTMLInputElement} */ (target).form;
  // what stands outside of a form may change any: a map, a button of a script's own
  const forms = /** @type {HTMLFormElement[]} */ (form ? [form] : findAll("form").slice(0, MOST));
  // by a script, unseen until now: nobody knows what it held
  for (const each of forms) if (!touched.has(each)) touched.set(each, form && type === "input" ? "" : contentsOf(each));
}

// before what listens at an element: what a script adds there, a row say, comes after
listen("pointerdown focusin input", touch, true);

// one that was sent before this was there
const sent = parseAction(location.search);
if (sent) for (const form of findAll("form")) if (parseAction(read(form, "action"))?.identity === sent.identity) hold(/** @type {HTMLFormElement} */ (form));

/** @param {Node[]} roots @returns {boolean} whether something in them is not to be lost unasked */
const isDirty = (roots) => begunForms().some((form) => isUnsent(form) && has(form, "data-dirty") && roots.some((root) => contains(root, form)));

/** @param {Node[]} roots @returns {boolean} whether nothing would be lost with them, or the visitor says so */
export const mayGo = (roots) => !isDirty(roots) || confirm(localized(LOSES));

addEventListener("beforeunload", (event) => {
  if (isDirty([document])) event.preventDefault();
});
