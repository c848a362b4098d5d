// Pages in dialogs: what stands in a page's <main> is shown above the page on the screen.

import { absolute, here, PAGE } from "../address.js";
import { pause } from "../answers.js";
import { begunForms, mayGo } from "../begun.js";
import { callsOf } from "../calls.js";
import { create, find, has, listen, read, removeAttribute, setAttribute } from "../dom.js";
import { tell } from "../messages.js";
import { loadScreen } from "../modules.js";
import { fetchPage, localized, nextRequest } from "../page.js";
import { load, visit } from "../visits.js";
import { keepParts, refreshParts } from "./endless.js";
import { onLink, pageAt } from "./listen.js";
import { longer } from "./pace.js";
import { DIALOG, dialogOf, emitRegion, openDialogs, parseWithin, showPart } from "./regions.js";

/** @typedef {import("./regions.js").Sent} Sent */

const CLOSE = "Close";

let count = 0;
/** Of the page below, while a dialog is open: a search may replace it meanwhile, and closing leads to the step of before. */
let address = "";

/** @returns {number} how many the page on the screen has, by the browser's history */
const countOpened = () => history.state?.serveractionsDialogs ?? 0;

/** @param {import("./listen.js").Link} link */
async function openDialog(link) {
  if (link.ariaBusy) return;
  link.ariaBusy = "true";
  const { pathname } = location; // a search may replace the rest
  const dialog = create("dialog", { id: `${DIALOG}-${++count}`, className: DIALOG, oncancel });
  /** @param {Event} event that of a file's picker comes here, too */
  function oncancel(event) {
    if (event.target === dialog && !mayGo([dialog])) event.preventDefault();
  }
  const onclick = () => mayGo([dialog]) && dialog.close();
  dialog.append(create("div"), create("button", { className: "serveractions-close", ariaLabel: localized(CLOSE), textContent: "×", onclick }));
  dialog.dataset.keep = "";
  const state = await refreshContent(dialog, pageAt(link));
  link.ariaBusy = null;
  if (pathname !== location.pathname) return forget(dialog);
  if (state !== "shown") return visit(link.href);
  const { rememberFocus } = await loadScreen();
  const restoreFocus = rememberFocus(); // what has it may be gone by then
  dialog.onclose = () => {
    forget(dialog);
    restoreFocus();
  };
  dialog.showModal();
  address = here();
  history.pushState({ ...history.state, serveractionsDialogs: openDialogs().length }, ""); // Back closes it
  emitRegion(dialog.id);
}

/** Of what they show, when it was asked for. @type {WeakMap<Element, number>} */
const shown = new WeakMap();

/**
 * @param {HTMLDialogElement} dialog
 * @param {string} [url] of another page, by which it is searched
 * @param {Sent} [sent]
 * @param {AbortSignal} [signal]
 * @param {string} [given] its page, where it is here
 * @returns {Promise<"shown" | "left" | "failed" | "moved">} as that of a page; left: it shows another one by now, or is closed
 */
export async function refreshContent(dialog, url = read(dialog, PAGE), sent, signal, given) {
  const from = read(dialog, PAGE);
  let html, number;
  do {
    number = nextRequest();
    html = given || (await fetchPage(url, signal, undefined, () => begunForms().some((form) => dialog.contains(form))));
    if (from !== read(dialog, PAGE)) return "left";
  } while (number < /** @type {number} */ (shown.get(dialog))); // what has been shown meanwhile may be fresher
  if (!html) return html === "" ? "moved" : "failed"; // nor could be had what parses it, maybe
  const { body, head, title } = await parseWithin(html, url, dialog);
  const main = find("main", body);
  if (!main) return "failed";
  shown.set(dialog, number);
  setAttribute(dialog, PAGE, url);
  const content = create("div", { className: main.className }); // a page has one main
  content.append(...main.childNodes);
  dialog.ariaLabel = find("h1,h2,h3", content)?.textContent ?? title;
  if (!from) document.body.append(dialog);
  await (await loadScreen()).addStyles(head);
  if (number !== shown.get(dialog)) return "left";
  if (url === from) keepParts(content, dialog);
  await showPart(/** @type {Element} */ (dialog.firstElementChild), content, sent);
  void refreshParts(dialog);
  if (dialog.open) emitRegion(dialog.id);
  return "shown";
}

/** @param {HTMLDialogElement} dialog it has been closed */
function forget(dialog) {
  dialog.remove();
  removeAttribute(dialog, PAGE); // what is on its way to it comes too late
  address &&= here();
  const steps = countOpened() - openDialogs().length;
  if (steps > 0) history.go(-steps);
}

/** @param {CustomEvent<{data: unknown, page?: string, redirect?: string}>} event of a form: in a dialog, that is over with it, unless its answer is to be read there or leads elsewhere, more was typed since, or it sends itself */
function closeAfterSuccess(event) {
  const { data, page, redirect } = event.detail;
  const element = /** @type {Element} */ (event.target);
  const dialog = dialogOf(element);
  if (!dialog || data instanceof File || has(element, "data-submit") || callsOf(element).some(({ isChanged }) => isChanged)) return;
  if (page && has(element, "data-result")) return void refreshContent(dialog, undefined, undefined, undefined, page);
  const all = openDialogs(), below = all[all.indexOf(dialog) - 1];
  const [target, place] = absolute(redirect ?? here()).href.split("#");
  if (target !== here()) {
    if (!below || target !== read(below, PAGE)) return; // the browser leaves
    event.preventDefault();
  } else if (place) history.replaceState(null, ""); // nothing goes back, which would leave the place again
  else if (redirect && below) return history.go(-all.length); // to the page below all of them
  dialog.close();
  if (below) void refreshContent(below);
}

/** @param {CustomEvent<{error: import("../messages.js").ActionError & {stale?: string}}>} event of a form that was rendered for somebody else: what is open comes fresh, too, and the form says why */
async function renewDialogs({ detail, target }) {
  const form = /** @type {Element} */ (target);
  if (detail.error.stale !== "identity" || !dialogOf(form)) return;
  await refreshDialogs("*", { element: form });
  tell(form, detail.error);
}

/** @param {string} selector of what has to be in them @param {Sent} [sent] */
const refreshDialogs = (selector, sent) => Promise.all(openDialogs().map((dialog) => find(selector, dialog) && refreshContent(dialog, undefined, sent)));

/** The page comes fresh, and with it the dialogs that show what changes by itself; as soon as they can be had, unless there is no wait until the next time. @returns {Promise<string>} */
export async function refreshAll(wait = 1000) {
  const sent = { isShy: true };
  const state = await load(undefined, sent);
  if (wait && state === "failed") return pause(wait).then(() => refreshAll(longer(wait)));
  await refreshDialogs("[data-live],[data-poll],[data-job]", sent);
  return state;
}

/** Back closes what is open; what a reload or Forward leads to is not open any more. */
function followHistory() {
  const all = openDialogs(), opened = countOpened(), closing = all.slice(opened);
  if (!mayGo(closing)) return history.go(closing.length);
  for (const dialog of closing.reverse()) dialog.close();
  if (address || opened > all.length) history.replaceState({ ...history.state, serveractionsDialogs: Math.min(opened, all.length) }, "", here() === address ? "" : address);
  if (!opened) address = "";
}

followHistory();
addEventListener("popstate", followHistory);
// a place in a dialog is no step of the history
onLink(".serveractions-dialog a[href^='#']", ({ hash }) => {
  const place = document.getElementById(decodeURIComponent(hash.slice(1)));
  place?.scrollIntoView();
  place?.focus();
});
onLink("a[data-dialog]", openDialog);
listen("action:rendered", () => (address &&= here()));
listen("action:success", closeAfterSuccess);
listen("action:error", renewDialogs);
// the page of a dialog is over with it: what was flashed is for the one below
listen("action:start", ({ detail, target }) => {
  if (dialogOf(target) && !has(target, "data-result")) detail.headers["Serveractions-Dialog"] = "1";
});
// a fresh page has none of them, and would close them
listen("action:render", ({ detail }) => detail.page.body.append(...openDialogs().map((dialog) => dialog.cloneNode())));
