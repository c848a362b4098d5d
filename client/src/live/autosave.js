// Forms that send themselves: those of actions are saved, those of GET are searched by.

import { client, milliseconds } from "./client.js";

const FAILED = "No usable answer. Please try again.";
const PAUSE = 300; // milliseconds after the last key, where the form says none

/** What is about to be sent. @type {Map<HTMLFormElement, ReturnType<typeof setTimeout> | undefined>} */
const timers = new Map();
/** Forms that changed while a call of them was under way: the newest waits. @type {Set<HTMLFormElement>} */
const waiting = new Set();
/** The search of a form that is under way. @type {WeakMap<HTMLFormElement, AbortController>} */
const searches = new WeakMap();

/** @param {Element} form @param {string} name @returns {string} a field may hide the form's own property */
const read = (form, name) => Element.prototype.getAttribute.call(form, name) ?? "";

/** @param {Element} form */
const isSearch = (form) => /^(get)?$/i.test(read(form, "method"));

/** @param {Event} event something in a form changed */
export function typed(event) {
  const { form } = /** @type {HTMLInputElement} */ (event.target);
  const [kind, pause = ""] = form ? read(form, "data-submit").split(" ") : [];
  if (!kind || !form || /** @type {InputEvent} */ (event).isComposing) return;
  const type = event.type === "compositionend" ? "input" : event.type;
  // left, or chosen: there is nothing to wait for
  const isOver = type === "change" && (timers.has(form) || kind === type);
  if (kind === type || isOver) schedule(form, isOver ? 0 : milliseconds(pause) || PAUSE);
}

/** What was typed before this module was there is sent too. */
export function sendBegun() {
  for (const form of client.begunForms()) if (read(form, "data-submit")) schedule(form, PAUSE);
}

/** The visitor leaves, or looks elsewhere: what was typed last is saved now. */
export function sendPending() {
  [...timers.keys()].filter((form) => !isSearch(form)).forEach((form) => schedule(form));
  sendWaiting();
}

/** @param {HTMLFormElement} form @param {number} [pause] milliseconds; now, by default */
function schedule(form, pause) {
  clearTimeout(timers.get(form));
  if (pause === undefined) send(form);
  else timers.set(form, setTimeout(send, pause, form));
}

/** @param {HTMLFormElement} form */
function send(form) {
  timers.delete(form);
  waiting.delete(form);
  if (!document.contains(form)) return;
  if (isSearch(form)) return void search(form);
  if (!form.querySelector("[name=_action]")) return; // it would leave the page
  if (client.isCalling(form)) return void waiting.add(form);
  const { checkValidity, requestSubmit } = HTMLFormElement.prototype;
  if (form.hasAttribute("novalidate") || checkValidity.call(form)) requestSubmit.call(form);
}

/** A call is over: what has waited is sent. */
export const sendWaiting = () => [...waiting].forEach(send);

/** @param {SubmitEvent} event a search is not left by the return key */
export function submitted(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || !read(form, "data-submit") || !isSearch(form) || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  schedule(form);
}

/** @param {HTMLFormElement} form */
async function search(form) {
  searches.get(form)?.abort();
  const stop = new AbortController();
  searches.set(form, stop);
  const url = new URL(read(form, "action") || client.here(), document.baseURI);
  const data = new FormData(form);
  url.search = String(new URLSearchParams(/** @type {[string, string][]} */ ([...data])));
  const sent = { form, contents: client.contentsOf(form), isRefused: false, isChanged: false };
  form.ariaBusy = "true";
  /** @type {Awaited<ReturnType<typeof client.load>>} */
  let state;
  do state = await client.load(url.pathname + url.search, sent, stop.signal);
  while (state === "late"); // a live page came between
  if (searches.get(form) !== stop) return;
  form.ariaBusy = null;
  if (state === "failed") client.tell(form, { message: FAILED });
}
