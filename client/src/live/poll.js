// Regions that are fetched at a pace: the page is, at the quickest of them.

import { settled } from "../calls.js";
import { listen } from "../dom.js";
import { refreshAll } from "./dialogs.js";
import { valuesOf, whenShown } from "./listen.js";
import { milliseconds } from "./pace.js";

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let isDue = false; // while nobody saw the page

function schedulePoll() {
  clearTimeout(timer);
  const paces = valuesOf("data-poll").map(milliseconds).filter(Boolean);
  if (paces[0]) timer = setTimeout(poll, Math.max(Math.min(...paces), 500));
}

async function poll() {
  isDue = document.hidden;
  if (isDue) return;
  await settled();
  await refreshAll(0);
  schedulePoll(); // also where it was not shown
}

whenShown(schedulePoll);
listen("visibilitychange", () => isDue && poll());
