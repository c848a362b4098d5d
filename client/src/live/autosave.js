// Forms that send themselves: those of actions are saved, those of GET are searched by.

import { absolute, here, isOwn, pathOf } from "../address.js";
import { begunForms, contentsOf } from "../begun.js";
import { callOf } from "../calls.js";
import { checkValidity, find, has, isShown, read, requestSubmit } from "../dom.js";
import { FAILED, tell } from "../messages.js";
import { load } from "../submissions.js";
import { dialogOf, refreshContent } from "./dialogs.js";
import { listen, onSubmit } from "./listen.js";
import { milliseconds } from "./pace.js";

const PAUSE = 300; // milliseconds after the last key, where the form says none

/** What is about to be sent. @type {Map<HTMLFormElement, ReturnType<typeof setTimeout>>} */
const timers = new Map();
/** Forms that changed while a call of them was under way: the newest waits. @type {Set<HTMLFormElement>} */
const waiting = new Set();
/** The search of a form that is under way. @type {WeakMap<Element, AbortController>} */
const searches = new WeakMap();

/** @param {Element} form */
const isSearch = (form) => /^(get)?$/i.test(read(form, "method")) && isOwn(read(form, "action"));

/** @param {Event} event something in a form changed */
function typed(event) {
  const { form } = /** @type {HTMLInputElement} */ (event.target);
  const [kind, pause = ""] = read(form, "data-submit").split(" ");
  if (!kind || !form) return;
  if (/** @type {InputEvent} */ (event).isComposing) return clearTimeout(timers.get(form)); // half a word is not sent
  const type = event.type.replace("compositionend", "input");
  // left, or chosen: there is nothing to wait for
  const isOver = type === "change" && (timers.has(form) || kind === type);
  if (kind === type || isOver) schedule(form, isOver ? 0 : milliseconds(pause) || PAUSE);
}

/** @param {HTMLFormElement} form @param {number} pause milliseconds */
function schedule(form, pause) {
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(send, pause, form));
}

/** The visitor leaves, or looks elsewhere: what was typed last is saved now. */
function sendPending() {
  [...timers.keys()].filter((form) => !isSearch(form)).forEach(send);
  sendWaiting();
}

/** A call is over: what has waited is sent. */
const sendWaiting = () => [...waiting].forEach(send);

/** @param {HTMLFormElement} form */
function send(form) {
  clearTimeout(timers.get(form));
  timers.delete(form);
  waiting.delete(form);
  if (!isShown(form)) return;
  if (isSearch(form)) return void search(form);
  if (!find("[name=_action]", form)) return; // it would leave the page
  if (callOf(form)) waiting.add(form);
  else if (has(form, "novalidate") || checkValidity(form)) requestSubmit(form);
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} [button] what was pressed */
async function search(form, button) {
  searches.get(form)?.abort();
  const stop = new AbortController();
  searches.set(form, stop);
  const url = absolute(read(form, "action") || here(), document.baseURI);
  url.search = String(new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form, button)])));
  const sent = { element: form, contents: contentsOf(form) };
  form.ariaBusy = "true";
  const dialog = dialogOf(form);
  /** @type {Awaited<ReturnType<typeof load>>} */
  let state;
  do state = dialog ? await refreshContent(dialog, pathOf(url)) : await load(pathOf(url), sent, stop.signal);
  while (state === "late"); // a live page came between
  if (searches.get(form) !== stop) return;
  form.ariaBusy = null;
  if (state === "moved") location.assign(url); // to the sign-in, say
  if (state === "failed") tell(form, { message: FAILED });
}

listen("input change compositionend", typed);
listen("action:finish", sendWaiting);
listen("visibilitychange", () => document.hidden && sendPending());
addEventListener("pagehide", sendPending);
// a search is not left by the return key
onSubmit((form, { submitter }) => {
  const isSent = read(form, "data-submit") && isSearch(form) && !submitter?.hasAttribute("formaction");
  if (isSent) {
    clearTimeout(timers.get(form));
    void search(form, submitter);
  }
  return isSent;
});
// what was typed before this module was there is sent too
for (const form of begunForms()) if (read(form, "data-submit")) schedule(form, PAUSE);
