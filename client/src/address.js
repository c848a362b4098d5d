// URLs: the page on the screen, the actions that it may call.

import { attribute, findAll, setAttribute } from "./elements.js";

const ARGUMENT = /([?&])_action=([^&#]*)&?/;
const RESERVED = /(?<=[?&])_(?:action|regions)=[^&]*&?/g;
const ATTRIBUTES = ["action", "formaction", "data-action"];

/** @returns {string} the page on the screen: path and query, without what is reserved */
export const here = () => location.pathname + location.search.replace(RESERVED, "").replace(/[?&]$/, "");

/** What came from another page than the one on the screen, a dialog or an appended part, says so. */
export const PAGE = "data-serveractions-page";

/** @param {Element | undefined} element @returns {string} the page that it came from */
export function pageOf(element) {
  const page = element && Element.prototype.closest.call(element, `[${PAGE}]`);
  const url = (page && attribute(page, PAGE)) || "";
  return /^\/(?![/\\])/.test(url) ? url : here();
}

/** @returns {string} the lazy regions that have been loaded, as requests name them */
export const loadedRegions = () =>
  String(findAll(document.body, '[data-lazy="loaded"]').map((region) => encodeURIComponent(region.dataset.region ?? "")));

/**
 * @param {string | null | undefined} url as an attribute has it
 * @returns {{name: string, key: string, identity: string, argument: string} | undefined} the action; with what it is bound to,
 * whoever signed it, whenever; and which of equal forms it is; the argument in a query; nothing, where it is no action's
 */
export function parseAction(url) {
  const argument = url?.match(ARGUMENT)?.[2];
  if (!argument) return;
  const [name = "", signature = "", ordinal] = decodeURIComponent(argument).split("/");
  const key = `${name}/${signature.split(".")[0]}`;
  return { name, key, identity: `${key}/${ordinal}`, argument };
}

/** @param {string} url @returns {boolean} whether a submit to it calls an action of this site */
export const callsAction = (url) => !!parseAction(url) && new URL(url, document.baseURI).origin === location.origin;

/** @param {string} url as an attribute has it @param {string} page @returns {string} where a call goes to from this page */
export const urlToPost = (url, page) =>
  `${page}${page.includes("?") ? "&" : "?"}_action=${parseAction(url)?.argument}`;

/** @param {Element} root @returns {[Element, string, string | null][]} what has an action's URL, and in which attribute */
const urlsIn = (root) =>
  [root, ...findAll(root, "form,[formaction],[data-action]")].flatMap((element) =>
    ATTRIBUTES.map((name) => /** @type {[Element, string, string | null]} */ ([element, name, attribute(element, name)])),
  );

/** @param {Element} root @param {string[]} named URLs for scripts @returns {Map<string | undefined, string>} URLs by their identity */
export const urlsOf = (root, named) =>
  new Map([...urlsIn(root).map(([, , url]) => url ?? ""), ...named].map((url) => [parseAction(url)?.identity, url]));

/** Gives an element, and what is in it, fresh URLs. @param {Element} root @param {Map<string | undefined, string>} urls */
export function renewURLs(root, urls) {
  for (const [element, name, url] of urlsIn(root)) {
    const fresh = url && urls.get(parseAction(url)?.identity);
    if (fresh) setAttribute(element, name, fresh);
  }
}
