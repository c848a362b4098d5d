// A page as the server renders it: fetched, parsed, what it tells the client.

import { loadedRegions } from "./address.js";

const { trustedTypes } = /** @type {{trustedTypes?: {createPolicy(name: string, rules: object): {createHTML(html: string): string}}}} */ (
  /** @type {unknown} */ (window)
);
const policy = trustedTypes?.createPolicy("serveractions", { createHTML: String });
/** @type {(html: string) => string} */
export const trusted = (html) => policy?.createHTML(html) ?? html;

/** @param {Document} page @returns {{token?: string, field?: string, header?: string, actions?: string, who?: string}} what the client's element says */
export const about = (page) => /** @type {HTMLElement | null} */ (page.querySelector("script#serveractions"))?.dataset ?? {};

/** @param {Document} page @returns {Record<string, string>} the URLs of actions that scripts may call */
export const namedActions = (page) => JSON.parse(about(page).actions ?? "{}");

export const fieldOfToken = () => about(document).field ?? "csrf_token";

/** @param {Document} page from now on its token and URLs hold */
export const adopt = (page) => Object.assign(about(document), about(page));

// Scripts are on here, and off for the parser: what it would make of <noscript> must not come to life.
const NOSCRIPT = /<(script|style|textarea|title)\b.*?<\/\1\b|<!--.*?-->|(<noscript\b[^>]*>).*?(?=<\/noscript\b)/gis;

/** @param {string} html @returns {Document} with its declarative shadow roots, where the browser knows them */
export function parse(html) {
  const text = trusted(html.replace(NOSCRIPT, (all, _, noscript) => noscript ?? all));
  // not known to TypeScript 5.9
  const { parseHTMLUnsafe } = /** @type {{parseHTMLUnsafe?: (html: string) => Document}} */ (/** @type {unknown} */ (Document));
  return parseHTMLUnsafe?.(text) ?? new DOMParser().parseFromString(text, "text/html");
}

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @param {string} [region] to be loaded, beside those that have been; percent-encoded
 * @returns {Promise<string | undefined>} its HTML; nothing where the browser has to go there itself
 */
export async function fetchPage(url, signal, region) {
  const regions = String([loadedRegions(), region].filter(Boolean));
  const reply = await fetch(regions ? `${url}${url.includes("?") ? "&" : "?"}_regions=${regions}` : url, { cache: "no-store", headers: { Accept: "text/html" }, redirect: "manual", signal });
  // forms stand on error pages, too: a list in the layout of a 404
  return /^(200|4..)text\/html/i.test(`${reply.status}${reply.headers.get("Content-Type")}`) ? reply.text() : undefined;
}
