// From a submit or a call to its end: the answer is told, the page shown, the redirect followed.

import { absolute, here } from "./address.js";
import { pause } from "./answers.js";
import { contentsOf, hold, isTypedOn, settle } from "./begun.js";
import { ASKING, Call, callOf, calls, callsOf, LEAVING, newKey, SENDING } from "./calls.js";
import { fieldsOf, has, isForm, reset, setAttribute } from "./dom.js";
import { ActionError, notify, tell } from "./messages.js";
import { loadTransfer } from "./modules.js";
import { namedActions } from "./page.js";
import { mark } from "./pending.js";
import { isBegun, showAnswered, showPage } from "./visits.js";

/** @typedef {import("./answers.js").Answer} Answer */

/** A cookie for as long as the browser may need to leave. A redirect may be to a download, after which the page stays, and no event says so: the server takes the cookie away. */
const LEAVE = "serveractions_leaving", LONGEST_LEAVE = 20, PACE = 300; // seconds; milliseconds
/**
 * Calls an action that the page names.
 * @param {string} name
 * @param {unknown} [data] its arguments
 * @param {import("./calls.js").Options | null} [options]
 * @returns {Promise<any>} what the function returns: its type is the app's
 */
export async function call(name, data = {}, options) {
  const source = namedActions()[name];
  if (!source) throw Error(`No action ${name}`);
  const { encodeArguments } = await loadTransfer();
  return run(new Call(source, encodeArguments(data), { ...options }));
}

/** A form is submitted, or a button pressed. @param {Call} call */
export async function submit(call) {
  await run(call).catch((error) => {
    // an ActionError was told, an abort was meant
    if (!/^A(ction|bort)Error$/.test(error.name)) reportError(error);
  });
}

/** @param {Call} call @returns {false | Call | undefined} one of the same form, under way; false: for that it is ignored */
function formerOf({ element, mode }) {
  const former = element && callOf(element);
  return former && (!mode || former.phase !== SENDING) ? false : former;
}

/** @param {Call} call @returns {Promise<unknown>} */
async function run(call) {
  const { data, headers, signal } = call;
  if (formerOf(call) === false) return;
  signal.throwIfAborted();
  calls.add(call);
  try {
    const question = call.option("data-confirm");
    if (question) {
      if (!(await isMeant(call, question))) return;
      signal.throwIfAborted(); // asked once more, she has answered there
      for (const other of callsOf(call.element)) {
        if (other === call || other.phase !== ASKING) continue;
        other.stop.abort();
        other.finish();
      }
    }
    const former = formerOf(call); // one may have been sent while the question was open
    if (former === false) return;
    if (former && call.once) data?.set("idempotency_key", (call.once = newKey()));
    if (!call.emit("start", { data: data ?? call.body, headers })) throw new DOMException("", "AbortError");
    call.phase = SENDING;
    mark(call);
    if (call.mode === "latest") former?.stop.abort();
    await former?.ended.promise;
    return await finish(call, await call.ask());
  } finally {
    if (call.phase !== LEAVING) call.finish();
    if (call.phase !== ASKING) call.emit("finish");
  }
}

/** @param {Call} call @param {string} message @returns {Promise<unknown>} whether the visitor says so */
async function isMeant(call, message) {
  /** @type {unknown} */
  let answer;
  const respondWith = (/** @type {unknown} */ promise) => (answer = promise);
  return call.emit("confirm", { message, respondWith }) && (await (answer ?? confirm(message)));
}

/** @param {Call} call @param {Answer} answer @returns {Promise<unknown>} the data @throws {ActionError} */
async function finish(call, answer) {
  const { element } = call;
  const { data, isFile, messages, redirect } = answer;
  let target = webAddress(redirect ?? answer.login);
  const error = data === undefined || (redirect && !target) ? new ActionError(answer) : undefined;
  call.isStaying = error ?? call.isAutosave;
  call.isChanged = isTypedOn(call);
  /** Its values are the form's no longer. @type {HTMLFormElement | undefined} */
  const done = isForm(element) && !error && !call.isChanged ? element : undefined;
  if (done) settle(done);
  if (answer.traceback) console.error(answer.traceback); // in debug mode
  const isHandled = !call.emit(error ? "error" : "success", { data, messages, redirect, error, page: answer.page }); // by a listener that has been there
  if (!error && (isHandled || (element && callOf(element) !== call))) target = undefined; // the next one of it leads on
  if (here() === call.from) await showAnswer(call, answer, target, error);
  // a form that is left stays as it was sent: Back shows what was typed, as it does without scripts, and its key
  const key = isForm(element) && (error ? answer.title && !answer.retry : call.phase !== LEAVING) && fieldsOf(element).idempotency_key;
  if (key) setAttribute(key, "value", newKey()); // its outcome is known: the next one is another call
  if (error) throw error;
  if (!done || call.phase === LEAVING) return data;
  if (has(done, "data-result")) hold(done);
  if (!call.isChanged && !isFile && !call.isAutosave && call.option("data-reset") !== "false") {
    reset(done);
    settle(done);
    for (const each of callsOf(done)) each.contents = contentsOf(done); // in those that wait nobody has typed on
  }
  return data;
}

/** @param {string | null} [url] @returns {URL | undefined} where a browser may be sent to: javascript: is no place */
function webAddress(url) {
  return url && /^http/.test(/** @type {any} */ (absolute(url))) ? absolute(url) : undefined;
}

/** @param {Call} call @param {Answer} answer @param {URL | undefined} target @param {ActionError | undefined} error */
async function showAnswer(call, answer, target, error) {
  const { element } = call;
  const { isElsewhere, isFile, messages, page, stale, unread } = answer;
  if (error && (isElsewhere || target)) return signIn(call, target?.href ?? here(), error);
  if (target && target.href.split("#")[0] !== here()) return void leave(call, target.href);
  const isShown = await showAnswered(call, answer);
  if (!isShown && (error ? stale === "identity" : !isFile && (target || page || element))) await showPage(here(), call);
  if (target?.hash) location.assign(target);
  if (element && (error || call.isChanged)) tell(element, error || {}); // a form that is left as it is says no more what was wrong before
  if (!messages?.[0] || (isShown && !unread)) return;
  // no page shows them; or one that came by itself may have, from the session
  const isLeft = unread || (!target && (page || !element || call.headers.Prefer));
  const { innerHTML, textContent } = document.body;
  messages.forEach(({ category, message }) => (isLeft || !(innerHTML + textContent).includes(message)) && notify(message, "", category));
}

/** @param {Call} call @param {string} url */
async function leave(call, url) {
  call.phase = LEAVING;
  document.cookie = `${LEAVE}=1;path=/;max-age=${LONGEST_LEAVE}`;
  location.assign(url);
  do await pause(PACE);
  while (document.cookie.includes(LEAVE));
  call.finish();
}

/** What was begun is not lost to a sign-in. @param {Call} call @param {string} login @param {ActionError} error */
function signIn(call, login, error) {
  const { element } = call;
  if (!isBegun(call)) void leave(call, login);
  else if (element) tell(element, error, login);
  else notify(error.message, login);
}
