// What a script gives to `call`, as it is sent: as JSON, or as a form where a file is among it.

const PLAIN = [Object.prototype, Array.prototype, null];

/**
 * @param {unknown} given an object, or a form's data
 * @returns {FormData | Blob} the body
 * @throws {TypeError} something in it can't be sent
 */
export function encodeArguments(given) {
  if (given instanceof FormData) return given;
  const entries = [...entriesOf(given)];
  if (!entries.some(([, value]) => value instanceof Blob)) return new Blob([JSON.stringify(given, (_, value) => (value instanceof FileList ? undefined : value))], { type: "application/json" });
  const body = new FormData();
  for (const [name, value] of entries) body.append(name, /** @type {string} */ (value));
  return body;
}

/**
 * Names nest with dots, as those of a form do: `address.city`, `items.0.text`; a list of plain values repeats its name.
 * @param {unknown} given @param {string} [name] @param {unknown[]} [within] what it is in
 * @returns {Generator<[name: string, value: unknown]>}
 */
function* entriesOf(given, name = "", within = []) {
  const value = given instanceof FileList ? [...given] : /** @type {{toJSON?: () => unknown} | null} */ (given)?.toJSON?.() ?? given; // a date, say
  if (isPlain(value) && !within.includes(value)) {
    for (const [key, item] of Object.entries(value)) {
      const repeats = Array.isArray(value) && !isPlain(item);
      yield* entriesOf(item, repeats ? name : name && `${name}.${key}` || key, [...within, value]);
    }
  } else if (value instanceof Blob || /str|boo/.test(typeof value) || Number.isFinite(value)) yield [name, value];
  else if (value != null) throw new TypeError(`Can't send ${name}: ${typeof value}`);
}

/** @param {unknown} value @returns {value is object} */
const isPlain = (value) => value === Object(value) && PLAIN.includes(Object.getPrototypeOf(value));
