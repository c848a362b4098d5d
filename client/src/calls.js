// A call of an action: what is sent, with what it is marked, what it is told.

import { here, loadedRegions, pageOf, parseAction, renewURLs, urlToPost } from "./address.js";
import { pause, readAnswer } from "./answers.js";
import { contentsOf } from "./begun.js";
import { attribute, find } from "./elements.js";
import { showError } from "./messages.js";
import { loadScreen } from "./modules.js";
import { about, fieldOfToken } from "./page.js";
import { unmark } from "./pending.js";
import { renew } from "./renew.js";

/** @typedef {import("./answers.js").Answer} Answer */
/** @typedef {import("./answers.js").Progress} Progress */
/** What a script may say about a call. @typedef {{signal?: AbortSignal, onProgress?: (progress: Progress) => void, key?: string, headers?: Record<string, string>}} Options */
/** A question is open; it waits for its former one, or for an answer; it is told and shown; the browser leaves.
 * @typedef {"asking" | "sending" | "answered" | "leaving" | "over"} State */

/** Calls that are not over. @type {Set<Call>} */
export const calls = new Set();
const LONGEST_KEPT_ALIVE = 15_000; // characters: of 64 KiB a browser says no (Fetch, 4.7)
let requests = 0;
/** @returns {number} the place of a request that may bring a page among its like */
export const nextRequest = () => ++requests;
export const newKey = () => String(crypto.getRandomValues(new Uint32Array(4)));

export class Call {
  /** @type {State} */
  state = "asking";
  stop = new AbortController();
  number = 0;
  sentAt = 0; // of performance.now()
  isRenewed = false;
  /** What listeners of `action:start` have added. @type {Record<string, string>} */
  headers = {};
  ended = Promise.withResolvers();
  from = here();

  /**
   * @param {string} source the action's URL, as an attribute has it
   * @param {FormData | Blob} body
   * @param {Options} options
   * @param {HTMLFormElement | HTMLButtonElement} [element] the form, or the button without one
   * @param {HTMLButtonElement | HTMLInputElement | null} [button] what was pressed
   */
  constructor(source, body, options, element, button) {
    this.source = source;
    this.body = body;
    this.options = options;
    this.element = element;
    this.button = button;
    this.page = pageOf(element);
    this.action = parseAction(source);
    this.data = body instanceof FormData ? body : undefined;
    this.data?.delete(fieldOfToken()); // the header has one that is never stale
    this.contents = element instanceof HTMLFormElement ? contentsOf(element) : "";
    this.key = options.key ?? /** @type {string | undefined} */ (this.data?.get("idempotency_key") ?? undefined);
    this.signal = options.signal ?? this.stop.signal;
    this.isAutosave = !!this.option("data-submit");
    this.mode = (this.option("data-concurrency") || (this.isAutosave ? "queue" : "")).replace("ignore", "");
  }

  /** @type {(name: string) => string} an attribute of the button, else of the form */
  option = (name) => (this.button && attribute(this.button, name)) ?? (this.element && attribute(this.element, name)) ?? "";

  /** @param {string} type @param {object} [data] @returns {boolean} false: it was cancelled */
  emit(type, data) {
    const detail = { action: this.action?.name, ...data };
    const event = new CustomEvent(`action:${type}`, { bubbles: true, cancelable: true, detail });
    const { element } = this;
    return EventTarget.prototype.dispatchEvent.call(element && document.contains(element) ? element : document, event);
  }

  /** @param {number} [tries] further ones, where no answer comes @returns {Promise<Answer>} */
  async ask(tries = this.key ? 3 : 0) {
    try {
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
  send() {
    const { body, data, signal } = this;
    const { token = "", header = "X-CSRFToken", who = "" } = about(document);
    const regions = loadedRegions();
    /** @type {Record<string, string>} */
    const headers = {
      Accept: "application/json, text/event-stream",
      "Idempotency-Key": this.key ?? newKey(),
      [header]: token,
      "Serveractions-Who": who,
      ...(regions && { "Serveractions-Regions": regions }),
      ...(this.element && { Prefer: "return=representation" }),
      ...this.options.headers,
      ...this.headers,
    };
    const url = urlToPost(this.source, this.page);
    this.number = nextRequest();
    this.sentAt = performance.now();
    const hasFile = [...(data?.values() ?? [])].some((value) => value instanceof File && value.size);
    return data && hasFile
      ? loadScreen().then(({ upload }) => upload(url, headers, data, signal, this.report))
      : fetch(url, { method: "POST", headers, body, signal, redirect: "manual", keepalive: this.isAutosave && this.contents.length < LONGEST_KEPT_ALIVE });
  }

  /** @param {Progress} progress */
  report = (progress) => {
    const bar = /** @type {HTMLProgressElement | undefined} */ (this.element && find(this.element, "progress"));
    if (bar && progress.total) [bar.max, bar.value] = [progress.total, progress.done];
    this.options.onProgress?.(progress);
    this.emit("progress", { progress });
  };

  /** @returns {Promise<boolean>} whether it has a fresh ID, and may be sent again: once */
  async renew() {
    if (this.isRenewed) return false;
    this.isRenewed = true;
    const urls = await renew(this.page, this.sentAt);
    const source = urls.get(this.action?.identity);
    if (source) this.source = source;
    if (this.element) renewURLs(this.element, urls);
    return !!source;
  }

  /** Its marks go; who waits for its end may go on. */
  finish() {
    this.state = "over";
    unmark(this);
    calls.delete(this);
    this.ended.resolve(0);
  }
}

/** @param {Element} element @returns {boolean} whether a call of it is under way */
export const isCalling = (element) => [...calls].some((call) => call.element === element);

/** Every call that is under way now comes to its end. */
export const settled = () => Promise.all([...calls].map(({ ended }) => ended.promise));

/** Asks for the errors of one field, as its value is now. @param {HTMLFormElement} form @param {HTMLInputElement} field */
export async function validate(form, field) {
  const { name, value } = field;
  const body = new FormData();
  for (const each of new FormData(form).getAll(name)) body.append(name, each);
  const headers = { "Serveractions-Validate": name };
  const { status, errors } = await new Call(attribute(form, "action") ?? "", body, { headers }, form).ask(0);
  if (field.value === value && (errors || status === 204)) showError(field, errors?.[name]);
}

addEventListener("pagehide", () => {
  for (const call of calls) {
    if (!call.isAutosave) call.stop.abort();
    call.finish(); // else Back would find its marks
  }
});
