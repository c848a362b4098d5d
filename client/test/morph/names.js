// A field hides the form's own property of its name.

import { form, one, says } from "./stage.js";

const NAMES = [
  "id", "attributes", "children", "data", "name", "nodeName", "childNodes", "firstChild", "nextSibling", "parentNode", "tagName", "nodeType",
  "localName", "namespaceURI", "nodeValue", "hasAttribute", "getAttribute", "setAttribute", "removeAttribute", "isEqualNode", "matches",
  "querySelectorAll", "insertBefore", "removeChild", "replaceWith", "remove", "contains", "ownerDocument", "isConnected", "value", "method", "action",
];

/** @param {string} name @param {string} value @param {string} more */
const page = (name, value, more) => form("p1", `<input name="${name}" value="${value}"><p class="${value}">${value}</p>${more}`);

/** @param {string} name @returns {[string, import("./stage.js").Case]} */
const named = (name) => {
  const fresh = `<p>b</p><p>c</p>${page(name, "w", "<i>more</i>")}`;
  return [
    `a field is called ${name}`,
    { page: `<p>a</p>${page(name, "v", "<b>less</b>")}`, fresh, after: () => one(`[name=${name}]`).value === "w" && says(fresh) },
  ];
};

export const names = Object.fromEntries(NAMES.map(named));
