// What only some pages have: forms that send themselves, lazy regions and endless lists, live ones, dialogs, jobs.

import { sendBegun, sendPending, sendWaiting, submitted, typed } from "./live/autosave.js";
import { use } from "./live/client.js";
import { closeAfterSuccess, followHistory, keepDialogs, openDialog, renewDialogs } from "./live/dialogs.js";
import { loadMore, observeMore, refreshParts, rememberParts, restoreParts, showParts } from "./live/endless.js";
import { cancelJob, followJobs } from "./live/jobs.js";
import { loadRegion, loadWaiting } from "./live/lazy.js";
import { schedulePoll, wakePoll } from "./live/poll.js";
import { closeConnection, watch } from "./live/watch.js";

/** What a click on a link does, by the link's attribute; false: nothing. @type {[selector: string, act: (link: HTMLAnchorElement) => unknown][]} */
const LINKS = [
  ["a[data-dialog]", openDialog],
  ["a[data-more]", loadMore],
  ["[data-lazy] a[data-lazy-link]", (link) => loadRegion(/** @type {HTMLElement} */ (link.closest("[data-lazy]")))],
];

/** @param {MouseEvent} event */
function follow(event) {
  const { altKey, ctrlKey, defaultPrevented, metaKey, shiftKey, target } = event;
  if (defaultPrevented || altKey || ctrlKey || metaKey || shiftKey || !(target instanceof Element)) return;
  for (const [selector, act] of LINKS) {
    const link = /** @type {HTMLAnchorElement | null} */ (target.closest(selector));
    if (!link || link.origin !== location.origin || (link.target && link.target !== "_self")) continue;
    event.preventDefault();
    act(link);
    return;
  }
}

/** The page on the screen is another. */
function scan() {
  loadWaiting();
  observeMore();
  schedulePoll();
  followJobs();
  watch();
}

/** @param {import("./features.js").Client} client */
export function start(client) {
  use(client);
  for (const type of ["input", "change", "compositionend"]) document.addEventListener(type, typed);
  document.addEventListener("submit", (event) => cancelJob(event) || submitted(event));
  document.addEventListener("action:finish", sendWaiting);
  document.addEventListener("action:success", closeAfterSuccess);
  document.addEventListener("action:error", renewDialogs);
  document.addEventListener("click", follow);
  document.addEventListener("action:render", (event) => {
    const { page } = /** @type {CustomEvent<{page: Document}>} */ (event).detail;
    keepDialogs(page);
    showParts(page);
  });
  document.addEventListener("action:region", scan);
  document.addEventListener("action:rendered", () => {
    scan();
    void refreshParts();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) sendPending();
    watch();
    wakePoll();
  });
  addEventListener("popstate", followHistory);
  addEventListener("pagehide", () => {
    sendPending();
    closeConnection();
    rememberParts();
  });
  addEventListener("pageshow", watch);
  scan();
  sendBegun();
  void restoreParts();
}
