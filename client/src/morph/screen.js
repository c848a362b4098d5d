/** What browsers forget of elements that move: the selection; in Firefox scroll; where there is no `moveBefore`, the focus. */

import { scrolled } from "./notes.js";

/** @returns {() => void} brings it back */
export function remember() {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const steps = [rememberSelection(), ...[...scrolled].map(rememberScroll)];
  return () => {
    if (focused !== document.activeElement) focused?.focus({ preventScroll: true });
    for (const step of steps) step();
  };
}

function rememberSelection() {
  const selection = /** @type {Selection} */ (getSelection());
  const { anchorNode: anchor, anchorOffset: start, focusNode: focus, focusOffset: end, isCollapsed } = selection;
  return () => {
    if (isCollapsed || !selection.isCollapsed || !(anchor instanceof Text && focus instanceof Text)) return;
    // Of what is no longer there it selects nothing.
    selection.setBaseAndExtent(anchor, Math.min(start, anchor.length), focus, Math.min(end, focus.length));
  };
}

/** @param {Element} element */
function rememberScroll(element) {
  const { scrollLeft: left, scrollTop: top } = element;
  return () => {
    if (!element.isConnected) scrolled.delete(element);
    else if (!element.scrollLeft && !element.scrollTop) element.scrollTo({ left, top, behavior: "instant" });
  };
}
