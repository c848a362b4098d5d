// A page as the server renders it: fetched, and what it tells the client.

import { loadedRegions, withArgument } from "./address.js";
import { pause } from "./answers.js";
import { isForm } from "./dom.js";
import { loadScreen } from "./modules.js";

const HTML = "text/html";
const AGAIN = 1000; // milliseconds

let requests = 0;
/** @returns {number} the place of a request that may bring a page, among its like */
export const nextRequest = () => ++requests;

/** @returns {undefined} for what has failed, and is told by what it does not give */
export const nothing = () => undefined;

/** @param {Document} [page] @returns {DOMStringMap} what the client's element says: `token`, `field`, `header`, `actions`, `who` */
export const about = (page = document) => /** @type {HTMLElement | null} */ (page.querySelector("script#serveractions"))?.dataset ?? {};

/** @param {"actions" | "texts"} name @param {Document} [page] @returns {Record<string, string>} */
const table = (name, page) => JSON.parse(about(page)[name] ?? "{}");

/** @param {Document} [page] the URLs of actions that scripts may call */
export const namedActions = (page) => table("actions", page);

/** @param {string} text of ours @returns {string} in the visitor's language, where the server knows it */
export const localized = (text) => table("texts")[text] ?? text;

export const fieldOfToken = () => about().field ?? "csrf_token";

/** @param {any} token @returns {string | undefined} the session's secret, which nobody can write into a page but the server */
export const secretOf = (token) => token?.split(".")[0];

/** @param {any} element @returns {boolean} whether it may be given fresh URLs: no form, or one with that secret; where there are no tokens, none has one */
export const isOurs = (element) => !isForm(element) || secretOf(new FormData(element).get(fieldOfToken())) === secretOf(about().token);

/** @returns {Record<string, string>} the header that proves that a request is this page's */
export const tokenHeader = () => ({ [about().header ?? "X-CSRFToken"]: about().token ?? "" });

/** Of the status and the headers, in order: forms stand on error pages, too, a list in the layout of a 404; who asks too often is told nothing of the page; an attachment is none, nor what is in a sandbox: it would come out of it. */
const PAGES = /^(200|4(?!29)..),(?!.*(position,a|icy.*[,;] *sandbox[ ,;].*t-type,)).*type,text\/html/i;

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @param {string} [region] to be loaded, beside those that have been; percent-encoded
 * @param {() => unknown} [isShy] whether an error page is none either
 * @param {boolean} [isLast] whether it is not asked for again, where no answer comes: Firefox breaks off what is under way when a link is pressed, though the page may stay
 * @returns {Promise<string | undefined>} its HTML; empty where it leads elsewhere, nothing where it can't be had
 */
export async function fetchPage(url, signal, region, isShy, isLast) {
  const regions = [loadedRegions(), region].filter(Boolean).join();
  const address = regions ? withArgument(url, `_regions=${regions}`) : url;
  try {
    const asked = fetch(address, { cache: "no-store", headers: { Accept: HTML }, redirect: "manual", signal });
    const [reply] = await Promise.all([asked, loadScreen()]); // without what shows it, it is of no use
    if (!reply.status) return ""; // a redirect
    if (PAGES.test(String([reply.status, ...reply.headers])) && (reply.ok || !isShy?.())) return await reply.text();
  } catch {
    if (isLast || signal?.aborted) return;
    await pause(AGAIN);
    return fetchPage(url, signal, region, isShy, true);
  }
  return undefined;
}
