// A fresh page, as text: parsed.

import { contains, findAll, isForm, parentOf, read, setAttribute } from "../dom.js";

/** Not known to TypeScript 5.9. @type {{trustedTypes?: {createPolicy(name: string, rules: object): {createHTML(html: string): string}}}} */
const { trustedTypes } = /** @type {any} */ (window);
const policy = trustedTypes?.createPolicy("serveractions", { createHTML: String });
/** @type {(html: string) => string} */
export const trusted = (html) => policy?.createHTML(html) ?? html;

// Scripts are on here, and off for the parser: what it would make of <noscript> must not come to life. As a style it is at home in a head, too.
// What stands in an attribute is none: a text that a visitor wrote into one would pair with a tag of the page's own.
const NOSCRIPT = /<(script|style|textarea|title)\b.*?<\/\1\b|<!--.*?-->|(<noscript\b[^>]*>)(.*?)(?=<\/noscript\b)|<\w(=(["']).*?\5|[^>])*/gis;

/** @param {string} [html] @returns {Document} with its declarative shadow roots */
export function parsePage(html = "") {
  const text = trusted(html.replace(NOSCRIPT, (all, _, noscript, content) => (noscript ? `${noscript}<style>${encodeURI(content)}</style>` : all)));
  // not known to TypeScript 5.9; Chromium leaves comments out, if nobody says otherwise
  const page = /** @type {{parseHTMLUnsafe(html: string, options: object): Document}} */ (/** @type {unknown} */ (Document)).parseHTMLUnsafe(text, { sanitizer: { comments: true } });
  for (const inert of findAll("noscript", page.documentElement)) inert.textContent = decodeURI(/** @type {string} */ (inert.textContent));
  nameForms(page.body);
  return page;
}

/** Beside a form that a row of a table holds stand its controls: a parser for the screen knows it, and nobody once they are moved. @param {Element} [body] */
function nameForms(body) {
  /** @type {any} */
  let form;
  for (const each of findAll(":is(table,tbody,tr)>form,:is(button,input,[name]):not(form *,[form])", body)) {
    const id = read(form, "id"); // without one it can't be named
    if (isForm(each)) form = each;
    else if (id && contains(/** @type {Node} */ (parentOf(form)), each)) setAttribute(each, "form", id);
  }
}

nameForms(); // as the page has been parsed
