// Elements, and the little of CommonMark that descriptions use.

/** @typedef {Record<string, any>} Json */

/** @param {string} tag @param {Json | null} [attributes] @param {...any} children @returns {any} an element */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** @param {string} [text] CommonMark, of which paragraphs and code are read @returns {any[]} */
export const prose = (text) =>
  (text ?? "")
    .split(/\n\s*\n/)
    .filter(Boolean)
    .map((paragraph) => h("p", null, inline(paragraph)));

/** @param {string} text @returns {any[]} */
export const inline = (text) =>
  text.split(/(`[^`]+`)/).map((part) => (/^`.+`$/.test(part) ? h("code", null, part.slice(1, -1)) : part));
