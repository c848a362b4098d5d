/**
 * What is read off nodes in loops, by their prototypes. A form's own properties can't be trusted, since a field hides the
 * one of its name (`<input name="firstChild">`); and in Chromium any property read off a form makes a live collection, for
 * which each later change of the document pays.
 */

const uncurry = Function.prototype.call.bind(Function.prototype.bind, Function.prototype.call);

/** @param {{prototype: object}} Class @param {string} name @returns {(node: Node) => any} its type is said where it is named */
const getter = (Class, name) => uncurry(Object.getOwnPropertyDescriptor(Class.prototype, name)?.get);

/** @type {(node: Node) => Node | null} */
export const parentOf = getter(Node, "parentNode");
/** @type {(node: Node) => ChildNode | null} */
export const firstOf = getter(Node, "firstChild");
/** @type {(node: Node) => ChildNode | null} */
export const nextOf = getter(Node, "nextSibling");
/** @type {(node: Node) => number} */
export const typeOf = getter(Node, "nodeType");
/** @type {(node: Node) => boolean} */
export const isConnected = getter(Node, "isConnected");
/** @type {(element: Node) => string} in HTML, and in HTML alone, upper case */
export const tagOf = getter(Element, "tagName");
/** @type {(element: Node) => NamedNodeMap} */
export const attributesOf = getter(Element, "attributes");
/** @type {(element: Node) => ShadowRoot | null} */
export const shadowOf = getter(Element, "shadowRoot");
/** @type {(element: Element, name: string) => string | null} */
export const attribute = uncurry(Element.prototype.getAttribute);
/** @type {(element: Element, attribute: Attr) => void} unlike setAttribute it takes any name that was parsed: `@click` */
export const setAttribute = uncurry(Element.prototype.setAttributeNodeNS);
/** @type {(element: Element, name: string) => void} */
export const removeAttribute = uncurry(Element.prototype.removeAttribute);
/** @type {(element: Element, selector: string) => NodeListOf<Element>} */
export const all = uncurry(Element.prototype.querySelectorAll);
/** @type {(node: Node, other: Node) => boolean} */
export const contains = uncurry(Node.prototype.contains);
/** @type {(node: Node, other: Node) => boolean} */
export const isEqual = uncurry(Node.prototype.isEqualNode);
/** @type {(parent: Node, node: Node, before: Node | null) => void} */
export const insert = uncurry(Node.prototype.insertBefore);
/** @type {(parent: Node, node: Node) => void} */
export const remove = uncurry(Node.prototype.removeChild);

const { moveBefore } = /** @type {any} */ (Element.prototype);
/** @type {typeof insert | undefined} unlike `insert` it keeps focus, scroll, frames and what custom elements know */
export const move = moveBefore && uncurry(moveBefore);

/** @param {Node} node @returns {node is Element} */
export const isElement = (node) => typeOf(node) === 1;

/** @param {Node} node @returns {ChildNode[]} */
export function childrenOf(node) {
  const children = [];
  for (let child = firstOf(node); child; child = nextOf(child)) children.push(child);
  return children;
}
