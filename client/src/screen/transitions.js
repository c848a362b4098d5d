// View transitions, where the page has asked for them and the visitor does not mind what moves.

import { about, nothing } from "../page.js";

/** What a transition shows can't be pressed: what was fades away above the page itself, as in transitions.css. */
const ABOVE = { viewTransitionName: ["none", "none"] };

/** @param {() => void} change what brings the page up to date @returns {Promise<void> | void} @throws what it throws */
export function transition(change) {
  // what is being pressed would be let go of outside of the page
  const isWanted = "transitions" in about() && !matchMedia("(prefers-reduced-motion)").matches && !document.body.matches(":active");
  const shown = isWanted && document.startViewTransition?.(() => (document.documentElement.animate(ABOVE, 500), change()));
  if (!shown) return change();
  shown.ready.catch(nothing); // a next one came before it was seen: the change is made all the same
  return shown.updateCallbackDone;
}
