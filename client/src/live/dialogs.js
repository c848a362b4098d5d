// Pages in dialogs: what stands in a page's <main> is shown above the page on the screen.

import { client, findAll, resolveURLs } from "./client.js";

const CLOSE = "Close";
/** Attributes that name other elements by their IDs. */
const REFERENCES = ["for", "form", "list", "headers", "popovertarget", "commandfor", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-activedescendant"];

/** From the lowest to the topmost. @type {HTMLDialogElement[]} */
const opened = [];
let count = 0;

/** @param {Element} dialog */
const pageOf = (dialog) => dialog.getAttribute(client.PAGE) ?? "";

/** @param {HTMLAnchorElement} link */
export async function openDialog(link) {
  if (link.ariaBusy) return;
  link.ariaBusy = "true";
  const url = link.pathname + link.search;
  const from = client.here();
  const number = ++count;
  const content = await fetchContent(url, number).catch(() => undefined);
  link.ariaBusy = null;
  if (client.here() !== from) return;
  if (!content) return location.assign(link.href);
  show(content, url, number);
}

/** @param {HTMLElement} content @param {string} url @param {number} number */
function show(content, url, number) {
  const dialog = document.createElement("dialog");
  dialog.id = `serveractions-dialog-${number}`;
  dialog.className = "serveractions-dialog";
  dialog.setAttribute(client.PAGE, url);
  dialog.dataset.keep = ""; // fresh pages are brought beneath it
  label(dialog, content);
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "serveractions-close", ariaLabel: CLOSE, textContent: "×" });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => forget(dialog));
  dialog.append(content, close);
  document.body.append(dialog);
  dialog.showModal();
  opened.push(dialog);
  history.pushState({ ...history.state, serveractionsDialogs: opened.length }, ""); // Back closes it
  document.dispatchEvent(new CustomEvent("action:region", { detail: { region: dialog.id } }));
}

/** @param {HTMLElement} dialog @param {HTMLElement} content which has the title of its page */
function label(dialog, content) {
  const heading = content.querySelector("h1,h2,h3");
  if (heading) dialog.setAttribute("aria-labelledby", (heading.id ||= `${dialog.id}-title`));
  else dialog.ariaLabel = content.title;
  content.removeAttribute("title");
}

/** @param {string} url @param {number} number @returns {Promise<HTMLElement | undefined>} a copy of its <main>, with IDs of its own */
async function fetchContent(url, number) {
  const html = await client.fetchPage(url);
  const page = client.parse(html ?? "");
  const main = page.querySelector("main");
  if (!main) return;
  resolveURLs(main, url);
  const content = document.createElement("div"); // a page has one main
  content.className = main.className;
  content.title = page.title;
  content.append(...main.childNodes);
  suffixIDs(content, `-d${number}`);
  adoptStyles(page);
  return content;
}

/** @param {HTMLElement} content @param {string} suffix */
function suffixIDs(content, suffix) {
  const ids = new Set(findAll(content, "[id]").map((element) => element.id));
  const rename = (/** @type {string} */ names) => names.split(" ").map((name) => (ids.has(name) ? name + suffix : name)).join(" ");
  for (const element of findAll(content, "*")) {
    for (const name of ["id", ...REFERENCES]) {
      const value = Element.prototype.getAttribute.call(element, name);
      if (value) Element.prototype.setAttribute.call(element, name, rename(value));
    }
    const href = element.getAttribute?.("href");
    if (href?.startsWith("#")) element.setAttribute("href", `#${rename(href.slice(1))}`);
  }
}

/** @param {Document} page */
function adoptStyles(page) {
  const olds = findAll(document, "style,link[rel=stylesheet]");
  for (const style of findAll(page.head, "style,link[rel=stylesheet]")) {
    if (!olds.some((old) => old.isEqualNode(style))) document.head.append(document.importNode(style, true));
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

/** @param {PopStateEvent} event Back closes what is open */
export function followHistory({ state }) {
  for (const dialog of opened.splice(state?.serveractionsDialogs ?? 0).reverse()) dialog.close();
}

/** @param {EventTarget | null} form */
const dialogOf = (form) => opened.find((each) => each.contains(/** @type {Node} */ (form)));

/** @param {Event} event of a form: in a dialog, that is over with it, unless its answer leads elsewhere, or it sends itself */
export function closeAfterSuccess(event) {
  const { data, redirect } = /** @type {CustomEvent<{data: unknown, redirect?: string}>} */ (event).detail;
  const dialog = dialogOf(event.target);
  if (!dialog || data instanceof File || /** @type {Element} */ (event.target).hasAttribute("data-submit")) return;
  const below = opened[opened.indexOf(dialog) - 1];
  const pages = [client.here(), ...(below ? [pageOf(below)] : [])].map((page) => new URL(page, location.href).href);
  if (redirect && !pages.includes(new URL(redirect, location.href).href.split("#")[0] ?? "")) return; // the browser leaves
  if (redirect) event.preventDefault();
  dialog.close();
  if (below) void refreshContent(below);
}

/** @param {Event} event of a form that was rendered for somebody else: what is open comes fresh, too, and the form says why */
export async function renewDialogs(event) {
  const { error } = /** @type {CustomEvent<{error: import("../messages.js").ActionError & {stale?: string}}>} */ (event).detail;
  const form = /** @type {Element} */ (event.target);
  if (error.stale !== "identity" || !dialogOf(form)) return;
  await Promise.all(opened.map(refreshContent));
  client.tell(form, error);
}

/** @param {HTMLDialogElement} dialog */
async function refreshContent(dialog) {
  const number = Number(dialog.id.split("-").pop());
  const [fresh, old] = [await fetchContent(pageOf(dialog), number), dialog.firstElementChild];
  if (!fresh || !old) return;
  label(dialog, fresh);
  await client.showPart(old, fresh, document);
}

/** @param {Document} page a fresh one has none of them, and would close them */
export function keepDialogs(page) {
  for (const { id } of opened) {
    const place = page.createElement("dialog");
    place.id = id;
    place.dataset.keep = "";
    page.body.append(place);
  }
}
