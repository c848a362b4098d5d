// From a submit or a call to its end: the answer is told, the page shown, the redirect followed.

import { here } from "./address.js";
import { begunForms, contentsOf, settle } from "./begun.js";
import { Call, calls, newKey, nextRequest } from "./calls.js";
import { find, setAttribute } from "./elements.js";
import { ActionError, notify, tell } from "./messages.js";
import { loadScreen } from "./modules.js";
import { fetchPage, namedActions } from "./page.js";
import { mark } from "./pending.js";
import { show } from "./show.js";

/** @typedef {import("./answers.js").Answer} Answer */
/** @typedef {import("./show.js").Sent} Sent */

const LONGEST_LEAVE = 20_000; // milliseconds: a redirect may be a download, after which the page stays
/** The request that brought the page on the screen, and when the server rendered it. */
let shown = { number: 0, rendered: 0 };

/**
 * Calls an action that the page names.
 * @param {string} name
 * @param {unknown} [data] its arguments
 * @param {import("./calls.js").Options} [options]
 * @returns {Promise<any>} what the function returns: its type is the app's
 */
export async function call(name, data = {}, options = {}) {
  const source = namedActions(document)[name];
  if (!source) throw new Error(`No action ${name}`);
  const { encodeArguments } = await loadScreen();
  return run(new Call(source, encodeArguments(data), options));
}

/** Fetches the page anew and shows it. */
export const refresh = () => showPage(here());

/** A form is submitted, or a button pressed. @param {Call} call */
export async function submit(call) {
  const former = [...calls].filter(({ element }) => element === call.element).pop();
  if (former && (!call.mode || /asking|leaving/.test(former.state))) return;
  await run(call, former).catch((error) => {
    // an ActionError was told, an abort was meant
    if (!(error instanceof ActionError || error.name === "AbortError")) reportError(error);
  });
}

/** @param {Call} call @param {Call} [former] one of the same form, under way @returns {Promise<unknown>} */
async function run(call, former) {
  call.signal.throwIfAborted();
  calls.add(call);
  const text = call.option("data-confirm");
  try {
    if (text && !(await confirmed(call, text))) return;
    if (former && call.key) call.data?.set("idempotency_key", (call.key = newKey()));
    if (!call.emit("start", { data: call.data ?? call.body, headers: call.headers })) throw new DOMException("", "AbortError");
    call.state = "sending";
    if (call.element) mark(call, call.element);
    if (call.mode === "latest") former?.stop.abort();
    await former?.ended.promise;
    return await finish(call, await call.ask());
  } finally {
    const hasStarted = call.state !== "asking";
    if (call.state !== "leaving") call.finish();
    if (hasStarted) call.emit("finish");
  }
}

/** @param {Call} call @param {string} message @returns {Promise<boolean>} whether the visitor means it */
async function confirmed(call, message) {
  /** @type {unknown} */
  let answer;
  const respondWith = (/** @type {unknown} */ promise) => (answer = promise);
  return call.emit("confirm", { message, respondWith }) && !!(await (answer ?? confirm(message)));
}

/** @param {Call} call @param {Answer} answer @returns {Promise<unknown>} the data @throws {ActionError} */
async function finish(call, answer) {
  const { contents, element } = call;
  const { data, messages, redirect } = answer;
  let target = webAddress(redirect ?? answer.login);
  const error = data === undefined || (redirect && !target) ? new ActionError(answer) : undefined;
  /** @type {Sent | undefined} */
  let sent;
  if (element instanceof HTMLFormElement) {
    const isChanged = contentsOf(element) !== contents;
    sent = { form: element, contents, isRefused: !!error, isChanged };
    if (!error && !isChanged) settle(element);
  }
  call.state = "answered";
  if (answer.traceback) console.error(answer.traceback); // in debug mode
  if (!call.emit(error ? "error" : "success", { data, messages, redirect, error }) && !error) target = undefined; // a listener has been there
  const key = element && (!error || (answer.title && !answer.retry)) && find(element, "[name=idempotency_key]");
  if (key) setAttribute(key, "value", newKey()); // its outcome is known: the next one is another call
  if (here() === call.from) await showAnswer(call, answer, target, error, sent);
  if (error) throw error;
  // a form that is left stays as it was sent: Back shows what was typed, as it does without scripts
  const hasLeft = /** @type {string} */ (call.state) === "leaving";
  const isOver = sent && !sent.isChanged && !answer.isFile && !hasLeft;
  if (sent && isOver && !call.isAutosave && call.option("data-reset") !== "false") {
    HTMLFormElement.prototype.reset.call(sent.form);
    settle(sent.form);
  }
  return data;
}

/** @param {string | null} [url] @returns {URL | undefined} where a browser may be sent to: javascript: is no place */
function webAddress(url) {
  const address = new URL(url ?? "", location.href);
  return url && /^http/.test(address.protocol) ? address : undefined;
}

/** @param {Call} call @param {Answer} answer @param {URL | undefined} target @param {ActionError | undefined} error @param {Sent | undefined} sent */
async function showAnswer(call, answer, target, error, sent) {
  const { element, number, page } = call;
  const { isElsewhere, isFile, messages, rendered = 0, stale } = answer;
  if (isElsewhere) return leave(call, here());
  if (target && error) return signIn(call, target.href, error);
  if (target && target.href.split("#")[0] !== new URL(here(), location.href).href) return leave(call, target.href);
  const isFresh = number > shown.number || rendered > shown.rendered;
  const isShown = answer.page && page === call.from && isFresh;
  if (isShown) {
    shown = { number, rendered };
    await show(answer.page ?? "", sent);
  } else if (error ? stale === "identity" : !isFile && (target || answer.page || element)) await showPage(here(), sent);
  if (target?.hash) location.assign(target);
  if (error && element) tell(element, error);
  // no page shows them
  if (!isShown && (answer.page || !element)) messages?.forEach(({ category, message }) => notify(message, "", category));
}

/** Fetches a page and shows it, if the visitor is still there. @param {string} url @param {Sent} [sent] */
export async function showPage(url, sent) {
  if ((await load(url, sent)) === "failed") location.assign(url); // then the browser says what is wrong
}

/**
 * Fetches a page and shows it; of another URL, in place of the address.
 * @param {string} url
 * @param {Sent} [sent]
 * @param {AbortSignal} [signal]
 * @returns {Promise<"shown" | "late" | "left" | "failed">} late: a page of a later request is on the screen; left: the visitor is elsewhere
 */
export async function load(url, sent, signal) {
  const number = nextRequest();
  const from = here();
  const html = await fetchPage(url, signal).catch(() => undefined);
  if (here() !== from || signal?.aborted) return "left";
  if (number < shown.number) return "late";
  if (html === undefined) return "failed";
  shown = { number, rendered: Infinity };
  if (url !== from) history.replaceState(history.state, "", url);
  await show(html, sent);
  return "shown";
}

/** @param {Call} call @param {string} url */
function leave(call, url) {
  call.state = "leaving";
  location.assign(url);
  setTimeout(() => call.finish(), LONGEST_LEAVE);
}

/** What was begun is not lost to a sign-in; what was sent, and not changed since, is no longer begun. @param {Call} call @param {string} login @param {ActionError} error */
function signIn(call, login, error) {
  const { contents, element } = call;
  if (!begunForms().some((form) => form !== element || contentsOf(form) !== contents)) leave(call, login);
  else if (element) tell(element, error, login);
  else notify(error.message, login);
}
