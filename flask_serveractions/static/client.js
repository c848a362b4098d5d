// Calls actions, shows what comes back.

const global = /** @type {any} */ (window);
const policy = global.trustedTypes?.createPolicy("serveractions", { createHTML: String });
/** @type {Set<Call>} */
const calls = new Set();
let answered = 0;
let shown = "";

const here = () => location.pathname + location.search;
const newKey = () => String(crypto.getRandomValues(new Uint32Array(4)));
/** @param {any} root */
const all = (root, name = "") => [...root.querySelectorAll(name)];
/** @param {any} body */
const hasFile = (body) => [...body.values()].some(({ size }) => size >= 0);
/** Without tokens and keys. @param {any} body */
const typed = (body) => String([...body].filter(([name]) => !/^(csrf|idem)/.test(name)));
/** @param {any} page */
const datasetOf = (page) => page.querySelector("script#serveractions")?.dataset ?? {};
/** @param {any} page */
const adopt = (page) => Object.assign(datasetOf(document), datasetOf(page));
const parse = (html = "") => new DOMParser().parseFromString(policy?.createHTML(html) ?? html, "text/html");

/** A problem (RFC 9457); `status` 0: no answer. */
export class ActionError extends Error {
  name = "ActionError";
  status = 0;
  errors = {};
  /** @param {any} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title ?? "No usable answer. Please try again.");
    Object.assign(this, problem);
  }
}

class Call {
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
    const detail = { action: this.url.pathname.split("/").at(-2), ...data };
    const event = new CustomEvent("action:" + type, { bubbles: true, cancelable: true, detail });
    return (this.element?.isConnected ? this.element : document).dispatchEvent(event);
  }

  /** @param {Event} event */
  start(event) {
    if (event.defaultPrevented || !this.url.href.startsWith(new URL(".", import.meta.url).href)) return;
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
    if (headers.get("Serveractions-Stale") && (await this.renew())) return this.ask();
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
    const fresh = html && html.match(this.url.pathname.replace(/\.[^/]*$/, "\\.[\\w.-]+"));
    if (!fresh) return;
    this.url.pathname = fresh[0];
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
    this.tell(error || {});
    const url = new URL(redirect ?? problem.login ?? this.from, location.href);
    // another change may be newer
    if (error && late) page = null;
    else if (page ? late : element && !redirect && !error) page = await getPage(url).catch(() => "");
    const stays = here() === this.from;
    if (stays && page && count === answered) show(page, url);
    else if (stays && (redirect ?? problem.login)) location.assign(url);
    if (error) throw error;
    return data;
  }

  /** @param {any} error */
  tell({ message = "", errors = {} }) {
    if (!this.element) return;
    for (const field of all(this.element, "[name]")) {
      if (showError(field, errors[field.name]) === message) message = "";
    }
    const node = this.element.querySelector("[data-message]");
    if (node) node.textContent = message;
    else if (message) alert(message);
    this.element.querySelector("[aria-invalid=true]")?.focus();
  }

  mark() {
    const { element, button = {}, mode } = this;
    const text = !mode && this.option("data-pending");
    const template =
      element?.querySelector("template[data-optimistic]") ?? document.getElementById(this.option("data-optimistic"));
    if (element) element.ariaBusy = "true";
    button.disabled = !mode;
    if (text) button.replaceChildren(text);
    if (!template) return;
    const copy = template.content.cloneNode(true);
    for (const node of all(copy, "[data-value]")) node.textContent = this.body.get(node.dataset.value);
    for (const node of this.ghosts) node.remove();
    this.ghosts = [...copy.childNodes];
    template.before(copy);
  }
}

/** Reads text/event-stream. @param {any} stream */
export async function* parseEvents(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const blocks = rest.replace(done ? /\r\n?/g : /\r\n|\r(?!$)/g, "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n").map((line) => line.split(/: ?(.*)/s));
      const data = lines.filter(([name]) => name === "data").map(([, value = ""]) => value);
      const { event } = Object.fromEntries(lines);
      if (data[0] != null) yield { type: event || "message", data: data.join("\n") };
    }
    if (done) return;
  }
}

/** @param {any} url @returns {Promise<any>} */
async function getPage(url) {
  const reply = await fetch(url, { cache: "no-store", redirect: "manual" });
  return reply.ok && reply.text();
}

/** @param {any} field @param {any} [texts] */
function showError(field, texts) {
  const node = document.getElementById(field.getAttribute("aria-describedby")?.split(" ")[0]);
  field.ariaInvalid = texts ? "true" : null;
  if (node) return (node.textContent = texts?.join(" ") ?? "");
}

/** @param {any} html @param {any} url */
function show(html, url) {
  const page = parse(html);
  const moves = url.pathname + url.search !== here();
  if (moves && [...page.scripts].some(({ src }, n) => src !== document.scripts[n]?.src)) return location.assign(url);
  if (moves) {
    history.pushState({ serveractions: 1 }, "", url);
    shown = here();
  }
  document.title = page.title;
  adopt(page);
  const regions = all(document, "[data-region]");
  const main = (root = page) => root.querySelector("main") ?? root.body;
  for (const old of regions[0] ? regions : [main(document)]) {
    const fresh = regions[0] ? page.querySelector(`[data-region="${old.dataset.region}"]`) : main();
    if (fresh) (global.Idiomorph?.morph ?? morph)(old, fresh, { callbacks });
  }
  calls.forEach((call) => call.mark());
  if (url.hash) location.replace(url);
  else if (moves) scrollTo(0, 0);
}

const callbacks = {
  beforeNodeMorphed: (/** @type {any} */ { value, defaultValue = value }) => value === defaultValue,
  beforeAttributeUpdated: (name = "") => name !== "open",
};

/** Keeps the nodes that stand for the same thing. @param {any} old @param {any} fresh */
function morph(old, fresh) {
  if (old.localName === "script") return;
  if (old.data !== fresh.data) old.data = fresh.data;
  for (const { name } of [...(old.attributes ?? [])])
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of fresh.attributes ?? [])
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const rest = new Set(old.childNodes);
  const nodes = [...fresh.childNodes].map((child) => {
    const ids = idsOf(child);
    const node = [...rest].find(
      (node) => node.nodeName === child.nodeName && idsOf(node).some((id) => ids.includes(id)),
    );
    if (!rest.delete(node)) return child.cloneNode(true);
    morph(node, child);
    return node;
  });
  for (const node of rest) node.remove();
  nodes.forEach((node, n) => node === old.childNodes[n] || old.insertBefore(node, old.childNodes[n]));
}

const idsOf = ({ outerHTML = "" }) => outerHTML.match(/\b(id="[^"]*|action="[^"?]*\/[^".?]*)/g) ?? [""];

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

document.addEventListener("submit", (event) => {
  const { target: form, submitter: button } = /** @type {any} */ (event);
  const attribute = (name = "") => button?.getAttribute("form" + name) ?? form.getAttribute(name) ?? "";
  const way = attribute("method") + attribute("target");
  if (!form.hasAttribute("data-serveraction") || !/^post(_self)?$/i.test(way)) return;
  // form.action may be a field
  new Call(attribute("action"), new FormData(form, button), {}, form, button ?? undefined).start(event);
});

document.addEventListener("click", (event) => {
  const button = /** @type {any} */ (event).target.closest?.("button[data-action]");
  if (button) new Call(button.dataset.action, new URLSearchParams(), {}, button, button).start(event);
});

document.addEventListener("change", async (event) => {
  const { target } = /** @type {any} */ (event);
  const { form, name, value } = target;
  if (!form?.hasAttribute("data-serveraction") || !target.closest("[data-validate]")) return;
  const body = new FormData();
  for (const value of new FormData(form).getAll(name)) body.append(name, value);
  const call = new Call(form.getAttribute("action"), body, { headers: { "Serveractions-Validate": name } });
  const { errors = {} } = await call.ask();
  if (target.value === value) showError(target, errors[name]);
});

addEventListener("pagehide", () => calls.forEach(({ stop }) => stop.abort()));
addEventListener("popstate", ({ state }) => (shown || state?.serveractions) && here() !== shown && location.reload());
