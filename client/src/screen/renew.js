// Fresh IDs and tokens, for what has stale ones.

import { parseAction } from "../address.js";
import { attribute, findAll, setAttribute } from "../dom.js";
import { about, fetchPage, isOurs, namedActions, nextRequest } from "../page.js";
import { parsePage } from "./fresh.js";
import { adopt } from "./head.js";

/** Fresh URLs, by the identities of the actions, and by themselves. @typedef {Map<string | undefined, string>} URLs */

/** @type {{began: number, page: string, urls: Promise<URLs>} | undefined} */
let last;

/** @param {Element} root @returns {[string, Element, string][]} URLs that may be actions', whose they are, and in which attribute */
const urlsIn = (root) =>
  [root, ...findAll("form,[formaction],[data-action]", root)].flatMap((element) =>
    ["action", "formaction", "data-action"].map((name) => /** @type {[string, Element, string]} */ ([attribute(element, name), element, name])),
  );

/** @param {Document} page @param {Element} [root] a part of it @returns {URLs} */
export const urlsOf = (page, root = page.body) =>
  new Map(
    [...urlsIn(root).map(([url]) => url), ...Object.values(namedActions(page))].flatMap((url) => {
      const { identity, argument } = parseAction(url) ?? {};
      return [identity, argument].map((key) => [key, url]);
    }),
  );

/** @param {import("../calls.js").Call["action"]} action @param {URLs} urls @returns {string | undefined} its fresh one. What the fresh page says as well is not stale, but written by somebody else */
export const freshOf = (action, urls) => (urls.has(action?.argument) ? undefined : urls.get(action?.identity));

/** Gives an element, and what is in it, fresh URLs. @param {Element | undefined} root of a call, if any @param {URLs} urls */
export function renewURLs(root, urls) {
  for (const [url, element, name] of root && isOurs(root) ? urlsIn(root) : []) {
    const fresh = freshOf(parseAction(url), urls);
    if (fresh) setAttribute(element, name, fresh);
  }
}

/**
 * @param {string} page where the stale form stands
 * @param {number} number of the request that was stale: those that were sent before a renewal began share it
 * @returns {Promise<URLs>} none where the page can't be had
 */
export function renew(page, number) {
  if (last?.page !== page || last.began < number) last = { began: nextRequest(), page, urls: fetchURLs(page) };
  return last.urls;
}

/** @param {string} url @returns {Promise<URLs>} none of somebody else's */
async function fetchURLs(url) {
  const page = parsePage(await fetchPage(url)), { who } = about(); // an empty one, where it can't be had
  adopt(page);
  return who === about().who ? urlsOf(page) : new Map();
}
