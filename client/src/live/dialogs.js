// Pages in dialogs: what stands in a page's <main> is shown above the page on the screen.

import { absolute, here, PAGE, pathOf } from "../address.js";
import { create, find, findAll, has, isEqual, read, setAttribute } from "../dom.js";
import { tell } from "../messages.js";
import { fetchPage, parse } from "../page.js";
import { listen, onLink } from "./listen.js";
import { emitRegion, resolveURLs, showPart } from "./regions.js";

const CLOSE = "Close";
const STYLES = "style,link[rel=stylesheet]";
const NAME = "serveractions-dialog-";
/** Attributes that name elements by their IDs. */
const REFERENCES =
  "id for form list headers popovertarget commandfor aria-labelledby aria-describedby aria-controls aria-owns aria-activedescendant".split(" ");

/** From the lowest to the topmost. @type {HTMLDialogElement[]} */
const opened = [];
let count = 0;

/** @param {import("./listen.js").Link} link */
async function openDialog(link) {
  if (link.ariaBusy) return;
  link.ariaBusy = "true";
  const url = pathOf(link);
  const from = here();
  const number = ++count;
  const { content, title } = await fetchContent(url, number);
  link.ariaBusy = null;
  if (here() !== from) return;
  if (!content) return location.assign(link.href);
  const id = NAME + number;
  const dialog = create("dialog", { id, className: "serveractions-dialog", onclose: () => forget(dialog) });
  setAttribute(dialog, PAGE, url);
  dialog.dataset.keep = ""; // fresh pages are brought beneath it
  label(dialog, content, title);
  dialog.append(content, makeButton(dialog));
  document.body.append(dialog);
  dialog.showModal();
  opened.push(dialog);
  history.pushState({ ...history.state, serveractionsDialogs: opened.length }, ""); // Back closes it
  emitRegion(id);
}

/** @param {HTMLElement} dialog @param {HTMLElement} content @param {string} title of its page */
const label = (dialog, content, title) => (dialog.ariaLabel = find("h1,h2,h3", content)?.textContent ?? title);

/** @param {HTMLDialogElement} dialog @returns {HTMLButtonElement} what closes it */
function makeButton(dialog) {
  const onclick = () => dialog.close();
  return create("button", { type: "button", className: "serveractions-close", ariaLabel: CLOSE, textContent: "×", onclick });
}

/** @param {string} url @param {number} number @param {string} [html] of the page, where it is here @returns {Promise<{content?: HTMLElement, title: string, html?: string}>} a copy of its <main>, with IDs of its own; its HTML, as `fetchPage` has it */
async function fetchContent(url, number, html) {
  html ??= await fetchPage(url);
  const { body, head, title } = parse(html);
  const main = find("main", body);
  if (!main) return { title, html };
  resolveURLs(main, url);
  const content = create("div", { className: main.className }); // a page has one main
  content.append(...main.childNodes);
  suffixIDs(content, `-d${number}`);
  for (const style of findAll(STYLES, head)) {
    if (!findAll(STYLES).some((old) => isEqual(old, style))) document.head.append(document.importNode(style, true));
  }
  return { content, title };
}

/** @param {HTMLElement} content @param {string} suffix */
function suffixIDs(content, suffix) {
  const ids = new Set(findAll("[id]", content).map((element) => read(element, "id")));
  const rename = (/** @type {string} */ names) => names.split(" ").map((name) => (ids.has(name) ? name + suffix : name)).join(" ");
  for (const element of findAll("*", content)) {
    for (const name of REFERENCES) if (has(element, name)) setAttribute(element, name, rename(read(element, name)));
    const href = read(element, "href");
    if (href[0] === "#") setAttribute(element, "href", `#${rename(href.slice(1))}`);
  }
}

/** @param {HTMLDialogElement} dialog it has been closed */
function forget(dialog) {
  dialog.remove();
  const index = opened.indexOf(dialog);
  if (index >= 0) opened.splice(index);
  const steps = (history.state?.serveractionsDialogs ?? 0) - opened.length;
  if (steps > 0) history.go(-steps);
}

/** @param {Element} form @returns {HTMLDialogElement | undefined} */
export const dialogOf = (form) => opened.find((each) => each.contains(form));

/** @param {CustomEvent<{data: unknown, page?: string, redirect?: string}>} event of a form: in a dialog, that is over with it, unless its answer is to be read there or leads elsewhere, or it sends itself */
function closeAfterSuccess(event) {
  const { data, page, redirect } = event.detail;
  const element = /** @type {Element} */ (event.target);
  const dialog = dialogOf(element);
  if (!dialog || data instanceof File || has(element, "data-submit")) return;
  if (page && has(element, "data-result")) return void refreshContent(dialog, undefined, page);
  const below = opened[opened.indexOf(dialog) - 1];
  const target = absolute(redirect ?? here()).href.split("#")[0];
  if (target !== absolute(here()).href) {
    if (!below || target !== absolute(read(below, PAGE)).href) return; // the browser leaves
    event.preventDefault();
  }
  dialog.close();
  if (below) void refreshContent(below);
}

/** @param {CustomEvent<{error: import("../messages.js").ActionError & {stale?: string}}>} event of a form that was rendered for somebody else: what is open comes fresh, too, and the form says why */
async function renewDialogs({ detail, target }) {
  const form = /** @type {Element} */ (target);
  if (detail.error.stale !== "identity" || !dialogOf(form)) return;
  await Promise.all(opened.map((dialog) => refreshContent(dialog)));
  tell(form, detail.error);
}

/** @param {HTMLDialogElement} dialog @param {string} [url] of another page, by which it is searched @param {string} [html] of its page, where it is here @returns {Promise<"shown" | "left" | "failed" | "moved">} as that of a page; left: a newer one is on its way */
export async function refreshContent(dialog, url = read(dialog, PAGE), html) {
  setAttribute(dialog, PAGE, url);
  const { content, title, ...fetched } = await fetchContent(url, Number(dialog.id.slice(NAME.length)), html);
  if (url !== read(dialog, PAGE)) return "left";
  if (!content) return fetched.html === "" ? "moved" : "failed";
  label(dialog, content, title);
  await showPart(/** @type {Element} */ (dialog.firstElementChild), content, document);
  return "shown";
}

/** Back closes what is open; what a reload or Forward leads to is not open any more. @param {{state: any}} event */
function followHistory({ state }) {
  const count = state?.serveractionsDialogs ?? 0;
  for (const dialog of opened.splice(count).reverse()) dialog.close();
  if (count > opened.length) history.replaceState({ ...state, serveractionsDialogs: opened.length }, "");
}

followHistory(history);
addEventListener("popstate", followHistory);
// a place in a dialog is no step of the history
onLink(".serveractions-dialog a[href^='#']", ({ hash }) => {
  const place = document.getElementById(decodeURIComponent(hash.slice(1)));
  place?.scrollIntoView();
  place?.focus();
});
onLink("a[data-dialog]", openDialog);
listen("action:success", closeAfterSuccess);
listen("action:error", renewDialogs);
// a fresh page has none of them, and would close them
listen("action:render", ({ detail }) => detail.page.body.append(...opened.map((dialog) => dialog.cloneNode())));
