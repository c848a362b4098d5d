// What the visitor does: she submits a form, presses a button, changes a field.

import { callsAction } from "./address.js";
import { settle } from "./begun.js";
import { Call, validate } from "./calls.js";
import { attribute, closest, fieldsOf, has, isInParts, listen, read } from "./dom.js";
import { submit } from "./submissions.js";

/** @typedef {HTMLButtonElement | HTMLInputElement | null} Submitter */

/** @param {Element} form @returns {boolean} whether it means an action, and no neighbour sends it: what is written by hand is Turbo's, where it is */
const isActionForm = (form) => "_action" in fieldsOf(form) && (has(form, "data-serveraction") || !("Turbo" in window));

listen("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const button = /** @type {Submitter} */ (event.submitter);
  const said = (/** @type {string} */ name) => (button && attribute(button, `form${name}`)) ?? read(form, name);
  if (event.defaultPrevented) return;
  if (!/^post(_self)?$/i.test(said("method") + said("target")) || !isActionForm(form) || !callsAction(said("action"))) {
    return settle(form); // what was typed is on its way, and not lost
  }
  const call = new Call(said("action"), new FormData(form, button), {}, form, button);
  event.preventDefault();
  let isMeant = true;
  const send = () => {
    if (isMeant) void submit(call);
    isMeant = false;
  };
  // listeners of the window come after this one: what they prevent is not sent
  event.preventDefault = () => void (isMeant = false);
  addEventListener("submit", send, { once: true });
  setTimeout(send); // it does not come so far
});

listen("click", (event) => {
  const button = /** @type {HTMLButtonElement} */ (event.target instanceof Element && closest(event.target, "button[data-action]"));
  const source = read(button, "data-action");
  if (event.defaultPrevented || !callsAction(source)) return;
  event.preventDefault();
  void submit(new Call(source, new FormData(), {}, button, button));
});

/** @param {Event} event */
function check({ target }) {
  const field = /** @type {HTMLInputElement} */ (target), { form } = field;
  const isChecked = form && has(field, "name") && [field, form].some((each) => closest(each, "[data-validate]"));
  if (isChecked && isActionForm(form)) void validate(form, field);
}

listen("change", (event) => {
  const { target } = event;
  if (isInParts(target)) target.addEventListener("blur", check, { once: true });
  else check(event);
});
