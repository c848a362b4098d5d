// A call of an action: what is sent, with what it is marked, what it is told.

import { here, loadedRegions, pageOf, parseAction, withArgument } from "./address.js";
import { pause, readAnswer } from "./answers.js";
import { contentsOf } from "./begun.js";
import { attribute, emit, fieldsOf, find, isForm, read } from "./dom.js";
import { showError } from "./messages.js";
import { loadScreen, loadTransfer } from "./modules.js";
import { about, fieldOfToken, isOurs, nextRequest, tokenHeader } from "./page.js";
import { unmark } from "./pending.js";

/** @typedef {import("./answers.js").Answer} Answer */
/** @typedef {import("./answers.js").Progress} Progress */
/** What a script may say about a call. @typedef {{signal?: AbortSignal, onProgress?: (progress: Progress) => void, key?: string, headers?: Record<string, string>}} Options */
/** A question is open; it waits for its former one, or for an answer, or is shown; the browser leaves. */
export const ASKING = 0, SENDING = 1, LEAVING = 2;

/** Calls that are not over. @type {Set<Call>} */
export const calls = new Set();
const LONGEST_KEPT_ALIVE = 15_000; // characters: of 64 KiB a browser says no (Fetch, 4.7)
const LONGEST_CALL = 2000; // milliseconds, for which what comes by itself waits
export const newKey = () => String(crypto.getRandomValues(new Uint32Array(4)));

export class Call {
  /** One of these. @type {number} */
  phase = ASKING;
  stop = new AbortController();
  number = 0;
  /** @type {boolean | undefined} */
  isRenewed;
  /** Whether it stays as it is: it was refused, or saves itself. @type {unknown} */
  isStaying;
  /** Whether the visitor has typed on since. @type {boolean | undefined} */
  isChanged;
  /** What listeners of `action:start` have added. @type {Record<string, string>} */
  headers = {};
  ended = Promise.withResolvers();
  from = here();
  who = about().who ?? "";

  /**
   * @param {string} source the action's URL, as an attribute has it
   * @param {FormData | Blob} body
   * @param {Options} options
   * @param {HTMLFormElement | HTMLButtonElement} [element] the form, or the button without one
   * @param {HTMLButtonElement | HTMLInputElement | null} [button] what was pressed
   */
  constructor(source, body, options, element, button) {
    this.body = body;
    this.options = options;
    this.element = element;
    this.button = button;
    this.stands = pageOf(element);
    this.action = parseAction(source);
    this.data = body instanceof FormData ? body : undefined;
    this.data?.delete(fieldOfToken()); // the header has one that is never stale
    /** Of a form, as it is sent. */
    this.contents = isForm(element) ? contentsOf(element) : undefined;
    this.once = options.key ?? /** @type {string | null | undefined} */ (this.data?.get("idempotency_key"));
    this.signal = options.signal ?? this.stop.signal;
    this.isAutosave = !!this.option("data-submit");
    this.mode = (this.option("data-concurrency") || (this.isAutosave ? "queue" : "")).replace("ignore", "");
  }

  /** @type {(name: string) => string} an attribute of the button, else of the form */
  option = (name) => (this.button && attribute(this.button, name)) ?? read(this.element, name);

  /** @type {(type: string, data?: object) => boolean} false: it was cancelled */
  emit = (type, data) => emit(type, { action: this.action?.name, ...data }, this.element);

  /** @param {number} [tries] further ones, where no answer comes @returns {Promise<Answer>} */
  async ask(tries = this.once ? 3 : 0) {
    try {
      this.signal.throwIfAborted(); // fetch would do so, an upload would not
      const answer = await readAnswer(await this.send(), this.signal, this.report);
      return answer.stale === "true" && (await this.renew()) ? await this.ask(tries) : answer;
    } catch {
      this.signal.throwIfAborted();
      if (!tries) return {};
      await pause(4000 / tries);
      return this.ask(tries - 1);
    }
  }

  /** @returns {Promise<Response>} */
  async send() {
    const { body, data, signal } = this;
    const regions = loadedRegions();
    /** @type {Record<string, string>} */
    const headers = {
      Accept: "application/json, text/event-stream",
      "Idempotency-Key": this.once ?? newKey(),
      "Serveractions-Who": this.who,
      ...tokenHeader(),
      ...(regions && { "Serveractions-Regions": regions }),
      ...(this.element && { Prefer: "return=representation" }),
      ...this.options.headers,
      ...this.headers,
    };
    const url = withArgument(this.stands, `_action=${this.action?.argument}`);
    this.number = nextRequest();
    const hasFile = data && [...data.values()].some((/** @type {any} */ { size }) => size);
    const keepalive = this.isAutosave && /** @type {string} */ (this.contents).length < LONGEST_KEPT_ALIVE;
    return hasFile
      ? (await loadTransfer()).upload(url, headers, data, signal, this.report)
      : fetch(url, { method: "POST", headers, body, signal, redirect: "manual", keepalive });
  }

  /** @param {Progress} progress */
  report = (progress) => {
    if (this.element) showProgress(this.element, progress);
    this.options.onProgress?.(progress);
    this.emit("progress", { progress });
  };

  /** @returns {Promise<unknown>} its fresh ID, with which it may be sent again: once */
  async renew() {
    if (this.isRenewed || !isOurs(this.element)) return;
    this.isRenewed = true;
    const { freshOf, renew, renewURLs } = await loadScreen();
    const urls = await renew(this.stands, this.number);
    const action = parseAction(freshOf(this.action, urls));
    if (action) this.action = action;
    renewURLs(this.element, urls);
    return action;
  }

  /** Its marks go; who waits for its end may go on. */
  finish() {
    unmark(this);
    calls.delete(this);
    this.ended.resolve(0);
  }
}

/** @param {Element} element @param {Progress} progress shown in its bar, where it has one */
export function showProgress(element, { done, total }) {
  const bar = find("progress", element);
  if (bar && total) Object.assign(bar, { max: total, value: done });
}

/** @param {Element} [element] @returns {Call[]} its calls that are not over */
export const callsOf = (element) => [...calls].filter((call) => call.element === element);

/** @param {Element} [element] @returns {Call | undefined} the latest call of it that is under way */
export const callOf = (element) => callsOf(element).findLast(({ phase }) => phase !== ASKING);

/** Every call that is under way now comes to its end, or is one that takes long: a job, a question that nobody answers. */
export const settled = () => Promise.race([pause(LONGEST_CALL), Promise.all([...calls].map(({ ended }) => ended.promise))]);

/** Asks for the errors of one field, as its value is now. @param {HTMLFormElement} form @param {any} field */
export async function validate(form, field) {
  const { name, told, value } = field;
  const body = new FormData();
  for (const each of new FormData(form).getAll(name)) body.append(name, each);
  const headers = { "Serveractions-Validate": name };
  const { status, errors } = await new Call(read(form, "action"), body, { headers }, form).ask(0);
  // it may have been refused meanwhile, for what no schema knows
  if (field.value === value && field.told === told && (errors || status === 204)) {
    // all of its group
    for (const each of fieldsOf(form)) if (each.name === name) showError(each, errors ?? {});
  }
}

addEventListener("pagehide", () => {
  for (const call of calls) {
    if (!call.isAutosave) call.stop.abort();
    call.finish(); // else Back would find its marks
  }
});
