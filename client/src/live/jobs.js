// Background jobs that the page shows, followed also after a reload.

import { isOwn } from "../address.js";
import { followJob } from "../answers.js";
import { showProgress } from "../calls.js";
import { closest, emit, find, findAll, read } from "../dom.js";
import { FAILED, tell } from "../messages.js";
import { nothing, tokenHeader } from "../page.js";
import { refreshAll } from "./dialogs.js";
import { onSubmit, whenShown } from "./listen.js";
import { valued, valuesOf } from "./regions.js";

/** Jobs that are or have been followed, by their URLs. @type {Set<string>} */
const followed = new Set();

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
  const report = (progress) => findAll(valued("data-job", url)).forEach((element) => show(element, progress));
  let answer;
  do answer = await followJob(url, stop.signal, report).catch(nothing);
  while (answer && !answer.title && !("data" in answer)); // nobody has answered for long: it may run all the same
  if (!stop.signal.aborted) await refreshAll();
}

/** @param {Element} element @param {import("../answers.js").Progress} progress */
function show(element, progress) {
  showProgress(element, progress);
  const place = find("[data-message]", element);
  if (place && progress.message) place.textContent = progress.message;
  emit("progress", { progress }, element);
}

/** @param {HTMLFormElement} form @param {string} url */
async function cancel(form, url) {
  const reply = await fetch(url, { method: "DELETE", headers: { Accept: "application/json", ...tokenHeader() } }).catch(nothing);
  tell(form, reply?.ok ? {} : { message: FAILED });
  await refreshAll();
}

whenShown(followJobs);
addEventListener("pageshow", followJobs); // as it was left: Back has come to it
onSubmit((form) => {
  const url = read(form, "action");
  return url && closest(form, valued("data-job", url)) && cancel(form, url);
});
