// Regions that are rendered when they are asked for.

import { client, findAll, regionIn } from "./client.js";

const FAILED = "This part could not be loaded.";
const AGAIN = "Try again";

/** @type {WeakSet<Element>} */
const loading = new WeakSet();

/** @param {Element} region */
const stateOf = (region) => region.getAttribute("data-lazy") ?? "";

/** Each by itself: none waits for a slower one, nor fails with another. */
export const loadWaiting = () => findAll(document, "[data-lazy=waiting]").forEach(loadRegion);

/** @param {HTMLElement} region */
export async function loadRegion(region) {
  if (loading.has(region)) return;
  loading.add(region);
  region.ariaBusy = "true";
  const { region: name = "" } = region.dataset;
  const html = await client.fetchPage(client.pageOf(region), undefined, encodeURIComponent(name)).catch(() => undefined);
  loading.delete(region);
  const old = document.contains(region) ? region : regionIn(document, name);
  if (!old || stateOf(old) === "loaded") return;
  const page = client.parse(html ?? "");
  const fresh = regionIn(page, name);
  if (!fresh || stateOf(fresh) === "waiting") return tellFailure(old);
  await client.showPart(old, fresh, page);
  document.dispatchEvent(new CustomEvent("action:region", { detail: { region: name } }));
}

/** @param {HTMLElement} region it says so itself, beside its own link */
function tellFailure(region) {
  const message = document.createElement("p");
  Object.assign(message, { className: "serveractions-error", role: "alert", textContent: FAILED });
  const link = region.querySelector("[data-lazy-link]");
  if (link) link.textContent = AGAIN;
  region.replaceChildren(message, ...(link ? [link] : []));
  region.dataset.lazy = "failed";
  region.ariaBusy = null;
}
