// URLs: the page on the screen, the actions that it may call.

import { closest, findAll, read } from "./dom.js";

const ARGUMENT = /[?&]_action=([^&#]*)/;
const RESERVED = /[?&]_(action|regions)=[^&]*/g;

/** @returns {string} the page on the screen, without what is reserved; with the host, since a path may begin as one: `//` */
export const here = () => location.origin + location.pathname + location.search.replace(RESERVED, "").replace(/^&/, "?");

/** @param {string} url @param {string} [base] @returns {URL} */
export const absolute = (url, base = location.href) => new URL(url, base);

/** @param {string} url @returns {boolean} whether it is of this site, as an attribute has it */
export const isOwn = (url) => absolute(url, document.baseURI).origin === location.origin;

/** @param {string} url @param {string} pair @returns {string} */
export const withArgument = (url, pair) => url + (url.includes("?") ? "&" : "?") + pair;

/** What came from another page than the one on the screen, a dialog or an appended part, says so. */
export const PAGE = "data-serveractions-page";

/** @param {Element | undefined} element @returns {string} the page that it came from */
export function pageOf(element) {
  const url = read(element && closest(element, `[${PAGE}]`), PAGE);
  return url && isOwn(url) ? url : here();
}

/** @returns {string} the lazy regions that have been loaded, as requests name them */
export const loadedRegions = () =>
  String(findAll("[data-lazy=loaded]").map((region) => encodeURIComponent(read(region, "data-region"))));

/**
 * @param {string | null | undefined} url as an attribute has it
 * @returns {{name: string, record: string, identity: string, argument: string} | undefined} the action; with what it is bound to,
 * whoever signed it, whenever; and which of equal forms it is; the argument in a query; nothing, where it is no action's
 */
export function parseAction(url) {
  const argument = url?.match(ARGUMENT)?.[1];
  if (!argument) return;
  const [name = "", signature = "", ordinal] = decodeURIComponent(argument).split("/");
  const record = `${name}/${signature.split(".")[0]}`;
  return { name, record, identity: `${record}/${ordinal}`, argument };
}

/** @param {string} url @returns {boolean} whether a submit to it calls an action of this site */
export const callsAction = (url) => !!parseAction(url) && isOwn(url);
