// From a filled-in form to the request that it describes, and to the same request for curl.

import { api, resolve, source } from "./schemas.js";

/** @typedef {Record<string, any>} Json */
/** @typedef {{method: string, path: string, operation: Json, parameters: Json[]}} Entry */
/** @typedef {{url: URL, init: {method: string, headers: Record<string, string>, body?: any}}} Sending */

export const JSON_TYPE = "application/json";
const MULTIPART = "multipart/form-data";

/** @param {any} form @param {string} place @returns {[string, any][]} names and values of what was filled in */
function filledIn(form, place) {
  const fields = [...form.querySelectorAll(`[data-in="${place}"]`)].filter(
    (field) => !field.disabled && field.value !== "",
  );
  return fields.flatMap((field) => {
    const values = field.files
      ? [...field.files]
      : "list" in field.dataset
        ? field.value.split("\n").filter(Boolean)
        : [field.value];
    return values.map((/** @type {any} */ value) => /** @type {[string, any]} */ ([field.name, value]));
  });
}

/** @param {Entry} entry @param {any} form @returns {Sending} the request that a form describes */
export function requestOf({ method, path, operation }, form) {
  const values = Object.fromEntries(filledIn(form, "path"));
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ""));
  const base = new URL(api.servers?.[0]?.url ?? "/", source).href.replace(/\/$/, "");
  const url = new URL(base + filled);
  for (const [name, value] of filledIn(form, "query")) url.searchParams.append(name, value);
  const headers = Object.fromEntries([["Accept", acceptable(operation)], ...filledIn(form, "header")]);
  const body = bodyOf(form, headers);
  authorise(operation, headers, url);
  return { url, init: { method: method.toUpperCase(), headers, ...(body !== undefined && { body }) } };
}

/** @param {Json} operation @returns {string} media types of its answers */
function acceptable(operation) {
  const answers = Object.values(operation.responses).flatMap((answer) => Object.keys(resolve(answer).content ?? {}));
  const types = new Set(answers.filter((type) => type !== "text/event-stream"));
  return types.size && !types.has("*/*") ? [...types].join(", ") : "*/*";
}

/** @param {any} form @param {Record<string, string>} headers @returns {any} */
function bodyOf(form, headers) {
  const type = form.querySelector("[data-media]")?.value;
  if (!type) return undefined;
  if (type === MULTIPART) return fill(new FormData(), filledIn(form, "body")); // fetch adds its type, with a boundary
  headers["Content-Type"] = type;
  if (type === JSON_TYPE) return form.querySelector("[data-json]").value;
  return fill(new URLSearchParams(), filledIn(form, "body"));
}

/**
 * @template {{append: (name: string, value: any) => void}} T
 * @param {T} body @param {[string, any][]} pairs @returns {T}
 */
function fill(body, pairs) {
  for (const [name, value] of pairs) body.append(name, value);
  return body;
}

/**
 * Adds the credentials that the operation takes.
 * @param {Json} operation @param {Record<string, string>} headers @param {URL} url
 */
function authorise(operation, headers, url) {
  const alternatives = operation.security ?? api.security ?? [];
  const given = alternatives.find((/** @type {Json} */ each) => Object.keys(each).every((name) => secretOf(name)));
  for (const name of Object.keys(given ?? {})) {
    const scheme = resolve(api.components.securitySchemes[name]);
    const secret = secretOf(name);
    if (scheme.type !== "apiKey") headers.Authorization = `${scheme.scheme === "basic" ? "Basic" : "Bearer"} ${secret}`;
    else if (scheme.in === "header") headers[scheme.name] = secret;
    else if (scheme.in === "query") url.searchParams.append(scheme.name, secret);
  }
}

/** @param {string} name of a security scheme @returns {string} what was typed for it */
function secretOf(name) {
  const values = [...document.querySelectorAll(`[data-scheme="${CSS.escape(name)}"]`)].map(
    (field) => /** @type {any} */ (field).value,
  );
  if (values.length < 2 || !values.some(Boolean)) return values[0] ?? "";
  return btoa(String.fromCharCode(...new TextEncoder().encode(values.join(":"))));
}

/** @param {Sending} sending @returns {string} the same request for a shell */
export function asCurl({ url, init }) {
  const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const parts = ["curl", "-i", init.method === "GET" ? "" : `-X ${init.method}`, quote(url.href)];
  parts.push(...Object.entries(init.headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`));
  if (init.body instanceof FormData) {
    for (const [name, value] of init.body)
      parts.push(`-F ${quote(`${name}=${value instanceof File ? `@${value.name}` : value}`)}`);
  } else if (init.body !== undefined) parts.push(`--data-raw ${quote(String(init.body))}`);
  return parts.filter(Boolean).join(" ");
}
