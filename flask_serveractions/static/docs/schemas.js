// JSON Schemas in words: the type in a line, the shape in several, and an example.

/** @typedef {Record<string, any>} Json */

/** Where the OpenAPI document is. */
export const source = new URL(document.body.dataset.document ?? "", document.baseURI);
/** @type {Json} the document itself, once it has come */
export const api = {};

/** @param {Json} thing @returns {Json} what a reference leads to */
export function resolve(thing) {
  if (typeof thing?.$ref !== "string") return thing ?? {};
  const found = thing.$ref
    .slice(2)
    .split("/")
    .reduce((place, step) => place?.[step], api);
  return resolve(found);
}

/** @param {Json} schema @returns {string[]} */
export const kindsOf = (schema) => [schema.type ?? []].flat();

/** @param {Json} schema @returns {string} its type in a line: `string | null`, `Todo[]` */
export function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((/** @type {any} */ value) => JSON.stringify(value)).join(" | ");
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.map(typeOf).join(" | ");
  const names = kindsOf(schema).map((kind) => {
    if (kind === "array") return `${schema.items ? typeOf(schema.items).replace(/^(.* \| .*)$/, "($1)") : "any"}[]`;
    if (kind === "object" && schema.additionalProperties?.type)
      return `{ [name]: ${typeOf(schema.additionalProperties)} }`;
    return kind !== "string" ? kind : schema.format === "binary" ? "file" : (schema.format ?? kind);
  });
  return names.join(" | ") || "any";
}

/** @param {number} [low] @param {number} [high] @param {string} [unit] @returns {string} */
function range(low, high, unit = "") {
  if (low == null && high == null) return "";
  if (low === high) return `${low}${unit}`;
  return high == null ? `at least ${low}${unit}` : low == null ? `at most ${high}${unit}` : `${low} to ${high}${unit}`;
}

/** @param {Json} schema @returns {string} its limits: `1 to 200 characters, default ""` */
export function limitsOf(schema) {
  const parts = [
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minimum, schema.maximum),
    range(schema.minItems, schema.maxItems, " items"),
    schema.exclusiveMinimum != null && `above ${schema.exclusiveMinimum}`,
    schema.exclusiveMaximum != null && `below ${schema.exclusiveMaximum}`,
    schema.pattern && `matches ${schema.pattern}`,
    schema["x-unit"],
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ];
  return parts.filter(Boolean).join(", ");
}

/**
 * Gives a schema's shape, a line for each property.
 * @param {Json} schema @param {string} [indent] @param {string[]} [within] @returns {string}
 */
export function outline(schema, indent = "", within = []) {
  const whole = resolve(schema);
  const name = schema.$ref ?? "";
  if (schema.anyOf) return schema.anyOf.map((/** @type {Json} */ each) => outline(each, indent, within)).join(" | ");
  if (kindsOf(whole).includes("array") && whole.items) return `[${outline(whole.items, indent, within)}]`;
  if (!whole.properties || within.includes(name)) return typeOf(whole.properties ? schema : whole);
  const deeper = indent + "  ";
  const rows = Object.entries({ ...whole.properties, ...whole.patternProperties }).map(([key, value]) => {
    const optional = whole.required?.includes(key) ? "" : "?";
    const notes = [limitsOf(resolve(value)), resolve(value).description].filter(Boolean).join(". ");
    return `${deeper}${key}${optional}: ${outline(value, deeper, [...within, name])}${notes && `  // ${notes}`}`;
  });
  return `{\n${rows.join("\n")}\n${indent}}`;
}

/** @param {Json} schema @param {string[]} [within] @returns {any} a value of that shape */
export function exampleOf(schema, within = []) {
  const whole = resolve(schema);
  const given = whole.example ?? whole.examples?.[0] ?? whole.default ?? whole.const ?? whole.enum?.[0];
  if (given !== undefined) return given;
  if (schema.$ref && within.includes(schema.$ref)) return null;
  const path = [...within, schema.$ref ?? ""];
  const several = whole.anyOf ?? whole.oneOf;
  if (several) return exampleOf(several[0], path);
  const properties = Object.entries(whole.properties ?? {});
  const makers = {
    object: () => Object.fromEntries(properties.map(([key, value]) => [key, exampleOf(value, path)])),
    array: () => [exampleOf(whole.items ?? whole.prefixItems?.[0] ?? {}, path)],
    string: () => textOf(whole),
    integer: () => whole.minimum ?? 1,
    number: () => whole.minimum ?? 1.5,
    boolean: () => true,
  };
  return makers[/** @type {keyof makers} */ (kindsOf(whole)[0])]?.() ?? null;
}

/** @param {Json} schema @returns {string} */
function textOf(schema) {
  const now = new Date().toISOString();
  const texts = {
    date: now.slice(0, 10),
    "date-time": now,
    "iso-date-time": now,
    "iso-time": "12:00",
    uuid: crypto.randomUUID?.(),
  };
  const known = { ...texts, email: "ada@example.org", uri: "https://example.org/" };
  return known[/** @type {keyof known} */ (schema.format)] ?? "text".padEnd(schema.minLength ?? 0, "t");
}
