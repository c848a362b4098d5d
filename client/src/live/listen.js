// What the features of live.js hear of the page, and read in it.

import { closest, findAll, isPlainClick, listen, read } from "../dom.js";

/** @typedef {HTMLAnchorElement} Link */

/** @param {() => unknown} act is called now, and when another page, or more of it, is on the screen */
export function whenShown(act) {
  act();
  listen("action:rendered action:region", act);
}

/** @param {string} selector of links of this site @param {(link: Link) => unknown} act what a plain click on one does */
export const onLink = (selector, act) =>
  listen("click", (event) => {
    const { target } = event;
    const link = /** @type {Link | null} */ (target instanceof Element && closest(target, selector));
    if (!link || !isPlainClick(event) || link.origin !== location.origin || !/^(_self)?$/.test(link.target)) return;
    event.preventDefault();
    act(link);
  });

/** @param {(form: any, event: SubmitEvent) => unknown} act gives whether it has done what the form would do */
export const onSubmit = (act) =>
  listen("submit", (event) => {
    if (!event.defaultPrevented && act(event.target, event)) event.preventDefault();
  });

/** @param {{href: string}} address of a link, say @returns {string} without the place in the page; with the host, since a path may begin as one */
export const pageAt = ({ href }) => href.split("#")[0];

/** @param {string} name of an attribute @returns {string[]} what it says, wherever it stands; the same once */
export const valuesOf = (name) => [...new Set(findAll(`[${name}]`).map((element) => read(element, name)))];

/** @param {string} name of an attribute @param {string} value @returns {string} a selector */
export const valued = (name, value) => `[${name}="${CSS.escape(value)}"]`;
