// What only some pages have is in modules of their own: they are loaded where the page has it.

import { closest, dispatch, find, isPlainClick, listen } from "./dom.js";
import { hasLive, loadLive, loadScreen, loadTransfer } from "./modules.js";
import { nothing } from "./page.js";

const FEATURES = "[data-dialog],[data-job],[data-lazy],[data-live],[data-more],[data-poll],[data-submit]";

const SCRIPTED = '#serveractions:not([data-actions="{}"])'; // whose scripts call actions

/** @param {() => Promise<unknown>} load one that does not come is asked for again: without it what the page has would be silent @param {number} [wait] milliseconds */
const insist = (load, wait = 1000) =>
  load().catch((error) => {
    reportError(error);
    setTimeout(insist, wait, load, 2 * wait);
  });

function look() {
  if (find(`[name=_action],[data-action],${SCRIPTED}`)) void insist(loadScreen);
  if (find(`[type=file],${SCRIPTED}`)) void insist(loadTransfer);
  if (find(FEATURES)) void insist(loadLive);
}

// a link that is pressed before the module is there that acts on it waits for it
listen("click", async (event) => {
  const { isTrusted, target } = event;
  if (hasLive() || !isTrusted || !isPlainClick(event) || !closest(target, "a[data-dialog],a[data-more]")) return;
  event.preventDefault();
  await loadLive().catch(nothing);
  dispatch(target, new MouseEvent("click", event));
});
listen("action:rendered", look);
look();
