// What the visitor reads when something went wrong.

import { all } from "./page.js";

/** A problem (RFC 9457); `status` 0: no answer. */
export class ActionError extends Error {
  name = "ActionError";
  status = 0;
  /** @type {Record<string, string[]>} */
  errors = {};
  /** @param {any} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title ?? "No usable answer. Please try again.");
    Object.assign(this, problem);
  }
}

/** @param {any} field @param {any} [texts] */
export function showError(field, texts) {
  const node = document.getElementById(field.getAttribute("aria-describedby")?.split(" ")[0]);
  field.ariaInvalid = texts ? "true" : null;
  if (node) return (node.textContent = texts?.join(" ") ?? "");
}

/** Says what went wrong where it belongs. @param {any} element @param {any} error */
export function tell(element, { message = "", errors = {} }) {
  if (!element) return;
  for (const field of all(element, "[name]")) {
    if (showError(field, errors[field.name]) === message) message = "";
  }
  const node = element.querySelector("[data-message]");
  if (node) node.textContent = message;
  else if (message) alert(message);
  element.querySelector("[aria-invalid=true]")?.focus();
}
