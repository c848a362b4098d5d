// Forms that send themselves: those of actions are saved, those of GET are searched by.

import { absolute, here, isOwn } from "../address.js";
import { begunForms, contentsOf, isUnsent } from "../begun.js";
import { callOf } from "../calls.js";
import { checkValidity, fieldsOf, find, has, isInParts, isShown, listen, read, requestSubmit } from "../dom.js";
import { failure, tell } from "../messages.js";
import { load, visit } from "../visits.js";
import { refreshContent } from "./dialogs.js";
import { onSubmit, pageAt } from "./listen.js";
import { milliseconds } from "./pace.js";
import { dialogOf } from "./regions.js";

const PAUSE = 300; // milliseconds after the last key, where the form says none

/** Forms that are about to be sent, and by what; without that one waits for its call that is under way. @type {Map<HTMLFormElement, ReturnType<typeof setTimeout> | undefined>} */
const drafts = new Map();
/** The search of a form that is under way. @type {WeakMap<Element, AbortController>} */
const searches = new WeakMap();

/** @param {Element} form */
const isSearch = (form) => /^(get)?$/i.test(read(form, "method")) && isOwn(read(form, "action"));

/** @param {Event} event something in a form changed */
function typed(event) {
  const target = /** @type {HTMLInputElement} */ (event.target);
  const form = target.form ?? target.closest?.("form"); // of a custom element; of what is reset. A script may send its own to the document
  const [kind, pause = ""] = read(form, "data-submit").split(" ");
  if (!kind || !form) return;
  if (/** @type {InputEvent} */ (event).isComposing) return clearTimeout(drafts.get(form)); // half a word is not sent
  const type = event.type.replace("compositionend", "input");
  // left, or chosen: there is nothing to wait for
  const isOver = type === "change" && !isInParts(target) && (drafts.has(form) || kind === type);
  if ([kind, "reset"].includes(type) || isOver) schedule(form, isOver ? 0 : milliseconds(pause) || PAUSE);
}

/** @param {HTMLFormElement} form @param {number} pause milliseconds */
function schedule(form, pause) {
  clearTimeout(drafts.get(form));
  drafts.set(form, setTimeout(trySend, pause, form));
}

/** While something is pressed, a click may come that sends it. @param {HTMLFormElement} form */
const trySend = (form) => (find("button:active,[type=submit]:active") ? schedule(form, PAUSE) : send(form));

/** It is on its way. @param {HTMLFormElement} form */
function drop(form) {
  clearTimeout(drafts.get(form));
  drafts.delete(form);
}

/** What was typed last is saved now. */
const sendAll = () => [...drafts.keys()].forEach((form) => isSearch(form) || send(form, true));

/** A call is over: what has waited is sent. */
const sendWaiting = () => [...drafts].forEach(([form, timer]) => timer || send(form));

/** @param {HTMLFormElement} form @param {boolean} [isLast] it may be gone when its call that is under way is over: then this one waits, not the form */
function send(form, isLast) {
  drop(form);
  if (!isShown(form)) return;
  if (isSearch(form)) return void search(form);
  if (!("_action" in fieldsOf(form))) return; // a submit would leave the page
  if (callOf(form) && !isLast) drafts.set(form, undefined);
  else if (has(form, "novalidate") || checkValidity(form)) requestSubmit(form);
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} [button] what was pressed */
async function search(form, button) {
  searches.get(form)?.abort();
  const stop = new AbortController();
  searches.set(form, stop);
  const url = absolute(read(form, "action") || here(), document.baseURI);
  url.search = String(new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form, button)])));
  const page = pageAt(url), { signal } = stop;
  const sent = { element: form, contents: contentsOf(form) };
  form.ariaBusy = "true";
  const dialog = dialogOf(form);
  const state = await (dialog ? refreshContent(dialog, page, sent, signal) : load(page, sent, signal));
  if (searches.get(form) !== stop) return;
  form.ariaBusy = null;
  if (state === "moved") visit(page, sent); // to the sign-in, say
  if (state === "failed") tell(form, { message: failure() });
}

listen("input change compositionend reset", typed);
listen("action:start", ({ target }) => drop(target)); // by a button, or the return key
// it was for somebody else: nothing is sent for who is here by now
listen("action:error", ({ detail, target }) => detail.error.stale === "identity" && drop(target));
listen("action:finish", sendWaiting);
// she leaves a dialog, the page, or it for a while
listen("close visibilitychange", sendAll, true);
addEventListener("pagehide", sendAll);
// a search is not left by the return key
onSubmit((form, { submitter }) => {
  const isSent = read(form, "data-submit") && isSearch(form) && !submitter?.hasAttribute("formaction");
  if (isSent) {
    drop(form);
    void search(form, submitter);
  }
  return isSent;
});
// what was typed before this module was there is sent too
for (const form of begunForms()) if (isUnsent(form) && read(form, "data-submit")) schedule(form, PAUSE);
