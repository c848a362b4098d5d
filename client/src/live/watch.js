// Live regions: server-sent events say what is stale, the page is fetched and shown.

import { absolute } from "../address.js";
import { pause } from "../answers.js";
import { settled } from "../calls.js";
import { listen } from "../dom.js";
import { refreshAll } from "./dialogs.js";
import { valuesOf, whenShown } from "./listen.js";
import { longer } from "./pace.js";

const TOPICS = 30; // of a connection: servers take no URL of any length
const JITTER = 300; // milliseconds
const BREATH = 400; // milliseconds; twice that, at most, until what came meanwhile is fetched

/** @type {EventSource[]} */
let connections = [];
/** The topics of the connections. */
let topics = "";
let latest = "";
let isCatchingUp = false;
let wait = 1000; // milliseconds

/** @param {string} id `<epoch>-<counter>` @param {string} since @returns {boolean} */
function isNewer(id, since) {
  const [[epoch, counter], [other, known]] = [id.split("-"), since.split("-")];
  return epoch !== other || +counter > +known;
}

/** @returns {string} what the oldest region on the screen knows */
const since = () => valuesOf("data-since").reduce((oldest, id) => (isNewer(oldest, id) ? id : oldest), "");

function closeConnections() {
  for (const source of connections) source.close();
  connections = [];
}

/** Opens connections where there is something to watch, and somebody to see it. */
function watch() {
  const wanted = document.hidden ? [] : valuesOf("data-live").map((topic) => `topic=${encodeURIComponent(topic)}`);
  if (connections[0] && topics === String(wanted)) return;
  closeConnections();
  topics = String(wanted);
  while (wanted[0]) open(`${wanted.splice(0, TOPICS).join("&")}&since=${encodeURIComponent(since())}`);
}

/** @param {string} query */
function open(query) {
  const source = new EventSource(absolute(`-/live?${query}`, import.meta.url));
  connections.push(source);
  source.addEventListener("stale", ({ lastEventId }) => {
    if (isNewer(lastEventId, latest)) latest = lastEventId; // another connection may know more
    void catchUp();
  });
  source.addEventListener("renew", () => retry(renew));
  source.onerror = () => {
    if (source.readyState < EventSource.CLOSED) wait = 1000; // it was held, and the browser asks again
    else if (connections.includes(source)) retry(watch);
  };
}

/** @param {() => unknown} act is done after a pause, longer each time */
function retry(act) {
  closeConnections();
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
    if ((await refreshAll()) === "shown") {
      shown = known;
      wait = BREATH;
    }
  }
  isCatchingUp = false;
}

/** The topics hold no more, or the store was set back: the page has others, and counts from there. */
async function renew() {
  latest = "";
  await refreshAll();
  watch();
}

whenShown(watch);
listen("visibilitychange", watch);
addEventListener("pageshow", watch);
addEventListener("pagehide", closeConnections);
