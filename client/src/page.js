// The page on the screen, and a fresh one.

import { callbacks, morph } from "./morph.js";

const global = /** @type {any} */ (window);
const policy = global.trustedTypes?.createPolicy("serveractions", { createHTML: String });
let shown = "";

export const here = () => location.pathname + location.search;
/** @param {any} root */
export const all = (root, name = "") => [...root.querySelectorAll(name)];
/** @param {any} page */
export const datasetOf = (page) => page.querySelector("script#serveractions")?.dataset ?? {};
/** @param {any} page */
export const adopt = (page) => Object.assign(datasetOf(document), datasetOf(page));
export const parse = (html = "") =>
  new DOMParser().parseFromString(policy?.createHTML(html) ?? html, "text/html");

/** @param {any} url @returns {Promise<any>} */
export async function getPage(url) {
  const reply = await fetch(url, { cache: "no-store", redirect: "manual" });
  return reply.ok && reply.text();
}

/** @param {any} html @param {any} url */
export function show(html, url) {
  const page = parse(html);
  const moves = url.pathname + url.search !== here();
  if (moves && [...page.scripts].some(({ src }, n) => src !== document.scripts[n]?.src)) return location.assign(url);
  if (moves) {
    history.pushState({ serveractions: 1 }, "", url);
    shown = here();
  }
  document.title = page.title;
  adopt(page);
  const regions = all(document, "[data-region]");
  const main = (root = page) => root.querySelector("main") ?? root.body;
  for (const old of regions[0] ? regions : [main(document)]) {
    const fresh = regions[0] ? page.querySelector(`[data-region="${old.dataset.region}"]`) : main();
    if (fresh) (global.Idiomorph?.morph ?? morph)(old, fresh, { callbacks });
  }
  if (url.hash) location.replace(url);
  else if (moves) scrollTo(0, 0);
}

addEventListener("popstate", ({ state }) => (shown || state?.serveractions) && here() !== shown && location.reload());
