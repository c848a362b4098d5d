// View transitions, where the page has asked for them and the visitor does not mind what moves.

import { about, nothing } from "../page.js";

/** @param {() => void} change what brings the page up to date @returns {Promise<void>} @throws what it throws */
export async function transition(change) {
  if (!("transitions" in about()) || !document.startViewTransition || matchMedia("(prefers-reduced-motion)").matches) return change();
  const { ready, updateCallbackDone } = document.startViewTransition(change);
  ready.catch(nothing); // a next one came before it was seen: the change is made all the same
  await updateCallbackDone;
}
