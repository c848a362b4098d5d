/**
 * What is read off nodes, by their prototypes. A form's own properties can't be trusted, since a field hides the one of its
 * name (`<input name="firstChild">`); and in Chromium any property read off a form makes a live collection, for which each
 * later change of the document pays.
 */

/** What forms, elements and nodes have. @type {any} */
const prototype = HTMLFormElement.prototype;

/** @param {string} name @returns {any} a function whose first argument is the node; its type is said below */
function uncurry(name) {
  const method = prototype.__lookupGetter__(name) ?? prototype[name];
  return method && method.call.bind(method);
}

/**
 * @typedef {(parent: Node, node: Node, before: Node | null) => void} Insert
 * `setAttributeNode` takes, unlike `setAttribute`, any name that was parsed: `@click`. `tagOf`: in HTML, and in HTML alone,
 * upper case. `moveBefore`, where there is one, keeps focus, scroll, frames and what custom elements know.
 */
export const [
  parentOf, firstOf, nextOf, typeOf, tagOf, attributesOf, shadowOf, attribute, setAttribute, setAttributeNode, removeAttribute,
  all, closest, contains, isEqual, insert, remove, moveBefore, dispatch, fieldsOf, reset, requestSubmit, checkValidity,
] = /** @type {[
  (node: Node) => Node | null, (node: Node) => ChildNode | null, (node: Node) => ChildNode | null, (node: Node) => number,
  (element: Node) => string, (element: Node) => NamedNodeMap, (element: Node) => ShadowRoot | null,
  (element: Element, name: string) => string | null, (element: Element, name: string, value: string) => void,
  (element: Element, attribute: Attr) => void, (element: Element, name: string) => void,
  (element: Element, selector: string) => NodeListOf<HTMLElement>, (element: Element, selector: string) => HTMLElement | null,
  (node: Node, other: Node | null) => boolean, (node: Node, other: Node) => boolean, Insert, (parent: Node, node: Node) => void,
  Insert | undefined, (target: EventTarget, event: Event) => boolean, (form: Element) => Iterable<HTMLInputElement> & Record<string, HTMLInputElement>,
  (form: Element) => void, (form: Element) => void, (form: Element) => boolean,
]} */ (
  (
    "parentNode firstChild nextSibling nodeType tagName attributes shadowRoot getAttribute setAttribute setAttributeNodeNS removeAttribute " +
    "querySelectorAll closest contains isEqualNode insertBefore removeChild moveBefore dispatchEvent elements reset requestSubmit checkValidity"
  )
    .split(" ")
    .map(uncurry)
);

/** @param {Element | null | undefined} element @param {string} name @returns {string} an attribute; empty, where it has none */
export const read = (element, name) => (element && attribute(element, name)) ?? "";

/** @param {Element} element @param {string} name */
export const has = (element, name) => attribute(element, name) !== null;

/** @param {unknown} element @returns {element is HTMLFormElement} */
export const isForm = (element) => element instanceof HTMLFormElement;

/** @param {any} element @returns {boolean} whether it is a field of several parts, as a date is: each digit of the year changes it */
export const isInParts = ({ type }) => /date|month|week|time/.test(type);

/** @param {string} selector @param {Element} [root] @returns {HTMLElement[]} */
export const findAll = (selector, root = document.documentElement) => [...all(root, selector)];

/** @param {string} selector @param {Element} [root] @returns {HTMLElement | undefined} */
export const find = (selector, root) => findAll(selector, root)[0];

/** @param {any} node whether it is in the document */
export const isShown = (node) => document.contains(node);

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {object} [properties]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const create = (tag, properties) => Object.assign(document.createElement(tag), properties);

/**
 * @param {string} type of an event of ours
 * @param {object} [detail]
 * @param {Element | null} [element] it bubbles from here, where that is still shown
 * @returns {boolean} false: it was cancelled
 */
export const emit = (type, detail, element) =>
  dispatch(
    isShown(element) ? /** @type {Element} */ (element) : document,
    new CustomEvent(`action:${type}`, { bubbles: true, cancelable: true, detail }),
  );

/** @param {string} types of events @param {(event: any) => unknown} act @param {boolean} [capture] what does not bubble is heard, too */
export const listen = (types, act, capture) => types.split(" ").forEach((type) => document.addEventListener(type, act, capture));

/** @param {MouseEvent} event a click @returns {boolean} whether it is nobody else's: no listener's, and not the browser's, which opens tabs */
export const isPlainClick = ({ altKey, ctrlKey, defaultPrevented, metaKey, shiftKey }) => !(defaultPrevented || altKey || ctrlKey || metaKey || shiftKey);
