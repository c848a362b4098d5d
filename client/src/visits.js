// Pages that come in place of the one on the screen: fetched, or brought by an answer.

import { here } from "./address.js";
import { begunForms, isTypedOn } from "./begun.js";
import { calls } from "./calls.js";
import { notify } from "./messages.js";
import { loadScreen } from "./modules.js";
import { fetchPage, nextRequest, nothing } from "./page.js";

/** @typedef {import("./calls.js").Call} Call */
/** @typedef {import("./screen/show.js").Sent} Sent */

const UNLOADED = "The page could not be loaded.";
/** Of the page on the screen, when the server rendered it, and the latest request by then: what is sent later brings a fresher one for certain. */
let shown = { rendered: 0, last: 0 };

/** Brings the page on the screen up to date. @param {string} html @param {Sent} sent */
async function show(html, sent) {
  try {
    await (await loadScreen()).show(html, sent);
  } catch (error) {
    reportError(error);
    location.reload();
  }
}

/** Shows the page that an answer brought, unless a fresher one has been shown. @param {Call} call @param {import("./answers.js").Answer} answer @returns {Promise<unknown>} whether it was */
export async function showAnswered(call, { page, rendered = 0 }) {
  const isShowable = page && (await loadScreen().catch(nothing));
  const isNewer = call.number > shown.last || rendered > shown.rendered;
  if (!isShowable || !isNewer || call.stands !== call.from) return;
  shown = { rendered, last: nextRequest() };
  await show(page, call);
  return page;
}

/** Fetches a page, by itself that on the screen, and shows it, if the visitor is still there. @param {string} [url] @param {Sent} [sent] */
export async function showPage(url = here(), sent) {
  if (/failed|moved/.test(await load(url, sent))) visit(url, sent);
}

/** What can't be shown here is the browser's, which says what is wrong. @param {string} url @param {Sent} [sent] */
export function visit(url, sent) {
  if (isBegun(sent)) notify(UNLOADED, url);
  else location.assign(url);
}

/** @param {Sent} [sent] what was sent by the visitor, and not changed since, is no longer begun @returns {boolean} whether something would be lost with the page */
export const isBegun = (sent = {}) => begunForms().some((form) => form !== sent.element || sent.isChanged || sent.isAutosave);

/** Fetches the page anew and shows it. */
export const refresh = () => showPage();

/**
 * Fetches a page and shows it; of another URL, in place of the address.
 * @param {string} [url] by itself that on the screen
 * @param {Sent} [sent]
 * @param {AbortSignal} [signal]
 * @returns {Promise<"shown" | "left" | "failed" | "moved">} left: the visitor is elsewhere; moved: it leads there
 */
export async function load(url = here(), sent = {}, signal) {
  const from = here();
  let html, last;
  do {
    last = nextRequest();
    // an error page that nobody has asked for takes nothing away that was begun
    html = await fetchPage(url, signal, undefined, () => sent.isShy && begunForms()[0]);
    if (here() !== from || signal?.aborted) return "left";
  } while (last < shown.last); // what has been shown meanwhile may be fresher
  sent.isChanged = isTypedOn(sent);
  if (!html) return html === undefined ? "failed" : "moved";
  shown = { rendered: Infinity, last };
  if (url !== from) {
    history.replaceState(history.state, "", url);
    for (const call of calls) if (call.from === from) call.from = url; // what was sent from the former one is told here
  }
  await show(html, sent);
  return "shown";
}
