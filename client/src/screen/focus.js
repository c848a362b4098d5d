// Where the focus goes when what had it is gone: to what follows it in its region, else what precedes it, else the region.

import { findAll } from "../dom.js";

/** @returns {() => void} call it when the page has changed */
export function rememberFocus() {
  const { activeElement: focused, body } = document;
  const region = findAll("main,[data-region]").findLast((each) => each.contains(focused)) ?? body;
  const all = findAll("a,button,input,select,textarea,summary,[tabindex='0']", region);
  const place = all.findIndex((each) => each === focused);
  return () => {
    if (place < 0 || document.activeElement !== body) return;
    region.tabIndex = region.tabIndex; // -1, where it had none: now it takes the focus
    [...all.slice(place), ...all.slice(0, place).reverse(), region].find((each) => {
      each.focus({ preventScroll: true }); // nothing happens where it is gone, disabled or hidden
      return document.activeElement !== body;
    });
  };
}
