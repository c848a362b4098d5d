// Forms that the visitor has begun to fill in. They are known by events: to read them all would cost too much.

import { attribute } from "./elements.js";

/** The forms that she has turned to, and what each held when it was last shown. @type {Map<HTMLFormElement, string>} */
const touched = new Map();

/** @param {HTMLFormElement} form @returns {string} what was typed and chosen, without our fields, to be compared */
export const contentsOf = (form) =>
  String(
    [...new FormData(form)]
      .filter(([name]) => !/^(_action|_region|csrf_token|idempotency_key)$/.test(name))
      .map(([name, value]) => [name, value instanceof File ? value.name + value.size : value]),
  );

/** @param {HTMLFormElement} form */
export const isBegun = (form) => touched.has(form) && touched.get(form) !== contentsOf(form);

/** @returns {HTMLFormElement[]} one that has been taken away, with a dialog that she closed, is not missed */
export const begunForms = () => [...touched.keys()].filter((form) => document.contains(form) && isBegun(form));

/** What a form holds now is what it is shown with. @param {HTMLFormElement} form */
export function settle(form) {
  if (document.contains(form)) touched.set(form, contentsOf(form));
  else touched.delete(form);
}

/** @param {(form: HTMLFormElement) => boolean} isLeft */
export const settleAllBut = (isLeft) => [...touched.keys()].filter((form) => !isLeft(form)).forEach(settle);

/** @param {Event} event */
function touch({ target, type }) {
  const form = target instanceof HTMLFormElement ? target : /** @type {HTMLInputElement} */ (target).form;
  if (!form || touched.has(form)) return;
  if (type === "input") touched.set(form, ""); // by a script, unseen until now: nobody knows what it held
  else settle(form);
}

// before any listener of the page: what a script adds, a row say, comes after
for (const type of ["pointerdown", "focusin", "input"]) addEventListener(type, touch, true);

addEventListener("beforeunload", (event) => {
  if (begunForms().some((form) => attribute(form, "data-dirty") !== null)) event.preventDefault();
});
