// Whether two pages are the same to who looks at them: nodes, attributes, properties, states, owners of controls, places on the screen.

const PROPERTIES = ["value", "checked", "selected", "indeterminate", "open", "selectedIndex", "type", "hidden", "inert", "readOnly", "isContentEditable", "text"];
const STATES = [":modal", ":popover-open", ":disabled", ":checked", ":valid", ":read-only", ":defined", ":indeterminate", ":open", ":placeholder-shown"];
const STYLES = /** @type {const} */ (["display", "visibility", "color", "paddingLeft", "direction"]);
const FOUND = 5; // differences, and it's enough

/** A field hides the form's own property of its name. @param {any} node @param {string} name @returns {any} */
function read(node, name) {
  for (let prototype = Object.getPrototypeOf(node); prototype; prototype = Object.getPrototypeOf(prototype)) {
    const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
    if (getter) return getter.call(node);
  }
}

/** @param {any} node whether it is ours, or waits for a style */
const isApart = (node) => node.nodeType === 1 && (read(node, "id") === "serveractions" || read(node, "rel") === "preload");

/** @param {any} node @returns {any[]} what stands in it; texts that follow one another are one */
function childrenOf(node) {
  const children = [];
  for (let child = read(node, "firstChild"); child; child = read(child, "nextSibling")) {
    const last = children.at(-1);
    if (child.nodeType === 3 && last?.nodeType === 3) last.data += child.data;
    else if (!isApart(child)) children.push(child.nodeType === 3 ? { nodeType: 3, nodeName: "#text", data: child.data } : child);
  }
  return children.filter(({ nodeType, data }) => nodeType !== 3 || data);
}

/** @param {any} element */
const attributesOf = (element) => [...read(element, "attributes")].map(({ name, value }) => `${name}=${value}`).sort().join();

/** @param {any} element @returns {Record<string, unknown>} what it says by itself */
function describe(element) {
  const properties = PROPERTIES.map((name) => [name, read(element, name)]).filter(([, value]) => Object(value) !== value);
  const states = STATES.filter((state) => Element.prototype.matches.call(element, state));
  return { attributes: attributesOf(element), states: states.join(), ...Object.fromEntries(properties) };
}

/** @param {any} element @returns {Record<string, unknown>} where and how it is seen */
function look(element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  const style = element.ownerDocument.defaultView.getComputedStyle(element);
  return { place: [x, y, width, height].map(Math.round).join(), ...Object.fromEntries(STYLES.map((name) => [name, style[name]])) };
}

/** @param {Document} shown @param {Document} other @returns {string[]} in what they differ */
export function differences(shown, other) {
  /** @type {string[]} */
  const found = [];
  /** @type {[any, any][]} */
  const pairs = [];
  /** @param {Node} node @param {string} what @param {unknown} is @param {unknown} ought */
  const report = (node, what, is, ought) => found.push(`${node.nodeName} ${what}: ${is} instead of ${ought}`);
  /** @param {any} node @param {Record<string, unknown>} is @param {Record<string, unknown>} ought */
  const reportAll = (node, is, ought) => Object.keys(is).forEach((name) => is[name] !== ought[name] && report(node, name, is[name], ought[name]));

  /** @param {any} is @param {any} ought */
  const compare = (is, ought) => {
    if (found.length > FOUND) return;
    pairs.push([is, ought]);
    if (is.nodeName !== ought.nodeName || is.data !== ought.data) {
      report(is, "node", is.data ?? is.nodeName, ought.data ?? ought.nodeName);
      return;
    }
    if (is.nodeType === 1) reportAll(is, describe(is), describe(ought));
    const roots = [is, ought].map((each) => each.nodeType === 1 && (read(each, "shadowRoot") ?? (each.localName === "template" && read(each, "content"))));
    if (!roots[0] !== !roots[1]) report(is, "shadow", !!roots[0], !!roots[1]);
    else if (roots[0]) compareChildren(roots[0], roots[1]);
    compareChildren(is, ought);
  };
  /** @param {Node} is @param {Node} ought */
  const compareChildren = (is, ought) => {
    const [children, others] = [is, ought].map(childrenOf);
    if (children?.length !== others?.length) report(is, "children", children?.map(({ nodeName }) => nodeName), others?.map(({ nodeName }) => nodeName));
    else children?.forEach((child, n) => compare(child, others?.[n]));
  };

  compare(shown.documentElement, other.documentElement);
  if (found[0]) return found;
  const twins = new Map(pairs);
  for (const [is, ought] of pairs) {
    if (is.nodeType !== 1 || !is.isConnected) continue; // in a template nothing is seen
    if (twins.get(read(is, "form") ?? 0) !== (read(ought, "form") ?? undefined)) report(is, "form", read(is, "form"), read(ought, "form"));
    if (!/^OPT/.test(is.nodeName)) reportAll(is, look(is), look(ought)); // what a list of them has scrolled to is not said
  }
  for (let x = 5; x < 600; x += 60) {
    for (let y = 5; y < 400; y += 40) {
      const is = shown.elementFromPoint(x, y), ought = other.elementFromPoint(x, y);
      if (is && twins.get(is) !== ought) report(is, `at ${x},${y}`, is.outerHTML, ought?.outerHTML);
    }
  }
  return found;
}
