/** What browsers forget of elements that move: the selection; in Firefox scroll; where there is no `moveBefore`, the focus. */

/** What has been scrolled: to ask all elements would cost too much. @type {Set<Element>} */
const scrolled = new Set();

addEventListener("scroll", ({ target }) => target instanceof Element && scrolled.add(target), true);

/** @returns {() => void} brings it back */
export function remember() {
  const steps = [rememberSelection(), rememberFocus(), ...[...scrolled].map(rememberScroll)];
  return () => steps.forEach((step) => step());
}

function rememberSelection() {
  const selection = /** @type {Selection} */ (getSelection());
  const { anchorNode: anchor, anchorOffset: start, focusNode: focus, focusOffset: end, isCollapsed } = selection;
  return () => {
    if (isCollapsed || !selection.isCollapsed || !(anchor instanceof Text && focus instanceof Text && anchor.isConnected)) return;
    selection.setBaseAndExtent(anchor, Math.min(start, anchor.length), focus, Math.min(end, focus.length));
  };
}

function rememberFocus() {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  return () => focused !== document.activeElement && focused?.focus({ preventScroll: true });
}

/** @param {Element} element */
function rememberScroll(element) {
  const { scrollLeft: left, scrollTop: top } = element;
  return () => {
    if (!element.isConnected) scrolled.delete(element);
    else if (!element.scrollLeft && !element.scrollTop) element.scrollTo({ left, top, behavior: "instant" });
  };
}
