// Lists that go on: a link gives way to the next page's rows, and to its link. Each row that came says which page it is of.

import { here, PAGE, pathOf } from "../address.js";
import { find, findAll, isShown, read, setAttribute } from "../dom.js";
import { openPage } from "../page.js";
import { listen, onLink, whenShown } from "./listen.js";
import { emitRegion, regionIn, resolveURLs, showPart } from "./regions.js";

/** @typedef {import("./listen.js").Link} Link */

const REFETCHED = 10; // parts, when the page is fresh
const STORED = "serveractions-parts ";

const observer =
  "IntersectionObserver" in window
    ? new IntersectionObserver(
        (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && void loadMore(/** @type {Link} */ (target))),
        { rootMargin: "300px" },
      )
    : undefined;
/** @type {WeakMap<Element, Promise<void>>} */
const loading = new WeakMap();
/** Links that led to nothing: they are links again. @type {WeakSet<Element>} */
const failed = new WeakSet();
/** The page that has been gone on from. */
let home = "";
let refreshes = 0;

/** @param {string} name @param {Element} [root] @returns {Link | undefined} */
const linkIn = (name, root) => /** @type {Link | undefined} */ (find(`a[data-more="${CSS.escape(name)}"]`, root));

/** @param {Element} region @returns {string} */
const nameOf = (region) => read(region, "data-region");

/** @param {Element} [region] @returns {Element[]} what was appended */
const appendedTo = (region) => (region ? findAll(`:scope>[${PAGE}]`, region) : []);

/** @param {Element} [region] @returns {string[]} of the parts that were appended */
const urlsOf = (region) => [...new Set(appendedTo(region).map((row) => read(row, PAGE)))];

/** @returns {HTMLElement[]} regions that others were appended to */
const continued = () => findAll(`[data-region]:has(>[${PAGE}])`);

function observeMore() {
  for (const link of findAll("a[data-more]")) {
    if (failed.has(link)) continue;
    observer?.unobserve(link); // one that has been in view says so once more
    observer?.observe(link);
  }
}

/** @param {Link} link @returns {Promise<void>} */
function loadMore(link) {
  if (!observer || failed.has(link)) return Promise.resolve(location.assign(link.href));
  const promise = loading.get(link) ?? append(link).finally(() => loading.delete(link));
  loading.set(link, promise);
  return promise;
}

/** @param {Link} link */
async function append(link) {
  const name = read(link, "data-more");
  const from = here();
  const part = link.origin === location.origin ? await fetchPart(pathOf(link), name) : undefined;
  const region = regionIn(name);
  if (here() !== from || !isShown(link)) return;
  if (!part || !region || region.contains(link)) {
    failed.add(link);
    return observer?.unobserve(link);
  }
  home = from;
  region.append(...part.rows);
  const hadFocus = document.activeElement === link;
  // one that leads back would go on for ever
  if (part.link && !urlsOf(region).includes(pathOf(part.link))) link.replaceWith(part.link);
  else link.remove();
  if (hadFocus) (part.link ?? region).focus();
  emitRegion(name);
}

/** @param {string} url @param {string} name of the region @returns {Promise<{rows: Element[], link?: Link, page: Document} | undefined>} */
async function fetchPart(url, name) {
  const page = await openPage(url);
  const region = regionIn(name, page.body);
  if (!region) return;
  resolveURLs(page.body, url);
  const rows = [...region.children].map((row) => document.importNode(row, true));
  for (const row of rows) setAttribute(row, PAGE, url);
  const link = linkIn(name, page.body);
  return { rows, link: link && document.importNode(link, true), page };
}

/** A fresh page is of the first part alone: the others go on for now. @param {CustomEvent<{page: Document}>} event */
function showParts({ detail }) {
  const { page } = detail;
  if (here() !== home) return;
  for (const region of continued()) {
    const name = nameOf(region);
    const link = linkIn(name), first = linkIn(name, page.body);
    regionIn(name, page.body)?.append(...appendedTo(region).map((row) => page.importNode(row, true)));
    first?.replaceWith(...(link ? [page.importNode(link, true)] : []));
  }
}

/** Then they are fetched again, in order. */
async function refreshParts() {
  const number = ++refreshes;
  for (const region of continued()) {
    const name = nameOf(region);
    const target = /** @type {Element} */ (region.cloneNode(true));
    const rows = appendedTo(target);
    rows.forEach((row) => row.remove());
    let last;
    for (const [index, url] of urlsOf(region).entries()) {
      last = index < REFETCHED ? await fetchPart(url, name) : undefined;
      if (number !== refreshes || !isShown(region)) return; // a fresher one has come
      target.append(...(last?.rows ?? rows.filter((row) => read(row, PAGE) === url)));
    }
    await showPart(region, target, last?.page ?? document);
    if (!last) continue;
    const link = linkIn(name);
    if (!link) region.after(...(last.link ? [last.link] : []));
    else if (!loading.has(link) && link.href !== last.link?.href) link.replaceWith(...(last.link ? [last.link] : []));
    observeMore();
  }
}

/** She has come back: to the place where she was. */
async function restoreParts() {
  const key = STORED + here();
  const stored = sessionStorage.getItem(key);
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  sessionStorage.removeItem(key);
  if (!stored || navigation?.type === "navigate") return;
  const { parts, y } = JSON.parse(stored);
  for (const [name, count] of parts) {
    for (let link; regionIn(name) && (link = linkIn(name)) && urlsOf(regionIn(name)).length < count && !failed.has(link); ) await loadMore(link);
  }
  scrollTo({ top: y, behavior: "instant" });
}

whenShown(observeMore);
onLink("a[data-more]", loadMore);
listen("action:render", showParts);
listen("action:rendered", refreshParts);
// the visitor leaves, and may come back
addEventListener("pagehide", () => {
  const parts = continued().map((region) => [nameOf(region), urlsOf(region).length]);
  if (parts.length) sessionStorage.setItem(STORED + here(), JSON.stringify({ parts, y: scrollY }));
});
void restoreParts();
