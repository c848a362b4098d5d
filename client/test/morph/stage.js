// A page of a list whose rows hold forms, as the server would render it again and again; and what brings one into the other.

import { note, served } from "../../src/morph/notes.js";
import { morph } from "../../src/morph/morph.js";
import { parsePage } from "../../src/screen/fresh.js";

/**
 * One thing that is kept, or renewed.
 * @typedef {object} Case
 * @property {string} page what is shown
 * @property {string} fresh what the server says next
 * @property {(body: Element, saved: any) => unknown} [before] what the visitor and scripts do meanwhile
 * @property {(body: Element, saved: any) => unknown} [after] whether all is well; else both pages have to be equal
 */

/** @param {string} html @returns {HTMLElement} the body of a page that nobody has seen yet */
export const parse = (html) => parsePage(`<body>${html}`).body;

/** @param {Element} element */
const attribute = (element, name = "") => Element.prototype.getAttribute.call(element, name);

/** @param {Element} element a form's action, without its signature and without the number of equal forms */
const key = (element) =>
  element instanceof HTMLFormElement ? /[?]_action=([^.]*)/.exec(attribute(element, "action") ?? "")?.[1] : undefined;

/** @param {Element} old @param {Element} fresh */
const isKept = (old, fresh) => attribute(old, "data-keep") !== null && attribute(fresh, "data-keep") !== null;

/** @param {string} html shows a page in place of all that was there */
export function show(html) {
  document.body.replaceWith(document.adoptNode(parse(html)));
  for (const each of document.body.childNodes) served.add(each);
  note(document);
}

/** @param {string} html */
export const bring = (html) => morph(document.body, parse(html), key, isKept, () => false);

/** @param {string} html whether the screen says that */
export function says(html) {
  document.body.normalize();
  return document.importNode(parse(html), true).isEqualNode(document.body);
}

/** @param {Case} given @returns {Promise<string>} what is wrong */
export async function run({ page, fresh, before, after }) {
  const saved = {};
  show(page);
  await before?.(document.body, saved);
  bring(fresh);
  if (!after) return says(fresh) ? "" : `The screen says ${document.body.innerHTML}`;
  return (await after(document.body, saved)) ? "" : `Not so in ${document.body.innerHTML}`;
}

/** @param {string} selector @returns {any} */
export const one = (selector) => document.querySelector(selector);
/** @param {string} selector @returns {any[]} */
export const every = (selector) => [...document.querySelectorAll(selector)];

let pages = 0;

/** @param {string} record bound to the form @param {string} content */
export const form = (record, content, action = "rename") =>
  `<form method="post" action="/todos?_action=${action}/${record}.signature${++pages}"><input type="hidden" name="csrf_token" value="${pages}">${content}</form>`;

/** @param {number} record @param {string} [attributes] of its row @param {string} [more] in its row */
const row = (record, attributes = "", more = "") =>
  `<li ${attributes}><b>Title ${record}</b>${form(`p${record}`, `<input name="text" value="Title ${record}">`)}${more}</li>\n`;

/** Rows whose forms alone tell them apart. @param {number[]} records @param {string} [more] */
export const rows = (records, more = "") => `<ul>\n${records.map((record) => row(record, "", more)).join("")}</ul>`;
/** Rows with an id. @param {number[]} records @param {string} [more] */
export const rowsWithIds = (records, more = "") => `<ul>\n${records.map((record) => row(record, `id="r${record}"`, more)).join("")}</ul>`;
/** Rows whose form is the same one: a hidden field says of which record. @param {number[]} records */
export const rowsWithEqualForms = (records) =>
  `<ul>${records.map((record, n) => `<li>Row ${form("", `<input type="hidden" name="row" value="${record}"><input id="edit-${n}-text" name="text" value="">`).replace("<form", `<form id="edit-${n}-form"`)}</li>`).join("")}</ul>`;

/** @param {number} record @returns {any} the field of a row */
export const fieldOf = (record) => one(`form[action*="/p${record}."] [name=text]`);

/** @param {any} field */
export function putCaret(field) {
  field.focus();
  field.setSelectionRange(1, 2);
}

/** @param {any} field */
export const hasCaret = (field) => document.activeElement === field && field.selectionStart === 1 && field.selectionEnd === 2;
