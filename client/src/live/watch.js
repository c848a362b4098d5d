// Live regions: server-sent events say what is stale, the page is fetched and shown.

import { client, findAll } from "./client.js";

const TOPICS = 50;
const JITTER = 300; // milliseconds
const RENEWAL = 30_000; // milliseconds between two
const LONGEST_PAUSE = 60_000; // milliseconds

/** @type {EventSource | undefined} */
let connection;
/** The topics of the connection. */
let topics = "";
let latest = "";
let isCatchingUp = false;
let renewedAt = -RENEWAL;
let pause = 1000;

const regions = () => findAll(document, "[data-live]");
/** @param {number} milliseconds */
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @param {string} id `<epoch>-<counter>` @param {string} since @returns {boolean} */
function isNewer(id, since) {
  const [[epoch, counter], [other, known]] = [id.split("-"), since.split("-")];
  return epoch !== other || Number(counter) > Number(known);
}

/** @returns {string} what the oldest region on the screen knows */
function since() {
  const ids = regions().map((region) => region.dataset.since ?? "");
  return ids.reduce((oldest, id) => (isNewer(oldest, id) ? id : oldest), ids[0] ?? "");
}

export function closeConnection() {
  connection?.close();
  connection = undefined;
}

/** Opens a connection where there is something to watch, and somebody to see it. */
export function watch() {
  const query = [...new Set(regions().map((region) => region.dataset.live ?? ""))].slice(0, TOPICS).map((topic) => `topic=${encodeURIComponent(topic)}`).join("&");
  if (document.hidden || !query) return closeConnection();
  if (connection && query === topics) return;
  closeConnection();
  topics = query;
  connection = open(new URL(`-/live?${query}&since=${encodeURIComponent(since())}`, import.meta.url));
}

/** @param {URL} url */
function open(url) {
  const source = new EventSource(url);
  source.addEventListener("open", () => (pause = 1000));
  source.addEventListener("stale", ({ lastEventId }) => {
    latest = lastEventId;
    void catchUp();
  });
  source.addEventListener("renew", renew);
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED || source !== connection) return; // the browser asks again
    closeConnection();
    setTimeout(watch, (pause = Math.min(2 * pause, LONGEST_PAUSE)));
  });
  return source;
}

/** Shows what has become of the page: once for all that came, and not for what it did itself. */
async function catchUp() {
  if (isCatchingUp) return;
  isCatchingUp = true;
  await sleep(Math.random() * JITTER);
  for (let wait = 1000; !document.hidden; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
    await client.settled(); // an answer of our own may bring it
    const known = latest;
    if (!isNewer(known, since())) break;
    const state = await client.load(client.here());
    if (state === "left" || (state === "shown" && known === latest)) break;
    if (state !== "shown") await sleep(wait);
  }
  isCatchingUp = false;
}

/** The topics hold no more: the page has others. */
async function renew() {
  closeConnection();
  const wait = renewedAt + RENEWAL - performance.now();
  if (wait > 0) return void setTimeout(watch, wait);
  renewedAt = performance.now();
  await client.load(client.here());
  watch();
}
