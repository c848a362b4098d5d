// View transitions, where the page has asked for them and the visitor does not mind what moves.

import { about, nothing } from "../page.js";

/** @param {() => void} change what brings the page up to date @returns {Promise<void>} @throws what it throws */
export async function transition(change) {
  const isWanted = "transitions" in about() && !matchMedia("(prefers-reduced-motion)").matches;
  const shown = isWanted && document.startViewTransition?.(change);
  if (!shown) return change();
  shown.ready.catch(nothing); // a next one came before it was seen: the change is made all the same
  await shown.updateCallbackDone;
}
