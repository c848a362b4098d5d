// Background jobs that the page shows, followed also after a reload.

import { isOwn } from "../address.js";
import { pause } from "../answers.js";
import { showProgress } from "../calls.js";
import { closest, emit, find, findAll, read } from "../dom.js";
import { failure, tell } from "../messages.js";
import { isOurs, nothing, tokenHeader } from "../page.js";
import { refreshAll } from "./dialogs.js";
import { onSubmit, valued, valuesOf, whenShown } from "./listen.js";

// A stream for each would take all connections that a browser opens to a host, and a thread of the server's.
const PACE = 1000; // milliseconds from one look to the next

/** What is no job that is under way: those that are over, by their URLs. */
const over = new Set([""]);
let isFollowing = false;

/** @param {string} url @param {string} [method] */
const ask = (url, method) => fetch(url, { method, headers: { Accept: "application/json", ...tokenHeader() } });

/** @returns {string[]} */
const jobsUnderWay = () => valuesOf("data-job").filter((job) => !over.has(job) && isOwn(job));

async function followJobs() {
  if (isFollowing) return;
  isFollowing = true;
  for (let jobs; (jobs = jobsUnderWay())[0]; await pause(PACE)) {
    for (const job of jobs) await look(job).catch(nothing);
    if (jobs.some((job) => over.has(job))) await refreshAll();
  }
  isFollowing = false;
}

/** @param {string} url @throws {Error} no answer: it may run all the same */
async function look(url) {
  const reply = await ask(url);
  const progress = await reply.json();
  for (const element of findAll(valued("data-job", url))) {
    showProgress(element, progress);
    const place = find("[data-message]", element);
    if (place && progress.message) place.textContent = progress.message;
    emit("progress", { progress }, element);
  }
  if (/40[14]|done|failed/.test(`${reply.status}${progress.state}`)) over.add(url);
}

/** @param {HTMLFormElement} form @param {string} url */
async function cancel(form, url) {
  const reply = await ask(url, "DELETE").catch(nothing);
  tell(form, reply?.ok ? {} : { message: failure() });
  await refreshAll();
}

whenShown(followJobs);
onSubmit((form) => {
  const url = read(form, "action");
  return url && isOurs(form) && isOwn(url) && closest(form, valued("data-job", url)) && cancel(form, url);
});
