// Lists that go on: a link gives way to the next page's rows, and to its link. Each row that came says which page it is of.

import { client, findAll, regionIn, resolveURLs } from "./client.js";

const REFETCHED = 10; // parts, when the page is fresh
const STORED = "serveractions-parts ";

const observer =
  "IntersectionObserver" in window
    ? new IntersectionObserver(
        (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && void loadMore(/** @type {HTMLAnchorElement} */ (target))),
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

/** @param {ParentNode} page @param {string} name @returns {HTMLAnchorElement | null} */
const linkIn = (page, name) => page.querySelector(`a[data-more="${CSS.escape(name)}"]`);

/** @param {Element} region @returns {Element[]} what was appended */
const appendedTo = (region) => [...region.children].filter((child) => child.hasAttribute(client.PAGE));

/** @param {Element} element */
const pageOf = (element) => element.getAttribute(client.PAGE) ?? "";

/** @returns {HTMLElement[]} regions that others were appended to */
const continued = () => findAll(document, "[data-region]").filter((region) => appendedTo(region).length);

export function observeMore() {
  for (const link of findAll(document, "a[data-more]")) {
    if (failed.has(link)) continue;
    observer?.unobserve(link); // one that has been in view says so once more
    observer?.observe(link);
  }
}

/** @param {HTMLAnchorElement} link @returns {Promise<void>} */
export function loadMore(link) {
  if (!observer || failed.has(link)) return Promise.resolve(location.assign(link.href));
  const promise = loading.get(link) ?? append(link).finally(() => loading.delete(link));
  loading.set(link, promise);
  return promise;
}

/** @param {HTMLAnchorElement} link */
async function append(link) {
  const { more: name = "" } = link.dataset;
  const url = link.pathname + link.search;
  const from = client.here();
  const isOurs = link.origin === location.origin;
  const part = isOurs ? await fetchPart(url, name) : undefined;
  const region = regionIn(document, name);
  if (client.here() !== from || !document.contains(link)) return;
  if (!part || !region || region.contains(link)) {
    failed.add(link);
    return observer?.unobserve(link);
  }
  home = from;
  region.append(...part.rows);
  const isRepeated = part.link && findAll(region, `[${client.PAGE}="${CSS.escape(part.link.pathname + part.link.search)}"]`).length;
  const hadFocus = document.activeElement === link;
  if (part.link && !isRepeated) link.replaceWith(part.link);
  else link.remove();
  if (hadFocus) (part.link ?? region).focus();
  document.dispatchEvent(new CustomEvent("action:region", { detail: { region: name } }));
}

/** @param {string} url @param {string} name of the region @returns {Promise<{rows: Element[], link: HTMLAnchorElement | null, page: Document} | undefined>} */
async function fetchPart(url, name) {
  const html = await client.fetchPage(url).catch(() => undefined);
  const page = client.parse(html ?? "");
  const region = regionIn(page, name);
  if (!region) return;
  resolveURLs(page, url);
  const rows = [...region.children].map((row) => document.importNode(row, true));
  for (const row of rows) row.setAttribute(client.PAGE, url);
  const link = linkIn(page, name);
  return { rows, link: link && document.importNode(link, true), page };
}

/** A fresh page is of the first part alone: the others go on for now. @param {Document} page */
export function showParts(page) {
  if (client.here() !== home) return;
  for (const region of continued()) {
    const { region: name = "" } = region.dataset;
    const [link, first] = [linkIn(document, name), linkIn(page, name)];
    regionIn(page, name)?.append(...appendedTo(region).map((row) => page.importNode(row, true)));
    if (link) first?.replaceWith(page.importNode(link, true));
    else first?.remove();
  }
}

/** Then they are fetched again, in order. */
export async function refreshParts() {
  const number = ++refreshes;
  for (const region of continued()) {
    const rows = appendedTo(region);
    const { region: name = "" } = region.dataset;
    const urls = [...new Set(rows.map(pageOf))];
    const target = /** @type {Element} */ (region.cloneNode());
    target.append(...[...region.childNodes].filter((node) => !rows.includes(/** @type {Element} */ (node))).map((node) => node.cloneNode(true)));
    let last;
    for (const [index, url] of urls.entries()) {
      const part = index < REFETCHED ? await fetchPart(url, name) : undefined;
      if (number !== refreshes || !document.contains(region)) return; // a fresher one has come
      target.append(...(part?.rows ?? rows.filter((row) => pageOf(row) === url).map((row) => row.cloneNode(true))));
      last = part;
    }
    await client.showPart(region, target, last?.page ?? document);
    if (!last) continue;
    const link = linkIn(document, name);
    if (last.link && !link) region.after(last.link);
    else if (link && !loading.has(link) && link.href !== last.link?.href) link.replaceWith(...(last.link ? [last.link] : []));
    observeMore();
  }
}

/** The visitor leaves, and may come back. */
export function rememberParts() {
  const parts = continued().map((region) => [region.dataset.region, new Set(appendedTo(region).map(pageOf)).size]);
  if (parts.length) sessionStorage.setItem(STORED + client.here(), JSON.stringify({ parts, y: scrollY }));
}

/** She has come back: to the place where she was. */
export async function restoreParts() {
  const key = STORED + client.here();
  const stored = sessionStorage.getItem(key);
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  sessionStorage.removeItem(key);
  if (!stored || navigation?.type === "navigate") return;
  const { parts, y } = JSON.parse(stored);
  for (const [name, count] of parts) {
    for (let link = linkIn(document, name); link && appendedCount(name) < count && !failed.has(link); link = linkIn(document, name)) await loadMore(link);
  }
  scrollTo({ top: y, behavior: "instant" });
}

/** @param {string} name @returns {number} parts */
function appendedCount(name) {
  const region = regionIn(document, name);
  return region ? new Set(appendedTo(region).map(pageOf)).size : Infinity;
}
