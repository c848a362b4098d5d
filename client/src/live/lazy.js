// Regions that are rendered when they are asked for.

import { pageOf } from "../address.js";
import { closest, create, find, findAll, isShown, listen, read } from "../dom.js";
import { fetchPage, localized } from "../page.js";
import { refreshAll } from "./dialogs.js";
import { onLink, whenShown } from "./listen.js";
import { emitRegion, parseWithin, regionIn, showPart } from "./regions.js";

const FAILED = "This part could not be loaded.";
const AGAIN = "Try again";

/** @type {Set<Element>} */
const loading = new Set();
/** Whether the page has changed while a region was on its way: that may say what was before. */
let isOutdated = false;

/** Each by itself: none waits for a slower one, nor fails with another. */
const loadWaiting = () => findAll("[data-lazy=waiting]").forEach(loadRegion);

/** @param {HTMLElement} region */
async function loadRegion(region) {
  region.ariaBusy = "true"; // also where a fresh page has just taken it off
  if (loading.has(region)) return;
  loading.add(region);
  const name = read(region, "data-region");
  /** @type {string} */
  let url, html;
  do html = await fetchPage((url = pageOf(region)), undefined, encodeURIComponent(name));
  while (url !== pageOf(region)); // a search has found another page
  // what parses it could not be had either, maybe
  const fresh = html && regionIn(name, (await parseWithin(html, url, region)).body);
  loading.delete(region);
  const old = isShown(region) ? region : regionIn(name);
  if (!old || read(old, "data-lazy") === "loaded") return;
  if (!fresh || read(fresh, "data-lazy") === "waiting") return tellFailure(old);
  await showPart(old, fresh);
  emitRegion(name);
  if (loading.size || !isOutdated) return;
  isOutdated = false;
  await refreshAll();
}

/** @param {HTMLElement} region it says so itself, beside its own link */
function tellFailure(region) {
  const message = create("p", { className: "serveractions-error", role: "alert", textContent: localized(FAILED) });
  const link = find("[data-lazy-link]", region);
  if (link) link.textContent = localized(AGAIN);
  region.replaceChildren(message, link ?? "");
  region.dataset.lazy = "failed";
  region.ariaBusy = null;
}

listen("action:rendered", () => (isOutdated ||= loading.size > 0));
whenShown(loadWaiting);
onLink("[data-lazy] a[data-lazy-link]", (link) => loadRegion(/** @type {HTMLElement} */ (closest(link, "[data-lazy]"))));
