// Shows an OpenAPI 3.1 document, and sends the requests that it describes. See `start` at the end.

import { h, inline, prose } from "./elements.js";
import { JSON_TYPE, asCurl, requestOf } from "./requests.js";
import { api, exampleOf, kindsOf, limitsOf, outline, resolve, source, typeOf } from "./schemas.js";

/** @typedef {Record<string, any>} Json */
/** @typedef {import("./requests.js").Entry} Entry */

const METHODS = ["get", "post", "put", "patch", "delete"];
const PROBLEM = "application/problem+json";
/** What a browser sends by itself or not at all. */
const UNSENDABLE = "The browser sends this by itself.";

// Inputs

let inputs = 0;

/** @param {Json} parameter @param {string} note @returns {any} a row: what it is, and an input to try it */
function row(parameter, note) {
  const schema = resolve(parameter.schema);
  const id = `input-${++inputs}`;
  const input = inputFor(schema, {
    id,
    name: parameter.name,
    "data-in": parameter.in,
    "aria-describedby": `${id}-about`,
  });
  if (parameter.in === "cookie") input.disabled = true;
  const limits = limitsOf(schema);
  return h(
    "div",
    { class: "row" },
    h(
      "label",
      { for: id },
      h("code", null, parameter.name),
      parameter.required && h("span", { class: "required" }, " required"),
    ),
    input,
    h(
      "div",
      { class: "note", id: `${id}-about` },
      h("p", null, h("span", { class: "type" }, typeOf(parameter.schema)), ` ${note}`, limits && ` · ${limits}`),
      parameter.description && h("p", null, inline(parameter.description)),
      parameter.in === "cookie" && h("p", null, UNSENDABLE),
    ),
  );
}

/** @param {Json} schema @param {Json} attributes @returns {any} */
function inputFor(schema, attributes) {
  const kinds = kindsOf(schema);
  const items = kinds.includes("array") ? resolve(schema.items ?? {}) : schema;
  if (items.format === "binary") return h("input", { ...attributes, type: "file", multiple: items !== schema });
  const choices = schema.enum ?? (kinds.includes("boolean") ? [true, false] : null);
  if (choices)
    return h(
      "select",
      attributes,
      h("option", { value: "" }, "–"),
      choices.map((/** @type {any} */ each) => h("option", null, String(each))),
    );
  if (items !== schema) return h("textarea", { ...attributes, rows: 2, placeholder: "One a line", "data-list": true });
  const type = kinds.some((kind) => /integer|number/.test(kind))
    ? "number"
    : schema.format === "password"
      ? "password"
      : "text";
  const placeholder = schema.default ?? schema.examples?.[0];
  return h("input", { ...attributes, type, step: "any", placeholder, autocomplete: "off", spellcheck: "false" });
}

// Sending

/** Sends what the form says, and shows what comes back. @param {Entry} entry @param {any} form */
async function send(entry, form) {
  const output = form.querySelector("output");
  const sending = requestOf(entry, form);
  const command = h(
    "details",
    null,
    h("summary", null, "The same with curl"),
    h("pre", { tabindex: 0 }, asCurl(sending)),
  );
  output.replaceChildren(h("p", null, "Sending…"));
  const began = performance.now();
  try {
    const response = await fetch(sending.url, sending.init);
    const body = await shown(response);
    output.replaceChildren(...answer(response, Math.round(performance.now() - began), body), command);
  } catch (error) {
    output.replaceChildren(h("p", { class: "failed" }, `No answer came: ${error}`), command);
  }
}

/** @param {Response} response @param {number} milliseconds @param {any} body @returns {any[]} */
function answer(response, milliseconds, body) {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  return [
    h(
      "p",
      null,
      badge(String(response.status)),
      ` ${response.statusText} `,
      h("span", { class: "muted" }, `${milliseconds} ms`),
    ),
    body,
    h(
      "details",
      null,
      h("summary", null, `${[...response.headers].length} headers`),
      h("pre", { tabindex: 0 }, headers),
    ),
  ];
}

/** @param {Response} response @returns {Promise<any>} its body, to read or to save */
async function shown(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (/json/.test(type)) return h("pre", { tabindex: 0 }, pretty(await response.text()));
  const blob = await response.blob();
  if (!blob.size) return h("p", { class: "muted" }, "No body.");
  if (/^text\/|xml/.test(type)) return h("pre", { tabindex: 0 }, await blob.text());
  return h(
    "p",
    null,
    h("a", { href: URL.createObjectURL(blob), download: "answer" }, `Save ${blob.size} bytes of ${type}`),
  );
}

/** @param {string} text @returns {string} */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// Operations

/** @param {string} status @returns {any} */
const badge = (status) => h("span", { class: `status s${status[0]}` }, status);

/** @param {Entry} entry @returns {any} */
const signature = ({ method, path }) => [
  h("span", { class: `method ${method}` }, method.toUpperCase()),
  h(
    "code",
    { class: "path" },
    path
      .split(/(\{\w+\})/)
      .map((part) => (part.startsWith("{") ? h("var", null, part) : [part.replaceAll("/", "/\u200b")])),
  ),
];

/** @param {Entry} entry @returns {any} an operation: to read, and to try */
function card(entry) {
  const { operation, parameters } = entry;
  const needs = (operation.security ?? []).flatMap((/** @type {Json} */ each) => Object.keys(each));
  const form = h(
    "form",
    { class: "try", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), send(entry, form)) },
    parameters.length > 0 && h("h4", null, "Parameters"),
    parameters.map((parameter) => row(parameter, parameter.in)),
    operation.requestBody && bodyFields(resolve(operation.requestBody)),
    h("p", { class: "buttons" }, h("button", null, "Send")),
    h("output", { "aria-live": "polite" }),
  );
  return h(
    "details",
    { class: "operation", id: operation.operationId },
    h(
      "summary",
      null,
      h("h3", null, signature(entry)),
      h("span", { class: "summary" }, operation.summary ?? ""),
      needs.length > 0 && h("span", { class: "needs" }, `needs ${needs.join(" or ")}`),
    ),
    h("div", { class: "inside" }, prose(operation.description), form, h("h4", null, "Answers"), answers(operation)),
  );
}

/** @param {Json} body @returns {any} the body's fields, by media type */
function bodyFields(body) {
  /** @type {any} */
  const types = Object.keys(body.content);
  const id = `input-${++inputs}`;
  const place = h("div", null);
  const select = h(
    "select",
    {
      id,
      "data-media": true,
      onchange: () => place.replaceChildren(...fieldsOf(body.content[select.value], select.value)),
    },
    types.map((/** @type {string} */ type) => h("option", null, type)),
  );
  place.append(...fieldsOf(body.content[types[0]], types[0]));
  return [
    h("h4", null, "Body", body.required && h("span", { class: "required" }, " required")),
    h("p", { class: "media" }, h("label", { for: id }, "Sent as "), select),
    place,
  ];
}

/** @param {Json} media @param {string} type @returns {any[]} */
function fieldsOf(media, type) {
  if (type !== JSON_TYPE) {
    const schema = resolve(media.schema);
    const known = Object.entries(schema.properties ?? {}).map(([name, value]) => ({
      name,
      in: "body",
      schema: value,
      required: schema.required?.includes(name),
      description: resolve(value).description,
    }));
    return known.map((field) => row(field, ""));
  }
  const text = JSON.stringify(exampleOf(media.schema), null, 2);
  const area = h("textarea", {
    "data-json": true,
    "aria-label": "JSON body",
    rows: Math.min(text.split("\n").length + 1, 16),
    spellcheck: "false",
  });
  area.value = text;
  return [
    h(
      "div",
      { class: "pair" },
      area,
      h("pre", { tabindex: 0, "aria-label": "Shape of the body" }, outline(media.schema)),
    ),
  ];
}

/** @param {Json} operation @returns {any[]} what comes back; the failures, which look alike, below a fold */
function answers(operation) {
  const all = Object.entries(operation.responses).map(([status, given]) => ({ status, response: resolve(given) }));
  const isProblem = (/** @type {Json} */ { response }) => PROBLEM in (response.content ?? {});
  const failures = all.filter(isProblem);
  const problem = failures[0]?.response.content[PROBLEM].schema ?? {};
  const shape = h("pre", { tabindex: 0, "aria-label": "Shape of problem details" }, outline(problem));
  return [
    h("dl", { class: "answers" }, all.filter((each) => !isProblem(each)).map(described)),
    failures.length > 0 &&
      h(
        "details",
        { class: "failures" },
        h("summary", null, `Failures, as problem details: ${failures.map(({ status }) => status).join(", ")}`),
        h("dl", { class: "answers" }, failures.map(described)),
        shape,
      ),
  ];
}

/** @param {{status: string, response: Json}} answer @returns {any} */
function described({ status, response }) {
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) =>
    h("p", { class: "muted" }, h("code", null, name), " ", inline(resolve(header).description ?? "")),
  );
  const bodies = Object.entries(response.content ?? {})
    .filter(([type]) => type !== PROBLEM)
    .map(([type, media]) => [
      h("p", { class: "muted" }, type),
      h("pre", { tabindex: 0, "aria-label": `Shape of ${status}` }, outline(media.schema ?? {})),
    ]);
  return h("div", null, h("dt", null, badge(status)), h("dd", null, prose(response.description), headers, bodies));
}

/** @returns {any} fields for what the security schemes want; kept in this page alone */
function credentials() {
  const schemes = Object.entries(api.components?.securitySchemes ?? {});
  if (!schemes.length) return null;
  return h(
    "section",
    { class: "credentials", "aria-labelledby": "credentials" },
    h("h2", { id: "credentials" }, "Credentials"),
    h("p", { class: "muted" }, "Sent with each request below that takes them, and forgotten with this page."),
    schemes.map(([name, given]) => credential(name, resolve(given))),
  );
}

/** @param {string} name @param {Json} scheme @returns {any} */
function credential(name, scheme) {
  const kind = scheme.type === "apiKey" ? `${scheme.in} ${scheme.name}` : (scheme.scheme ?? scheme.type);
  if (scheme.in === "cookie")
    return h("p", null, h("code", null, name), ` (${kind}): `, inline(scheme.description ?? ""), " ", UNSENDABLE);
  const field = (/** @type {string} */ label, /** @type {string} */ type) =>
    h("label", null, label, h("input", { type, "data-scheme": name, autocomplete: "off", spellcheck: "false" }));
  const fields =
    scheme.scheme === "basic" ? [field("User", "text"), field("Password", "password")] : [field("Token", "password")];
  const legend = h("legend", null, h("code", null, name), name === kind ? "" : ` ${kind}`);
  return h(
    "form",
    { onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    h("fieldset", null, legend, prose(scheme.description), h("div", { class: "fields" }, fields)),
  );
}

// The page

/** @returns {Entry[]} every operation, with the parameters of its path */
function entries() {
  return Object.entries(api.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(resolve);
      return { method, path, operation: item[method], parameters };
    }),
  );
}

/** @param {Entry} entry @returns {any} */
function link({ path, operation, ...entry }) {
  const short = { ...entry, operation, path: path.replace(/\/\{signature\}$/, "") }; // every action's path has it
  return h(
    "li",
    { "data-for": operation.operationId },
    h("a", { href: `#${operation.operationId}` }, signature(short)),
  );
}

/** @param {Entry[]} listed */
function show(listed) {
  const names = (api.tags ?? []).map((/** @type {Json} */ tag) => tag.name);
  const tags = [...new Set([...names, ...listed.flatMap(({ operation }) => operation.tags ?? [])])];
  const groups = tags.map((tag) => ({ tag, members: listed.filter(({ operation }) => operation.tags?.includes(tag)) }));
  const about = (/** @type {string} */ tag) =>
    (api.tags ?? []).find((/** @type {Json} */ each) => each.name === tag)?.description;
  /** @type {any} */ (document.getElementById("index")).replaceChildren(
    ...groups.map(({ tag, members }) => h("section", null, h("h2", null, tag), h("ul", null, members.map(link)))),
  );
  /** @type {any} */ (document.getElementById("main")).replaceChildren(
    credentials() ?? "",
    ...groups.map(({ tag, members }) => h("section", null, h("h2", null, tag), prose(about(tag)), members.map(card))),
  );
}

/** Hides what does not hold the words. @param {string} typed */
function filter(typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { method, path, operation } of entries()) {
    const { operationId: id, summary, description } = operation;
    const text = [method, path, id, summary, description].join(" ").toLowerCase();
    const found = words.every((word) => text.includes(word));
    for (const element of /** @type {any} */ (
      document.querySelectorAll(`#${CSS.escape(id)}, [data-for="${CSS.escape(id)}"]`)
    )) {
      element.hidden = !found;
    }
  }
  for (const section of /** @type {any} */ (
    document.querySelectorAll("main > section:not(.credentials), #index > section")
  )) {
    section.hidden = ![...section.querySelectorAll(".operation, li")].some((element) => !element.hidden);
  }
}

/** Opens the operation that the URL names. */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

async function start() {
  const main = /** @type {HTMLElement} */ (document.getElementById("main"));
  try {
    const response = await fetch(source, { headers: { Accept: JSON_TYPE } });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    Object.assign(api, await response.json());
    show(entries());
    document.getElementById("version")?.append(api.info.version === "0" ? "" : `Version ${api.info.version}`);
    document.getElementById("about")?.append(...prose(api.info.description));
    document
      .getElementById("filter")
      ?.addEventListener("input", ({ target }) => filter(/** @type {any} */ (target).value));
    addEventListener("hashchange", openTarget);
    openTarget();
  } catch (error) {
    main.replaceChildren(
      h("p", { role: "alert", class: "failed" }, `The document at ${source.pathname} could not be read: ${error}`),
    );
  }
  main.removeAttribute("aria-busy");
}

start();
