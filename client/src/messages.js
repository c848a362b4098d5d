// What the visitor reads when something went wrong.

import { create, fieldsOf, find, findAll, has, insert, isForm, isShown, nextOf, parentOf, read } from "./dom.js";
import { localized } from "./page.js";

/** @returns {string} what is said where nothing usable came */
export const failure = () => localized("No usable answer. Please try again.");

/** A problem (RFC 9457); `status` 0: no answer. */
export class ActionError extends Error {
  name = "ActionError";
  status = 0;
  /** @type {Record<string, string[]>} */
  errors = {};
  /** @type {string | undefined} */
  code;
  /** @param {{title?: string, detail?: string}} problem its members become the error's */
  constructor(problem) {
    super(problem.detail ?? problem.title ?? failure());
    Object.assign(this, problem);
  }
}

/** The places that were made for messages, beside the elements that had none. @type {WeakMap<Element, HTMLElement>} */
const places = new WeakMap();

/**
 * Says what went wrong where it belongs: at each field, the rest at the element that failed. Without an error, all is well.
 * @param {Element} element a form or a button
 * @param {{message?: string, errors?: Record<string, string[]>}} error
 * @param {string} [link] where the message leads to, in a new tab
 */
export function tell(element, { message = "", errors = {} }, link) {
  const rest = { ...errors };
  // its fields, wherever they stand; a button has none
  const fields = isForm(element) ? [...fieldsOf(element)].filter(({ name }) => name) : [];
  for (const field of fields) for (const name of showError(field, errors)) delete rest[name];
  const lines = Object.entries(rest).map(([name, texts]) => `${name}: ${texts.join(" ")}`);
  if (!Object.values(errors).flat().includes(message)) lines.unshift(message);
  const text = lines.join(" ");
  const place = /** @type {HTMLElement} */ (find("[data-message]", element) ?? places.get(element));
  if (isShown(place)) say(place, text, link);
  else if (text) say(makePlace(element), text, link);
  // who is typing stays where she is
  if (!has(element, "data-submit")) fields.find(takesFocus);
}

/** @param {HTMLInputElement} field @returns {boolean} whether it is a bad one that can have the focus: what is folded away is opened for it, none is hidden */
function takesFocus(field) {
  if (!field.ariaInvalid) return false;
  for (const each of /** @type {HTMLDetailsElement[]} */ (findAll("details"))) each.open ||= each.contains(field);
  field.focus();
  return document.activeElement === field;
}

/**
 * Shows what is wrong with a field, or with what is in its list (`rows.0` of `rows`).
 * @param {any} field @param {Record<string, string[]>} errors @returns {string[]} the names of those that have a place there
 */
export function showError(field, errors) {
  const names = Object.keys(errors).filter((name) => `${name}.`.startsWith(`${field.name}.`));
  field.ariaInvalid = field.told = names.length ? "true" : null;
  const place =
    document.getElementById(read(field, "aria-describedby").split(" ")[0]) ??
    find(`[data-error="${CSS.escape(field.name)}"]`, /** @type {Element} */ (field.form)); // its form's own, where it names none
  if (!isShown(place)) return []; // of a form that is gone: it is told above all
  say(/** @type {HTMLElement} */ (place), names.flatMap((name) => errors[name]).join(" "));
  return names;
}

/** @param {Element} element @returns {HTMLElement} a place for its messages; of one that is gone, above all */
function makePlace(element) {
  const place = create("div", { className: "serveractions-message", role: "alert" });
  if (isShown(element)) insert(/** @type {Node} */ (parentOf(element)), place, nextOf(element));
  else document.body.prepend(place);
  places.set(element, place);
  return place;
}

/** Says something that belongs to no element: in `[data-messages]`, else above all.
 * @param {string} text @param {string} [link] @param {string} [category] of a flashed message */
export function notify(text, link, category) {
  const list = find("[data-messages]");
  const line = create("p");
  const place = list?.appendChild(line) ?? makePlace(line);
  if (list) list.ariaLive = "polite";
  if (category) place.dataset.category = category;
  say(place, localized(text), link);
}

/** @param {any} place it notes what was told there, for pages that come by themselves @param {string} [text] @param {string} [link] */
function say(place, text = "", link = "") {
  place.told = text;
  if (place.textContent !== text) place.textContent = text; // else it would be read out again
  if (link && !place.firstElementChild) place.replaceChildren(create("a", { href: link, target: "_blank", textContent: text }));
}
