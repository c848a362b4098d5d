// Sends the forms and buttons of actions by fetch, and shows what comes back: see `Call.run`.

/** @typedef {{signal?: AbortSignal, onProgress?: (progress: any) => void, key?: string}} Options */

const global = /** @type {any} */ (window);
const policy = (global.serveractions ??= global.trustedTypes?.createPolicy("serveractions", { createHTML: String }));
/** @type {Set<Call>} */
const pending = new Set();
let answered = 0;
let shown = "";

const here = () => location.pathname + location.search;
const randomKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-"); // no https needed
/** @param {any} root @param {string} selector @returns {any[]} */
const all = (root, selector) => [...root.querySelectorAll(selector)];
/** @param {any} page @returns {any} its token and URLs */
const dataOf = (page) => page.querySelector("#serveractions")?.dataset ?? {};
/** @param {Document} page */
const adopt = (page) => Object.assign(dataOf(document), dataOf(page));
/** @param {string} accept @returns {any} */
const headersFor = (accept, { token, header } = dataOf(document)) => ({ Accept: accept, ...(token && { [header]: token }) });
/** @param {string} html no script in it runs */
const parse = (html) => new DOMParser().parseFromString(policy?.createHTML(html) ?? html, "text/html");

/** A refusal (problem details, RFC 9457) or failure; `status` 0: no answer came. */
export class ActionError extends Error {
  name = "ActionError";
  status = 0;
  /** @type {Record<string, string[]>} */
  errors = {};
  /** @param {any} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title ?? "No usable answer came. Please try again.");
    Object.assign(this, problem);
  }
}

class Call {
  stop = new AbortController();
  from = here();
  since = 0;
  late = false;
  renewed = false;
  unmark = () => {};
  /** @type {any[]} */
  ghosts = [];

  /** @param {string} path @param {any} body @param {Options} options @param {any} [element] @param {any} [button] */
  constructor(path, body, options, element, button) {
    this.url = new URL(path, document.baseURI);
    this.body = body;
    this.options = options;
    this.element = element;
    this.button = button;
    this.scope = button === element ? element?.parentNode : element;
    this.key = options.key ?? body.get?.("idempotency_key");
    this.signal = AbortSignal.any([this.stop.signal, options.signal ?? this.stop.signal]);
    this.mode = this.option("data-concurrency").replace("ignore", "");
  }

  /** @param {string} name @returns {string} */
  option(name) {
    return this.button?.getAttribute(name) ?? this.element?.getAttribute(name) ?? "";
  }

  /** @param {string} selector @returns {any} */
  near(selector) {
    return this.scope?.querySelector(selector);
  }

  /** @param {string} type @param {object} [detail] */
  emit(type, detail) {
    const target = this.element?.isConnected ? this.element : document;
    const action = this.url.pathname.split("/").at(-2);
    return target.dispatchEvent(new CustomEvent("action:" + type, { bubbles: true, cancelable: true, detail: { action, ...detail } }));
  }

  /** @param {Event} event */
  start(event) {
    if (event.defaultPrevented || !this.url.href.startsWith(new URL(".", import.meta.url).href)) return;
    event.preventDefault();
    const others = [...pending].filter(({ element }) => element === this.element);
    const question = this.option("data-confirm");
    if ((others[0] && !this.mode) || (question && !confirm(question))) return;
    if (others[0] && this.key) this.body.set("idempotency_key", (this.key = randomKey()));
    if (this.mode === "latest") others.forEach(({ stop }) => stop.abort());
    this.done = this.run(others.at(-1)).catch(console.debug);
  }

  /** @param {Call} [former] @returns {Promise<any>} */
  async run(former) {
    if (!this.emit("start", { data: this.body })) this.stop.abort();
    this.signal.throwIfAborted();
    this.mark();
    try {
      await former?.done;
      const answer = await this.ask(this.key ? 3 : 0);
      this.unmark();
      await this.succeed(answer);
      return answer.data;
    } catch (error) {
      this.unmark();
      if (error instanceof ActionError) this.fail(error);
      throw error;
    } finally {
      this.emit("finish");
    }
  }

  /** @param {number} tries @returns {Promise<any>} */
  async ask(tries) {
    try {
      return await this.read(await this.send());
    } catch (error) {
      this.signal.throwIfAborted();
      if (!(error instanceof TypeError)) throw error;
      if (!tries) throw new ActionError({});
      await new Promise((resolve) => setTimeout(resolve, 8000 / 2 ** tries));
      return this.ask(tries - 1);
    }
  }

  /** @returns {Promise<any>} */
  send() {
    const { url, body, signal } = this;
    const headers = headersFor("application/json, text/event-stream");
    headers["Idempotency-Key"] = this.key ?? randomKey();
    if (this.element) headers.Prefer = "return=representation";
    this.since = answered;
    if (body.get && [...body.values()].some(({ size }) => size)) return this.upload(headers);
    return fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
  }

  /** fetch can't tell how much is sent. @param {any} headers */
  upload(headers) {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open("POST", this.url);
      for (const name in headers) xhr.setRequestHeader(name, headers[name]);
      xhr.responseType = "blob";
      xhr.upload.onprogress = ({ loaded, total }) => this.report({ done: loaded, total });
      xhr.onload = () =>
        resolve({ status: xhr.status, headers: { get: xhr.getResponseHeader.bind(xhr) }, body: xhr.response.stream() });
      xhr.onerror = xhr.onabort = () => reject(new TypeError());
      this.signal.onabort = () => xhr.abort();
      xhr.send(this.body);
    });
  }

  /** @param {Response} reply @returns {Promise<any>} */
  async read({ status, headers, body }) {
    if (headers.get("Serveractions-Stale") && (await this.renew())) return this.ask(0);
    if (body && headers.get("Content-Type")?.startsWith("text/event-stream")) {
      for await (const { type, data } of parseEvents(body)) {
        const value = JSON.parse(data);
        if (type === "result") return value;
        if (type === "error") throw new ActionError(value);
        this.report(value);
      }
      throw new TypeError();
    }
    const { signal } = this;
    const answer = await new Response(body).json().catch(() => ({}));
    if (answer.job) return this.read(await fetch(answer.job.url, { headers: headersFor("text/event-stream"), signal }));
    if (status > 299 || !("data" in answer)) throw new ActionError({ status, retry: headers.get("Retry-After"), ...answer });
    return answer;
  }

  /** @param {{done: number, total?: number, message?: string}} progress */
  report(progress) {
    this.options.onProgress?.(progress);
    this.emit("progress", { progress });
    if (progress.total) Object.assign(this.near("progress") ?? {}, { max: progress.total, value: progress.done });
  }

  /** Gets a fresh ID and token, once. */
  async renew() {
    const html = !this.renewed && (await getPage(this.from));
    const fresh = html && html.match(this.url.pathname.replace(/\.[^/]*$/, "\\.[\\w.-]+"));
    if (!fresh) return false;
    this.renewed = true;
    this.url.pathname = fresh[0];
    this.body.set?.("csrf_token", adopt(parse(html)).token);
    return true;
  }

  /** @param {any} answer */
  async succeed({ data, redirect, page: html, messages }) {
    const { element, button, body } = this;
    this.emit("success", { data });
    if (element && element !== button) {
      const same = String([...new FormData(element, button)]) === String([...body]); // else she types on
      if (same && this.option("data-reset") !== "false") HTMLFormElement.prototype.reset.call(element);
      this.renewKey();
      this.showErrors({});
    }
    const url = new URL(redirect ?? location.href, document.baseURI);
    // never a page that may be older than another call's change
    for (let seen = html && !this.late ? answered : -1; seen !== answered && (html || (element && !redirect)); ) {
      seen = answered;
      html = await getPage(url);
    }
    if (here() !== this.from) return;
    if (redirect) turnTo(url, html);
    else if (html) show(parse(html));
    if (this.late || !html) this.say(messages.map((/** @type {any} */ { message }) => message));
  }

  renewKey() {
    const field = this.near("[name=idempotency_key]");
    if (field && field.value === this.key) field.value = randomKey();
  }

  /** @param {any} error */
  fail(error) {
    const { element, late } = this;
    this.emit("error", { error });
    const stays = here() === this.from;
    if (stays && error.login) location.assign(error.login);
    if (error.title && !error.retry) this.renewKey();
    if (stays && error.page && !late && !element.closest("dialog")) show(parse(error.page));
    else if (element) this.showErrors(error.errors, error.message);
    element?.querySelector("[aria-invalid]")?.focus();
  }

  /** @param {Record<string, string[]>} errors @param {string} [message] */
  showErrors(errors, message = "") {
    const homeless = { ...errors };
    for (const field of all(this.element, "[name]")) if (showError(field, errors[field.name])) delete homeless[field.name];
    this.say([message, ...Object.entries(homeless).flat(2)]);
  }

  /** @param {string[]} texts */
  say(texts, text = texts.join(" ")) {
    const place = this.near("[data-message]");
    if (place) place.textContent = text;
    else if (this.element && text) alert(text);
  }

  mark() {
    const { element, button = {}, mode } = this;
    const { activeElement } = document;
    const { value, childNodes = [] } = button;
    const nodes = [...childNodes];
    const text = this.option("data-pending");
    pending.add(this);
    this.haunt();
    this.say([]);
    element?.setAttribute("aria-busy", "true");
    button.disabled = !mode;
    if (text) button.localName === "input" ? (button.value = text) : button.replaceChildren(text);
    this.unmark = () => {
      if (!pending.delete(this)) return;
      this.late = this.since !== answered++;
      this.ghosts.forEach((ghost) => ghost.remove());
      button.disabled = false;
      if (text) button.localName === "input" ? (button.value = value) : button.replaceChildren(...nodes);
      if (activeElement === button) button.focus({ preventScroll: true });
      if (![...pending].some((other) => other.element === element)) element?.removeAttribute("aria-busy");
    };
  }

  /** Shows the optimistic template, with what was typed. */
  haunt() {
    const template = this.near("template[data-optimistic]") ?? document.querySelector(this.option("data-optimistic") || "_");
    if (!template) return;
    const copy = template.content.cloneNode(true);
    for (const place of all(copy, "[data-value]")) place.textContent = this.body.get(place.dataset.value);
    this.ghosts.forEach((ghost) => ghost.remove());
    this.ghosts = [...copy.childNodes];
    template.before(copy);
  }
}

/** Reads text/event-stream, in any chunks (WHATWG). @param {ReadableStream<Uint8Array>} stream */
export async function* parseEvents(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  for (let rest = "", done = false; !done; ) {
    const chunk = await reader.read();
    done = chunk.done;
    rest += decoder.decode(chunk.value, { stream: !done });
    const blocks = rest.replace(done ? /\r\n?/g : /\r\n|\r(?!$)/g, "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n").map((line) => line.split(/: ?(.*)/s));
      const values = (/** @type {string} */ name) => lines.filter(([field]) => field === name).map(([, value = ""]) => value);
      const data = values("data");
      if (data[0] != null) yield { type: values("event").at(-1) || "message", data: data.join("\n") };
    }
  }
}

/** @param {any} url @returns {Promise<any>} the HTML that is there now */
async function getPage(url) {
  const options = /** @type {const} */ ({ headers: { Accept: "text/html" }, cache: "no-store", redirect: "manual" });
  const reply = await fetch(url, options).catch(Response.error);
  return reply.ok && reply.headers.get("Content-Type")?.startsWith("text/html") && reply.text();
}

/** @param {any} field @param {string[]} [texts] */
function showError(field, texts) {
  const place = document.getElementById(field.getAttribute("aria-describedby")?.split(" ")[0]);
  field.ariaInvalid = texts ? "true" : null;
  if (place) place.textContent = texts?.join(" ") ?? "";
  return place;
}

/** @param {URL} url @param {any} html */
function turnTo(url, html) {
  const page = html && parse(html);
  const assets = (/** @type {any} */ root) => String(all(root, "script,[rel=stylesheet]").map(({ src, href }) => src ?? href));
  if (!page || assets(page) !== assets(document)) return location.assign(url);
  const moves = url.pathname + url.search !== here();
  history[moves ? "pushState" : "replaceState"]({ serveractions: 1 }, "", url);
  shown = here();
  show(page);
  const target = document.getElementById(url.hash.slice(1));
  if (target || moves) (target ?? document.body).scrollIntoView();
}

/** @param {Document} page */
function show(page) {
  const regions = all(document, "[data-region]").map(({ dataset }) => `[data-region="${dataset.region}"]`);
  const whole = [document, page].every((root) => root.querySelector("main")) ? "main" : "body";
  document.title = page.title;
  adopt(page);
  for (const selector of regions[0] ? regions : [whole]) {
    const [old, fresh] = [document, page].map((root) => root.querySelector(selector));
    if (old && fresh) swap(old, fresh);
  }
  pending.forEach((call) => call.haunt());
}

/** @param {Element} old @param {Element} fresh */
function swap(old, fresh) {
  const open = all(old, "details[open]");
  const beforeNodeMorphed = (/** @type {any} */ { value, defaultValue = value, ariaBusy }) => value === defaultValue && !ariaBusy;
  global.Idiomorph ? global.Idiomorph.morph(old, fresh, { callbacks: { beforeNodeMorphed } }) : morph(old, fresh);
  open.forEach((details) => (details.open = true));
  global.htmx?.process(old);
}

/** Makes `old` like `fresh`, keeping the nodes of whatever stands for the same thing. @param {any} old @param {any} fresh */
function morph(old, fresh) {
  if (old.ariaBusy || old.localName === "script") return;
  if (old.data !== fresh.data) old.data = fresh.data;
  for (const { name } of [...(old.attributes ?? [])]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes ?? []) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const rest = [...old.childNodes];
  const pairs = [...fresh.childNodes].map((child) => {
    const n = rest.findIndex((node) => isSame(node, child));
    return n < 0 ? [child.cloneNode(true)] : [rest.splice(n, 1)[0], child];
  });
  rest.forEach((node) => node.remove());
  let next = old.firstChild;
  for (const [node, child] of pairs) {
    if (node === next) next = next.nextSibling;
    else old.insertBefore(node, next);
    if (child) morph(node, child);
  }
}

/** @param {any} a @param {any} b */
function isSame(a, b) {
  const [ids, others] = [a, b].map(({ outerHTML = "" }) => outerHTML.match(/\b(id="[^"]*|action="[^"?]*\/[^".?]*)/g) ?? [""]);
  return a.nodeName === b.nodeName && ids.some((/** @type {string} */ id) => others.includes(id));
}

/** Calls an action by its name, with arguments that may hold Files. With a `key` it is sent again where no answer came.
 * @param {string} name @param {object} [data] @param {Options} [options] @returns {Promise<any>} its result */
export async function call(name, data = {}, options = {}) {
  const path = JSON.parse(dataOf(document).actions ?? "{}")[name];
  if (!path) throw new Error(`No ${name} in serveractions_script().`);
  const form = new FormData();
  for (const [key, value] of Object.entries(data)) for (const item of [value].flat()) if (item != null) form.append(key, item);
  const hasFile = [...form.values()].some((value) => value instanceof File);
  return new Call(path, hasFile ? form : new Blob([JSON.stringify(data)], { type: "application/json" }), options).run();
}

/** @type {Record<string, (event: any) => any>} */
const listeners = {
  submit(event) {
    const { target: form, submitter } = event;
    const attribute = (/** @type {string} */ name) => submitter?.getAttribute("form" + name) ?? form.getAttribute(name) ?? "";
    const isOurs = form.hasAttribute("data-serveraction") && /^post$/i.test(attribute("method"));
    if (!isOurs || !/^(_self)?$/i.test(attribute("target"))) return;
    // not form.action, which a field of that name shadows
    new Call(attribute("action"), new FormData(form, submitter), {}, form, submitter ?? undefined).start(event);
  },
  click(event) {
    const button = event.target.closest("button[data-action]");
    if (button) new Call(button.dataset.action, new URLSearchParams(), {}, button, button).start(event);
  },
  async change({ target }) {
    const { form, name, value } = target;
    if (!form?.hasAttribute("data-serveraction") || !target.closest("[data-validate]")) return;
    const body = new FormData();
    for (const item of new FormData(form).getAll(name)) body.append(name, item);
    const headers = { ...headersFor("application/json"), "Serveractions-Validate": name };
    const reply = await fetch(form.getAttribute("action"), { method: "POST", headers, body });
    const { errors = {} } = reply.status === 422 ? await reply.json() : {};
    if (target.value === value) showError(target, errors[name]);
  },
};
for (const [type, listener] of Object.entries(listeners)) document.addEventListener(type, listener);
addEventListener("pagehide", () => pending.forEach(({ stop }) => stop.abort())); // Back finds no marks
addEventListener("popstate", ({ state }) => (shown || state?.serveractions) && here() !== shown && location.reload());
