// Live regions: server-sent events say what is stale, the page is fetched and shown.

import { absolute } from "../address.js";
import { pause } from "../answers.js";
import { settled } from "../calls.js";
import { listen, valuesOf } from "../dom.js";
import { refreshAll } from "./dialogs.js";
import { whenShown } from "./listen.js";

const TOPICS = 50;
const JITTER = 300; // milliseconds
const BREATH = 400; // milliseconds; twice that, at most, until what came meanwhile is fetched
const LONGEST_PAUSE = 60_000; // milliseconds

/** @type {EventSource | undefined} */
let connection;
/** The topics of the connection. */
let topics = "";
let latest = "";
let isCatchingUp = false;
let wait = 1000; // milliseconds

/** @param {number} milliseconds */
const longer = (milliseconds) => Math.min(2 * milliseconds, LONGEST_PAUSE);

/** @param {string} id `<epoch>-<counter>` @param {string} since @returns {boolean} */
function isNewer(id, since) {
  const [[epoch, counter], [other, known]] = [id.split("-"), since.split("-")];
  return epoch !== other || Number(counter) > Number(known);
}

/** @returns {string} what the oldest region on the screen knows */
const since = () => valuesOf("data-since").reduce((oldest, id) => (isNewer(oldest, id) ? id : oldest), "");

function closeConnection() {
  connection?.close();
  connection = undefined;
}

/** Opens a connection where there is something to watch, and somebody to see it. */
function watch() {
  const query = valuesOf("data-live").slice(0, TOPICS).map((topic) => `topic=${encodeURIComponent(topic)}`).join("&");
  if (document.hidden || !query) return closeConnection();
  if (connection && query === topics) return;
  closeConnection();
  topics = query;
  connection = open(absolute(`-/live?${query}&since=${encodeURIComponent(since())}`, import.meta.url));
}

/** @param {URL} url */
function open(url) {
  const source = new EventSource(url);
  source.addEventListener("stale", ({ lastEventId }) => {
    latest = lastEventId;
    void catchUp();
  });
  source.addEventListener("renew", () => retry(renew));
  source.onerror = () => {
    if (source.readyState < EventSource.CLOSED) wait = 1000; // it was held, and the browser asks again
    else if (source === connection) retry(watch);
  };
  return source;
}

/** @param {() => unknown} act is done after a pause, longer each time */
function retry(act) {
  closeConnection();
  setTimeout(act, (wait = longer(wait)));
}

/** Shows what has become of the page: once for all that came, and not for what it did itself. */
async function catchUp() {
  if (isCatchingUp) return;
  isCatchingUp = true;
  /** @type {string | undefined} */
  let shown;
  for (let wait = JITTER; ; wait = longer(wait)) {
    await pause((wait * (1 + Math.random())) / 2);
    await settled(); // an answer of our own may bring it
    const known = latest;
    if (document.hidden || known === shown || !isNewer(known, since())) break;
    const state = await refreshAll();
    if (state === "left") break;
    if (state === "shown") {
      shown = known;
      wait = BREATH;
    }
  }
  isCatchingUp = false;
}

/** The topics hold no more: the page has others. */
async function renew() {
  await refreshAll();
  watch();
}

whenShown(watch);
listen("visibilitychange", watch);
addEventListener("pageshow", watch);
addEventListener("pagehide", closeConnection);
