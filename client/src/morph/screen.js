/** What browsers forget: of a group what was chosen; of elements that move the selection; in Firefox scroll; without `moveBefore` the focus. */

import { rememberChoices } from "./controls.js";
import { rememberFocus } from "./focus.js";
import { scrolled } from "./notes.js";

/** @returns {() => void} brings it back */
export function remember() {
  const steps = [rememberChoices(), rememberFocus(), rememberSelection(), ...[...scrolled].map(rememberScroll)];
  return () => steps.forEach((step) => step());
}

function rememberSelection() {
  const selection = /** @type {any} */ (getSelection());
  const { anchorNode: anchor, anchorOffset, focusNode: focus, focusOffset, isCollapsed } = selection;
  return () => {
    if (isCollapsed || !selection.isCollapsed) return;
    // Of what is no longer there it selects nothing; of elements, which have no length, neither.
    selection.setBaseAndExtent(anchor, Math.min(anchorOffset, anchor.length), focus, Math.min(focusOffset, focus.length));
  };
}

/** @param {Element} element */
function rememberScroll(element) {
  const { scrollLeft: left, scrollTop: top } = element;
  return () => {
    if (!element.isConnected) scrolled.delete(element);
    else if (!element.scrollTop) element.scrollTo({ left, top, behavior: "instant" });
  };
}
