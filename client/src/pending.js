// What shows that a call is under way. The marks are taken off while a page is brought up to date, and put back after it.

import { find, read, removeAttribute, setAttribute } from "./dom.js";

/** @typedef {import("./calls.js").Call} Call */

/** @typedef {(() => void) | undefined} Undo */

/** What takes the marks of a call off again. @type {Map<Call, Undo[]>} */
const marks = new Map();

/** @param {Call} call */
export function mark(call) {
  const { element } = call;
  if (!element) return;
  setAttribute(element, "aria-busy", "true");
  marks.set(call, [markButton(call), addGhosts(call, element)]);
}

/** @param {Call} call */
export function unmark(call) {
  const { element } = call;
  marks.get(call)?.forEach((undo) => undo?.());
  marks.delete(call);
  // another call of it may be under way
  if (element && ![...marks.keys()].some((other) => other.element === element)) removeAttribute(element, "aria-busy");
}

/** @returns {() => void} takes off all marks; what it returns puts them back */
export function liftMarks() {
  const marked = [...marks.keys()];
  marked.forEach(unmark);
  return () => marked.forEach(mark);
}

/** @param {Call} call @returns {Undo} */
function markButton({ button, mode, option }) {
  if (!button || mode) return;
  const isFocused = document.activeElement === button;
  const { value, disabled } = button;
  const nodes = [...button.childNodes];
  const text = option("data-pending");
  if (text) say(button, text);
  button.disabled = true;
  return () => {
    button.disabled = disabled; // as the page says that came meanwhile
    if (text) say(button, value, nodes);
    // a disabled button loses it
    if (isFocused && document.activeElement === document.body) button.focus({ preventScroll: true });
  };
}

/** @param {HTMLButtonElement | HTMLInputElement} button @param {string} text @param {(string | Node)[]} [nodes] what a button holds; an input has but text */
function say(button, text, nodes = [text]) {
  if (button instanceof HTMLInputElement) button.value = text;
  else button.replaceChildren(...nodes);
}

/** @param {Call} call @param {Element} element @returns {Undo} */
function addGhosts({ data, option }, element) {
  const template = /** @type {HTMLTemplateElement | null} */ (find("template[data-optimistic]", element) ?? document.getElementById(option("data-optimistic")));
  if (!template?.content) return;
  const copy = document.importNode(template.content, true);
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (copy.querySelectorAll("[data-value]"))) {
    const value = /** @type {any} */ (data?.get(read(node, "data-value")));
    node.textContent = value?.name ?? value; // of a file
  }
  const ghosts = [...copy.childNodes];
  template.before(copy);
  return () => ghosts.forEach((node) => node.remove());
}
