// Methods of elements, by the prototype: a form's own are hidden by fields of the same name.

import { all } from "./dom.js";

export { attribute, removeAttribute } from "./dom.js";

/** @param {Element} element @param {string} name @param {string} value */
export const setAttribute = (element, name, value) => Element.prototype.setAttribute.call(element, name, value);

/** @param {Element} element @param {string} selector @returns {HTMLElement[]} */
export const findAll = (element, selector) => /** @type {HTMLElement[]} */ ([...all(element, selector)]);

/** @param {Element} element @param {string} selector @returns {HTMLElement | undefined} */
export const find = (element, selector) => findAll(element, selector)[0];
