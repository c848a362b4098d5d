// What the visitor reads when something went wrong.

import { attribute, find } from "./elements.js";

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
    super(problem.detail ?? problem.title ?? "No usable answer. Please try again.");
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
  let wrong;
  for (const field of fieldsOf(element)) {
    const texts = errors[field.name];
    if (showError(field, texts)) delete rest[field.name];
    if (texts) wrong ??= field;
  }
  const lines = Object.entries(rest).map(([name, texts]) => `${name}: ${texts.join(" ")}`);
  if (!Object.values(errors).flat().includes(message)) lines.unshift(message);
  const text = lines.join(" ");
  const place = find(element, "[data-message]") ?? places.get(element);
  if (place && document.contains(place)) say(place, text, link);
  else if (text) say(makePlace(element), text, link);
  if (attribute(element, "data-submit") === null) wrong?.focus(); // who is typing stays where she is
}

/** @param {Element} form @returns {HTMLInputElement[]} its fields, wherever they stand; a button has none */
const fieldsOf = (form) =>
  form instanceof HTMLFormElement
    ? /** @type {HTMLInputElement[]} */ ([...Reflect.get(HTMLFormElement.prototype, "elements", form)]).filter(({ name }) => name)
    : [];

/** @param {Element} field @param {string[]} [texts] @returns {boolean} whether they have a place there */
export function showError(field, texts) {
  field.toggleAttribute("aria-invalid", !!texts);
  if (texts) field.setAttribute("aria-invalid", "true");
  const place = document.getElementById(attribute(field, "aria-describedby")?.split(" ")[0] ?? "");
  if (place) say(place, texts?.join(" ") ?? "");
  return !!place;
}

/** @param {Element} element @returns {HTMLElement} a place for its messages; of one that is gone, above all */
function makePlace(element) {
  const place = document.createElement("div");
  place.className = "serveractions-message";
  place.setAttribute("role", "alert");
  if (document.contains(element)) Element.prototype.after.call(element, place);
  else document.body.prepend(place);
  places.set(element, place);
  return place;
}

/** Says something that belongs to no element: in `[data-messages]`, else above all.
 * @param {string} text @param {string} [link] @param {string} [category] of a flashed message */
export function notify(text, link, category) {
  const list = find(document.body, "[data-messages]");
  const line = list?.appendChild(document.createElement("p")) ?? makePlace(document.createElement("p"));
  list?.setAttribute("aria-live", "polite");
  if (category) line.dataset.category = category;
  say(line, text, link);
}

/** @param {HTMLElement} place @param {string} text @param {string} [link] */
function say(place, text, link) {
  if (place.textContent === text) return; // else it would be read out again
  place.textContent = text;
  if (!link) return;
  const anchor = document.createElement("a");
  Object.assign(anchor, { href: link, target: "_blank", textContent: text });
  place.replaceChildren(anchor);
}
