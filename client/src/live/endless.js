// Lists that go on: a link gives way to the next page's rows, and to its link. Each row that came says which page it is of.

import { here, PAGE, parseAction } from "../address.js";
import { begunForms } from "../begun.js";
import { closest, find, findAll, isShown, listen, read, removeAttribute, setAttribute } from "../dom.js";
import { loadScreen } from "../modules.js";
import { fetchPage } from "../page.js";
import { liftMarks } from "../pending.js";
import { onLink, pageAt, valued, whenShown } from "./listen.js";
import { dialogOf, emitRegion, parseWithin, regionIn, showPart } from "./regions.js";

/** @typedef {import("./listen.js").Link} Link */

const REFETCHED = 10; // parts, when the page is fresh

/** Where there is none, they are links. */
const observer =
  "IntersectionObserver" in window &&
  new IntersectionObserver(
    (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && void loadMore(/** @type {Link} */ (target))),
    { rootMargin: "300px" },
  );
/** One part comes after the other. */
let queue = Promise.resolve();
/** The page that has been gone on from. */
let home = "";
/** What is fetched for a region, to be shown by it. @type {WeakMap<Element, Element>} */
const newest = new WeakMap();

/** @param {string} name @param {Element} [root] @returns {Link | undefined} */
const linkIn = (name, root) => /** @type {Link | undefined} */ (find(`a${valued("data-more", name)}`, root));

/** @param {Element} region @returns {string} */
const nameOf = (region) => read(region, "data-region");

/** @param {Element} [region] @returns {Element[]} what was appended */
const appendedTo = (region) => findAll(`:scope>[${PAGE}]`, region);

/** @param {Element} [region] @returns {string[]} of the parts that were appended */
const urlsOf = (region) => [...new Set(appendedTo(region).map((row) => read(row, PAGE)))];

/** @param {Element} [dialog] in which they are; one on the page below may have the same name @returns {HTMLElement[]} regions that others were appended to */
const continuedIn = (dialog) => findAll(`[data-region]:has(>[${PAGE}])`).filter((region) => dialogOf(region) === dialog);

/** @param {Element} [region] @returns {boolean} whether its first part is yet to come */
const isAwaited = (region) => /waiting|failed/.test(read(region, "data-lazy"));

/** @param {Element} region @param {Element[]} rows one may come twice, where others were added before it meanwhile */
const appendRows = (region, rows) => region.append(...rows.filter((row) => !find(valued("id", read(row, "id")), region)));

/** @param {IntersectionObserver} observer */
function observeMore(observer) {
  for (const link of findAll("a[data-more]")) {
    observer.unobserve(link); // one that has been in view says so once more
    observer.observe(link);
  }
}

/** @param {Link} link @returns {Promise<void>} */
const loadMore = (link) => (queue = queue.then(() => append(link)));

/** @param {Link} link */
async function append(link) {
  const from = here();
  const region = regionIn(read(link, "data-more"), dialogOf(link));
  if (isAwaited(region)) return; // it is asked again when the first part is there
  const part = region && !region.contains(link) && link.origin === location.origin && (await fetchPart(pageAt(link), region));
  if (here() !== from || !isShown(link)) return;
  if (!part || !part[2]) return removeAttribute(link, "data-more"); // it leads to nothing: it is a link again
  home = from;
  const last = region.lastElementChild;
  const [rows, further] = part;
  const { runScripts } = await loadScreen();
  const old = findAll("script");
  appendRows(region, rows);
  void runScripts((/** @type {HTMLElement} */ script) => old.includes(script));
  const hadFocus = document.activeElement === link;
  // one that leads back would go on for ever
  link.replaceWith(further && !urlsOf(region).includes(pageAt(further)) ? further : "");
  if (hadFocus) {
    const next = /** @type {HTMLElement} */ (last?.nextElementSibling ?? region);
    next.tabIndex = next.tabIndex; // -1, where it had none: now it takes the focus
    next.focus({ preventScroll: true });
  }
  emitRegion(nameOf(region));
}

/** @param {string} url @param {Element} region @returns {Promise<[rows: Element[], link?: Link, fresh?: Element] | undefined>} what its page has of the region, be it nothing; undefined, where it can't be had */
async function fetchPart(url, region) {
  const name = nameOf(region);
  const html = await fetchPage(url);
  if (!html) return;
  const { body } = await parseWithin(html, url, region);
  const fresh = regionIn(name, body);
  const rows = [...(fresh?.children ?? [])]; // of a page that is gone, since the list is shorter by now, there are none
  for (const row of rows) setAttribute(row, PAGE, url);
  return [rows, linkIn(name, body), fresh];
}

/** @param {Element} node @returns {Element} without the marks of calls, which are taken off the node alone */
function copy(node) {
  const putMarks = liftMarks();
  const copied = /** @type {Element} */ (node.cloneNode(true));
  putMarks();
  return copied;
}

/** @returns {HTMLFormElement[]} what is typed into, or has been */
const formsInUse = () => begunForms().concat(/** @type {HTMLInputElement} */ (document.activeElement)?.form || []);

/** @param {Element} form */
const recordOf = (form) => parseAction(read(form, "action"))?.record;

/** A row in use that is no longer of the first part may be of the next one. @param {Element} region @param {Element} fresh */
function passOn(region, fresh) {
  const records = findAll("form", fresh).map(recordOf);
  for (const form of formsInUse()) {
    const row = records.includes(recordOf(form)) ? null : closest(form, `${valued("data-region", nameOf(region))}>:not([${PAGE}])`);
    if (row) setAttribute(row, PAGE, urlsOf(region)[0]);
  }
}

/** A fresh page is of the first part alone: the others go on for now. @param {Element} root of the fresh one @param {Element} [dialog] where it will be shown */
export function keepParts(root, dialog) {
  for (const region of continuedIn(dialog)) {
    const name = nameOf(region);
    const link = linkIn(name, dialog);
    const fresh = regionIn(name, root), first = linkIn(name, root);
    if (fresh) {
      passOn(region, fresh);
      appendRows(fresh, appendedTo(copy(region)));
    }
    first?.replaceWith(link ? copy(link) : "");
  }
}

/** Then they are fetched again, in order. @param {Element} [dialog] */
export async function refreshParts(dialog) {
  for (const region of continuedIn(dialog)) {
    const target = copy(region);
    newest.set(region, target);
    const rows = appendedTo(target);
    rows.forEach((row) => row.remove());
    let part;
    for (const [index, url] of urlsOf(region).entries()) {
      part = index < REFETCHED ? await fetchPart(url, region) : null;
      if (newest.get(region) !== target || !isShown(region)) return; // a fresher one has come
      appendRows(target, part?.[0] ?? rows.filter((row) => read(row, PAGE) === url));
    }
    await showPart(region, target);
    const link = linkIn(nameOf(region), dialog);
    if (!part || link?.href === part[1]?.href) continue;
    const [, further = ""] = part;
    if (link) link.replaceWith(further);
    else region.after(further);
    emitRegion(nameOf(region));
  }
}

/** The visitor leaves, and may come back. */
function noteParts() {
  const parts = continuedIn().map((region) => [nameOf(region), urlsOf(region).length]);
  if (home) history.replaceState({ ...history.state, serveractionsParts: [parts, scrollY] }, "");
}

/** She has come back: to the place where she was. */
async function restoreParts() {
  const [parts, top] = history.state?.serveractionsParts ?? [];
  if (!parts) return;
  for (const [name, count] of parts) {
    for (let link; (link = linkIn(name)) && urlsOf(regionIn(name)).length < count; ) {
      if (isAwaited(regionIn(name))) await new Promise((resolve) => addEventListener("action:region", resolve, { once: true }));
      await loadMore(link);
    }
  }
  scrollTo({ top, behavior: "instant" });
}

if (observer) {
  whenShown(() => observeMore(observer));
  onLink("a[data-more]", loadMore);
  listen("action:render", ({ detail }) => here() === home && keepParts(detail.page.body));
  listen("action:rendered", () => refreshParts());
  addEventListener("beforeunload", noteParts); // what is noted later a reload does not see
  addEventListener("pagehide", noteParts); // on iOS there is no other
  void restoreParts();
}
