// Fresh IDs and tokens, for calls whose own have gone stale.

import { urlsOf } from "./address.js";
import { adopt, fetchPage, namedActions, parse } from "./page.js";

/** @type {{began: number, page: string, urls: Promise<Map<string | undefined, string>>} | undefined} */
let last;

/**
 * @param {string} page where the stale form stands
 * @param {number} sent when it was sent: calls that were sent before a renewal began share it
 * @returns {Promise<Map<string | undefined, string>>} fresh URLs by their identity; none where the page can't be had
 */
export function renew(page, sent) {
  if (last?.page !== page || last.began < sent) last = { began: performance.now(), page, urls: fetchURLs(page) };
  return last.urls;
}

/** @param {string} url @returns {Promise<Map<string | undefined, string>>} */
async function fetchURLs(url) {
  const page = parse((await fetchPage(url)) ?? "");
  adopt(page);
  return urlsOf(page.body, Object.values(namedActions(page)));
}
