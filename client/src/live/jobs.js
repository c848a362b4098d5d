// Background jobs that the page shows, followed also after a reload.

import { client, findAll } from "./client.js";

/** Jobs that are or have been followed, by their URLs. @type {Set<string>} */
const followed = new Set();

export function followJobs() {
  for (const { dataset } of findAll(document, "[data-job]")) {
    const { job = "" } = dataset;
    if (!isOurs(job) || followed.has(job)) continue;
    followed.add(job);
    void follow(job);
  }
}

/** @param {string} url */
const isOurs = (url) => !!url && new URL(url, location.href).origin === location.origin;

/** @param {string} url */
const elementsOf = (url) => findAll(document, `[data-job="${CSS.escape(url)}"]`);

/** @param {string} url */
async function follow(url) {
  const stop = new AbortController();
  addEventListener("pagehide", () => stop.abort());
  await client.followJob(url, stop.signal, (progress) => elementsOf(url).forEach((element) => report(element, progress))).catch(() => {});
  if (!stop.signal.aborted) await client.load(client.here());
}

/** @param {HTMLElement} element @param {import("../answers.js").Progress} progress */
function report(element, progress) {
  const { done, total, message } = progress;
  const bar = element.querySelector("progress");
  if (bar && total) Object.assign(bar, { max: total, value: done });
  const place = element.querySelector("[data-message]");
  if (place && message) place.textContent = message;
  element.dispatchEvent(new CustomEvent("action:progress", { bubbles: true, detail: { progress } }));
}

/** @param {SubmitEvent} event @returns {boolean} whether it is the form that cancels a job */
export function cancelJob(event) {
  const form = /** @type {Element} */ (event.target);
  const url = Element.prototype.getAttribute.call(form, "action") ?? "";
  if (event.defaultPrevented || !url || Element.prototype.closest.call(form, "[data-job]")?.getAttribute("data-job") !== url) return false;
  event.preventDefault();
  void cancel(url);
  return true;
}

/** @param {string} url */
async function cancel(url) {
  const { token = "", header = "X-CSRFToken" } = client.about(document);
  await fetch(url, { method: "DELETE", headers: { Accept: "application/json", [header]: token } });
  await client.load(client.here());
}
