// Regions that are fetched at a pace: the page is, at the quickest of them.

import { client, findAll, milliseconds } from "./client.js";

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let isDue = false; // while nobody saw the page

export function schedulePoll() {
  clearTimeout(timer);
  const paces = findAll(document, "[data-poll]").map(({ dataset }) => milliseconds(dataset.poll ?? "")).filter(Boolean);
  if (paces.length) timer = setTimeout(poll, Math.max(Math.min(...paces), 500));
}

async function poll() {
  if (document.hidden) return void (isDue = true);
  await client.settled();
  await client.load(client.here());
  schedulePoll(); // also where it was not shown
}

export function wakePoll() {
  if (document.hidden || !isDue) return;
  isDue = false;
  void poll();
}
