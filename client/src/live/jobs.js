// Background jobs that the page shows, followed also after a reload.

import { isOwn } from "../address.js";
import { followJob } from "../answers.js";
import { showProgress } from "../calls.js";
import { closest, emit, find, findAll, read } from "../dom.js";
import { nothing, tokenHeader } from "../page.js";
import { load } from "../submissions.js";
import { onSubmit, whenShown } from "./listen.js";
import { valuesOf } from "./regions.js";

/** Jobs that are or have been followed, by their URLs. @type {Set<string>} */
const followed = new Set();

/** @param {Element | null} element */
const jobOf = (element) => read(element, "data-job");

function followJobs() {
  for (const job of valuesOf("data-job")) {
    if (!job || followed.has(job) || !isOwn(job)) continue;
    followed.add(job);
    void follow(job);
  }
}

/** @param {string} url */
async function follow(url) {
  const stop = new AbortController();
  addEventListener("pagehide", () => {
    stop.abort();
    followed.delete(url);
  });
  /** @param {import("../answers.js").Progress} progress */
  const report = (progress) => {
    for (const element of findAll("[data-job]")) if (jobOf(element) === url) show(element, progress);
  };
  await followJob(url, stop.signal, report).catch(nothing);
  if (!stop.signal.aborted) await load();
}

/** @param {Element} element @param {import("../answers.js").Progress} progress */
function show(element, progress) {
  showProgress(element, progress);
  const place = find("[data-message]", element);
  if (place && progress.message) place.textContent = progress.message;
  emit("progress", { progress }, element);
}

/** @param {string} url */
async function cancel(url) {
  await fetch(url, { method: "DELETE", headers: { Accept: "application/json", ...tokenHeader() } });
  await load();
}

whenShown(followJobs);
addEventListener("pageshow", followJobs); // as it was left: Back has come to it
onSubmit((form) => {
  const url = read(form, "action");
  return url && jobOf(closest(form, "[data-job]")) === url && cancel(url);
});
