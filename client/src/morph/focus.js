// Where the focus goes when what had it is gone: to what came and asks for it, else to what follows it in its region, be it what a dialog shows, else what precedes it, else the region, else what that was in.

import { findAll } from "../dom.js";

/** @returns {() => void} call it when the page has changed */
export function rememberFocus() {
  const { activeElement: focused, body } = document;
  const regions = findAll("main,[data-region],dialog>*").filter((each) => each.contains(focused)).reverse();
  const root = regions[0] ?? body;
  const all = findAll("a,button,input,select,textarea,summary,[tabindex='0'],[contenteditable],:focus", root);
  const place = all.indexOf(/** @type {HTMLElement} */ (focused));
  return () => {
    if (place < 0 || document.activeElement !== body) return;
    for (const each of regions) each.tabIndex = each.tabIndex; // -1, where it had none: now it takes the focus
    const asking = findAll("[autofocus]", root).filter((each) => !all.includes(each)); // it came in place of what is gone
    [...asking, ...all.splice(place), ...all.reverse(), ...regions].find((each) => {
      each.focus({ preventScroll: true }); // nothing happens where it is gone, disabled or hidden
      return document.activeElement !== body;
    });
  };
}
