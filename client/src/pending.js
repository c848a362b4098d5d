// What shows that a call is under way. The marks are taken off while a page is brought up to date, and put back after it.

import { find, removeAttribute, setAttribute } from "./elements.js";

/** @typedef {import("./calls.js").Call} Call */

/** @typedef {() => void} Undo */

/** What takes the marks of a call off again. @type {Map<Call, Undo>} */
const marks = new Map();

/** @param {Call} call @param {Element} element its form or button */
export function mark(call, element) {
  setAttribute(element, "aria-busy", "true");
  const undo = [markButton(call), addGhosts(call, element)];
  marks.set(call, () => {
    removeAttribute(element, "aria-busy");
    for (const each of undo) each?.();
  });
}

/** @param {Call} call */
export function unmark(call) {
  marks.get(call)?.();
  marks.delete(call);
}

/** @returns {() => void} takes off all marks; what it returns puts them back */
export function liftMarks() {
  const marked = [...marks.keys()];
  marked.forEach(unmark);
  return () => marked.forEach((call) => call.element && mark(call, call.element));
}

/** @param {Call} call @returns {Undo | undefined} */
function markButton({ button, mode, option }) {
  if (!button || mode) return;
  const isFocused = document.activeElement === button;
  const { value, childNodes } = button;
  const nodes = [...childNodes];
  const text = option("data-pending");
  if (text) say(button, text);
  button.disabled = true;
  return () => {
    button.disabled = false;
    if (text) say(button, value, ...nodes);
    // a disabled button loses it
    if (isFocused && document.activeElement === document.body) button.focus({ preventScroll: true });
  };
}

/** @param {HTMLButtonElement | HTMLInputElement} button @param {string} text @param {(string | Node)[]} nodes what a button holds; an input has but text */
function say(button, text, ...nodes) {
  if (button instanceof HTMLInputElement) button.value = text;
  else button.replaceChildren(...(nodes.length ? nodes : [text]));
}

/** @param {Call} call @param {Element} element @returns {Undo | undefined} */
function addGhosts({ data, option }, element) {
  const template = find(element, "template[data-optimistic]") ?? document.getElementById(option("data-optimistic"));
  if (!(template instanceof HTMLTemplateElement)) return;
  const copy = document.importNode(template.content, true);
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (copy.querySelectorAll("[data-value]"))) {
    node.textContent = String(data?.get(node.dataset.value ?? "") ?? "");
  }
  const ghosts = [...copy.childNodes];
  template.before(copy);
  return () => ghosts.forEach((node) => node.remove());
}
