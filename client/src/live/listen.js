// What the features of live.js hear of the page.

import { closest, listen } from "../dom.js";

/** @typedef {HTMLAnchorElement} Link */

/** @param {() => unknown} act is called now, and when another page, or more of it, is on the screen */
export function whenShown(act) {
  act();
  listen("action:rendered action:region", act);
}

/** @param {string} selector of links of this site @param {(link: Link) => unknown} act what a plain click on one does */
export const onLink = (selector, act) =>
  listen("click", (event) => {
    const { altKey, ctrlKey, defaultPrevented, metaKey, shiftKey, target } = event;
    const link = /** @type {Link | null} */ (target instanceof Element && closest(target, selector));
    if (!link || defaultPrevented || altKey || ctrlKey || metaKey || shiftKey || link.origin !== location.origin || !/^(_self)?$/.test(link.target)) return;
    event.preventDefault();
    act(link);
  });

/** @param {(form: any, event: SubmitEvent) => unknown} act gives whether it has done what the form would do */
export const onSubmit = (act) =>
  listen("submit", (event) => {
    if (!event.defaultPrevented && act(event.target, event)) event.preventDefault();
  });
