// A call of an action, from its start to its end.

import { hasFile, newKey, typed } from "./bodies.js";
import { parseEvents } from "./events.js";
import { ActionError, tell } from "./messages.js";
import { adopt, datasetOf, getPage, here, parse, show } from "./page.js";
import { mark } from "./pending.js";

/** Name, ID and ordinal of the action that a URL calls. @param {URL} url @returns {string[]} */
const called = (url) => /[?&]_action=([^&#]*)/.exec(url.search)?.[1]?.split("/") ?? [];

/** @type {Set<Call>} */
export const calls = new Set();
let answered = 0;

export class Call {
  stop = new AbortController();
  done = Promise.resolve();
  from = here();
  since = 0;
  renewed = false;
  /** @type {any[]} */
  ghosts = [];

  /** @param {string} path @param {any} body @param {any} [options] @param {any} [element] @param {any} [button] */
  constructor(path, body, options = {}, element, button) {
    this.url = new URL(path, location.href);
    this.body = body;
    this.element = element;
    this.button = button;
    this.options = options;
    this.key = options.key ?? body.get?.("idempotency_key");
    this.signal = options.signal ?? this.stop.signal;
    this.mode = this.option("data-concurrency").replace("ignore", "");
  }

  option(name = "") {
    return this.button?.getAttribute(name) ?? this.element?.getAttribute(name) ?? "";
  }

  emit(type = "", data = {}) {
    const detail = { action: called(this.url)[0], ...data };
    const event = new CustomEvent("action:" + type, { bubbles: true, cancelable: true, detail });
    return (this.element?.isConnected ? this.element : document).dispatchEvent(event);
  }

  /** @param {Event} event */
  start(event) {
    if (event.defaultPrevented || this.url.origin !== location.origin || !called(this.url)[1]) return;
    event.preventDefault();
    const former = [...calls].filter(({ element }) => element === this.element).pop();
    const text = this.option("data-confirm");
    if ((former && !this.mode) || (text && !confirm(text))) return;
    if (former && this.key) this.body.set("idempotency_key", (this.key = newKey()));
    if (this.mode === "latest") former?.stop.abort();
    this.done = this.run(former?.done).catch(() => {});
  }

  async run(former = this.done) {
    if (!this.emit("start", { data: this.body })) return;
    const { element, button = {} } = this;
    const { activeElement } = document;
    const nodes = [...(button.childNodes ?? [])];
    const unmark = () => {
      calls.delete(this);
      for (const node of this.ghosts) node.remove();
      if (element) element.ariaBusy = null;
      button.disabled = false;
      button.replaceChildren?.(...nodes);
      if (activeElement === button && document.activeElement === document.body) button.focus();
    };
    calls.add(this);
    this.mark();
    try {
      await former;
      return await this.finish(await this.ask(this.key && 3).finally(unmark));
    } finally {
      this.emit("finish");
    }
  }

  /** @returns {Promise<any>} */
  async ask(tries = 0) {
    try {
      return await this.read(await this.send());
    } catch {
      this.signal.throwIfAborted();
      if (!tries) return {};
      await new Promise((resolve) => setTimeout(resolve, 4000 / tries));
      return this.ask(tries - 1);
    }
  }

  /** @returns {Promise<any>} */
  send() {
    const { url, body, signal } = this;
    const { token, header } = datasetOf(document);
    const headers = {
      Accept: "application/json, text/event-stream",
      "Idempotency-Key": this.key ?? newKey(),
      ...(token && { [header]: token }),
      ...(this.element && { Prefer: "return=representation" }),
      ...this.options.headers,
    };
    this.since = answered;
    if (body.get && hasFile(body)) return this.upload(headers);
    return fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
  }

  /** fetch has no progress. @param {any} headers */
  upload(headers) {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open("POST", this.url);
      for (const name in headers) xhr.setRequestHeader(name, headers[name]);
      xhr.upload.onprogress = ({ loaded, total }) => this.report({ done: loaded, total });
      xhr.onload = () =>
        resolve({ status: xhr.status, headers: { get: xhr.getResponseHeader.bind(xhr) }, body: xhr.response });
      xhr.onerror = xhr.onabort = reject;
      this.signal.addEventListener("abort", () => xhr.abort());
      xhr.send(this.body);
    });
  }

  /** @param {Response} reply @returns {Promise<any>} */
  async read({ status, headers, body }) {
    if (headers.get("Serveractions") !== "1") return {};
    if (headers.get("Serveractions-Stale") === "true" && (await this.renew())) return this.ask();
    if (headers.get("Content-Type")?.startsWith("text/event-stream")) {
      for await (const { type, data } of parseEvents(new Response(body).body)) {
        if (type !== "progress") return JSON.parse(data);
        this.report(JSON.parse(data));
      }
      throw new Error();
    }
    const { job, ...answer } = await new Response(body).json().catch(() => ({}));
    if (job) return this.read(await fetch(job.url, { headers: { Accept: "text/event-stream" }, signal: this.signal }));
    return { status, retry: headers.get("Retry-After"), ...answer };
  }

  /** @param {any} progress */
  report(progress) {
    const bar = this.element?.querySelector("progress");
    if (bar && progress.total) [bar.max, bar.value] = [progress.total, progress.done];
    this.options.onProgress?.(progress);
    this.emit("progress", { progress });
  }

  /** Gets a fresh ID and token, once. */
  async renew() {
    const html = !this.renewed && (await getPage(this.from));
    const [name, id, ordinal = ""] = called(this.url);
    const payload = id?.split(".")[0];
    const fresh = html && html.match(`_action=${name}/(${payload}\\.[\\w.-]+)${ordinal && "/" + ordinal}["&]`);
    if (!fresh) return;
    this.url.search = this.url.search.replace(`/${id}`, `/${fresh[1]}`);
    const { token } = adopt(parse(html));
    this.body.set?.("csrf_token", token);
    return (this.renewed = true);
  }

  /** @param {any} answer */
  async finish({ data, redirect, page, messages, ...problem }) {
    const { element, button } = this;
    const late = this.since !== answered;
    const count = ++answered;
    const error = data === undefined && new ActionError(problem);
    this.emit(error ? "error" : "success", { data, messages, error });
    if (!error && button !== element && this.option("data-reset") !== "false") {
      // else she types on
      if (typed(new FormData(element, button)) === typed(this.body)) HTMLFormElement.prototype.reset.call(element);
    }
    const key = this.element?.querySelector("[name=idempotency_key]");
    if (!error || (problem.title && !problem.retry)) key?.setAttribute("value", newKey());
    tell(this.element, error || {});
    const url = new URL(redirect ?? problem.login ?? this.from, location.href);
    // another change may be newer
    if (error && late) page = null;
    else if (page ? late : element && !redirect && !error) page = await getPage(url).catch(() => "");
    const stays = here() === this.from;
    if (stays && page && count === answered) {
      show(page, url);
      calls.forEach((call) => call.mark());
    }
    else if (stays && (redirect ?? problem.login)) location.assign(url);
    if (error) throw error;
    return data;
  }

  mark() {
    mark(this);
  }
}

/** Calls an action. @param {string} name @param {any} [data] its arguments @returns {Promise<any>} its result
 * @param {{signal?: AbortSignal, onProgress?: Function, key?: string}} [options] */
export async function call(name, data = {}, options) {
  const path = JSON.parse(datasetOf(document).actions)[name];
  if (!path) throw new Error("No action " + name);
  const body = new FormData();
  for (const key in data) for (const value of [data[key]].flat()) if (value != null) body.append(key, value);
  const json = new Blob([JSON.stringify(data)], { type: "application/json" });
  return new Call(path, hasFile(body) ? body : json, options).run();
}
