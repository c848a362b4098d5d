// What the visitor does: she submits a form, presses a button, changes a field.

import { callsAction } from "./address.js";
import { settle } from "./begun.js";
import { Call, validate } from "./calls.js";
import { attribute, find } from "./elements.js";
import { submit } from "./submissions.js";

/** @typedef {HTMLButtonElement | HTMLInputElement | null} Submitter */

/** @param {Element} form @returns {boolean} whether it means an action, and no neighbour sends it: what is written by hand is Turbo's, where it is */
const isActionForm = (form) =>
  !!find(form, "[name=_action]") && !(attribute(form, "data-serveraction") === null && "Turbo" in window);

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const button = /** @type {Submitter} */ (event.submitter);
  const read = (/** @type {string} */ name) => (button && attribute(button, `form${name}`)) ?? attribute(form, name) ?? "";
  if (event.defaultPrevented) return;
  if (!/^post(_self)?$/i.test(read("method") + read("target")) || !isActionForm(form) || !callsAction(read("action"))) {
    settle(form); // what was typed is on its way, and not lost
    return;
  }
  event.preventDefault();
  void submit(new Call(read("action"), new FormData(form, button), {}, form, button ?? undefined));
});

document.addEventListener("click", (event) => {
  const target = /** @type {Element | null} */ (event.target);
  const button = /** @type {HTMLButtonElement | null} */ (target?.closest?.("button[data-action]"));
  const source = button?.dataset.action ?? "";
  if (event.defaultPrevented || !button || !callsAction(source)) return;
  event.preventDefault();
  void submit(new Call(source, new FormData(), {}, button, button));
});

document.addEventListener("change", ({ target }) => {
  const { form } = /** @type {HTMLInputElement} */ (target);
  const isChecked = target instanceof Element && target.closest("[data-validate]") && attribute(target, "name");
  if (isChecked && form && isActionForm(form)) void validate(form, /** @type {HTMLInputElement} */ (target));
});
