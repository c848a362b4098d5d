// Pages of any elements, and what becomes of them: written by chance, the same for each seed.

/**
 * @typedef {(below: number) => number} Random
 * @typedef {{tag: string, attributes: Record<string, string | number>, children: Content[], shadow?: Content[]}} Tree
 * @typedef {Tree | string} Content
 */

/** @param {number} seed @returns {Random} the same numbers each time (xorshift) */
export function numbers(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (below) => {
    state = (state ^ (state << 13)) >>> 0;
    state = (state ^ (state >>> 17)) >>> 0;
    state = (state ^ (state << 5)) >>> 0;
    return state % below;
  };
}

/** @template T @param {Random} random @param {T[]} values @returns {T} */
export const pick = (random, values) => /** @type {T} */ (values[random(values.length)]);

/** @param {string} tag @param {Record<string, string | number>} [attributes] @param {Content[]} [children] @returns {Tree} */
const element = (tag, attributes = {}, children = []) => ({ tag, attributes, children });

/** @param {Random} random @param {Record<string, (string | number)[]>} choices @param {number} rarity one in so many has each @returns {Record<string, string | number>} */
const some = (random, choices, rarity) =>
  Object.fromEntries(Object.entries(choices).filter(() => !random(rarity)).map(([name, values]) => [name, pick(random, values)]));

const IDS = Array.from({ length: 14 }, (_, n) => `i${n}`);
const TEXTS = ["a", "b", "hello ", " ", "\n  ", "x &amp; y", "1", "2 "];
const COMMON = {
  hidden: ["", "until-found"], inert: [""], style: ["color: red", "min-height: 20px"], "data-region": ["r1", "r2"], "aria-label": ["l1", "l2"],
  dir: ["ltr", "rtl"], popover: ["", "manual"], tabindex: [0], draggable: ["true"],
};
const CONTROL = { name: ["a", "b", "id", "action", "firstChild"], disabled: [""], form: IDS, required: [""], readonly: [""] };
const TYPES = ["text", "checkbox", "radio", "hidden", "number", "range", "date", "email", "search", "password", "submit", "reset", "file"];

/** @param {Random} random */
const common = (random) => ({ ...some(random, { id: IDS, class: ["k1", "k2", "k3 x", "x"] }, 3), ...some(random, COMMON, 25) });
/** @param {Random} random @param {number} most @param {(random: Random) => Content} make */
const many = (random, most, make) => Array.from({ length: random(most + 1) }, () => make(random));
/** @param {Random} random */
const text = (random) => pick(random, TEXTS);
/** @param {Random} random */
const inline = (random) => element(pick(random, ["b", "i", "span", "code"]), common(random), [text(random)]);
/** @param {Random} random */
const option = (random) => element("option", some(random, { value: [0, 1, 2], selected: [""], disabled: [""], label: ["L"] }, 4), [pick(random, ["one", "two", "three"])]);

/** @param {Random} random */
function input(random) {
  const type = pick(random, TYPES);
  const value = type === "file" ? {} : some(random, { value: type === "date" ? ["2026-01-01", "2026-01-02"] : [0, 1, 2], checked: [""], list: IDS, max: [3, 7], maxlength: [2] }, 3);
  return element("input", { ...common(random), type, ...value, ...some(random, CONTROL, 6) });
}

/** @param {Random} random @param {number} depth */
const group = (random, depth) => element("optgroup", { label: depth }, many(random, 3, option));
/** @param {Random} random @param {number} depth */
const within = (random, depth) => many(random, 4, () => content(random, depth - 1));
/** @param {Random} random @param {number} depth */
const row = (random, depth) => element("tr", common(random), many(random, 3, () => element(pick(random, ["td", "th"]), common(random), within(random, depth))));

/** @type {Record<string, (random: Random, depth: number) => Content>} */
const LEAVES = {
  text, inline, input,
  select: (random) => element("select", { ...common(random), ...some(random, { ...CONTROL, multiple: [""], size: [1, 3] }, 5) }, many(random, 5, () => (random(4) ? option(random) : group(random, 1)))),
  textarea: (random) => element("textarea", { ...common(random), ...some(random, CONTROL, 6) }, [pick(random, ["", "a", "b\nc", "\n\nz"])]),
  button: (random) => element("button", { ...common(random), ...some(random, { ...CONTROL, type: ["submit", "button"], popovertarget: IDS }, 6) }, [text(random)]),
  output: (random) => element("output", { ...common(random), ...some(random, { for: IDS }, 3) }, [text(random)]),
  progress: (random) => element("progress", { ...common(random), ...some(random, { value: [1, 5], max: [9] }, 2) }),
  meter: (random) => element("meter", { ...common(random), value: pick(random, [0.1, 0.7]), ...some(random, { low: [0.3], optimum: [0.9] }, 2) }),
  editable: (random) => element(pick(random, ["div", "p", "span"]), { ...common(random), contenteditable: pick(random, ["", "true", "false"]) }, [text(random), ...many(random, 2, inline)]),
  svg: (random) => element("svg", { ...common(random), width: 20, viewBox: pick(random, ["0 0 9 9", "0 0 12 9"]) }, many(random, 3, () => element(pick(random, ["circle", "title", "linearGradient"]), some(random, { r: [3, 4], id: IDS }, 2)))),
  math: (random) => element("math", common(random), [element("mfrac", {}, [element("mi", {}, ["x"]), element("mn", {}, [pick(random, ["1", "2"])])])]),
  picture: (random) => element("picture", common(random), [...many(random, 1, () => element("source", { srcset: "data:,", media: "(min-width: 9px)" })), element("img", { alt: pick(random, ["a", "b"]), width: 20 })]),
  canvas: (random) => element("canvas", { ...common(random), width: pick(random, [20, 30]), height: 20 }),
  video: (random) => element("video", { ...common(random), ...some(random, { controls: [""], loop: [""] }, 2) }),
  frame: (random) => element("iframe", { ...common(random), width: 60, height: 30, srcdoc: pick(random, ["one", "two"]) }),
  style: (random) => element("style", some(random, { media: ["all", "print"] }, 4), [`.k${1 + random(3)} { padding-left: ${random(20)}px }`]),
  data: (random) => element("script", { type: "application/json", ...some(random, { "data-n": [1, 2] }, 3) }, [pick(random, ["{}", "[1]"])]),
  comment: (random) => `<!--${random(3)}-->`,
};

/** @type {Record<string, (random: Random, depth: number) => Content>} */
const BRANCHES = {
  block: (random, depth) => element(pick(random, ["div", "section", "article", "main"]), common(random), within(random, depth)),
  list: (random, depth) => element(pick(random, ["ul", "ol"]), common(random), many(random, 4, () => element("li", common(random), within(random, depth)))),
  table: (random, depth) => element("table", common(random), many(random, 2, () => element(pick(random, ["tbody", "thead"]), common(random), many(random, 3, () => row(random, depth - 1))))),
  form: (random, depth) => element("form", { ...common(random), ...some(random, { action: ["?_action=edit/p1.s", "?_action=edit/p2.s", "?_action=add/p1.s/2"], novalidate: [""] }, 2) }, within(random, depth)),
  fieldset: (random, depth) => element("fieldset", { ...common(random), ...some(random, { disabled: [""] }, 3) }, [element("legend", {}, [text(random), input(random)]), ...within(random, depth)]),
  label: (random) => element("label", { ...common(random), ...some(random, { for: IDS }, 2) }, [text(random), input(random)]),
  datalist: (random) => element("datalist", common(random), many(random, 3, option)),
  details: (random, depth) => element("details", { ...common(random), ...some(random, { open: [""] }, 2) }, [element("summary", {}, [text(random)]), ...within(random, depth)]),
  dialog: (random, depth) => element("dialog", { ...common(random), ...some(random, { open: [""] }, 3) }, within(random, depth)),
  custom: (random, depth) => element("x-light", { ...common(random), ...some(random, { label: ["l1", "l2"] }, 3) }, within(random, depth)),
  card: (random, depth) => ({ ...element("x-card", common(random), within(random, depth)), shadow: [element("slot", {}, [text(random)]), ...within(random, depth)] }),
  template: (random, depth) => element("template", common(random), within(random, depth)),
};

/** @param {Random} random @param {number} depth @returns {Content} */
export function content(random, depth) {
  if (!random(4)) return text(random);
  const kinds = depth > 0 ? { ...LEAVES, ...BRANCHES, ...BRANCHES } : LEAVES;
  return pick(random, Object.values(depth > 0 && random(2) ? BRANCHES : kinds))(random, depth);
}

/** @param {Random} random @returns {Tree} a page's body */
export const page = (random) => element("body", {}, Array.from({ length: 1 + random(8) }, () => content(random, 4)));

/** @param {Tree} parent @returns {[Content, Tree, number][]} what stands in a tree, its parent, and its place there */
const placesIn = (parent) =>
  parent.children.flatMap((child, place) => [/** @type {[Content, Tree, number]} */ ([child, parent, place]), ...(typeof child === "string" ? [] : placesIn(child))]);

/** @type {((random: Random, at: [Content, Tree, number]) => unknown)[]} */
const CHANGES = [
  (_, [, { children }, place]) => children.splice(place, 1),
  (random, [, { children }, place]) => children.splice(place, 0, content(random, 2)),
  (_, [child, { children }, place]) => children.splice(place, 0, structuredClone(child)),
  (random, [child, { children }, place]) => children.splice(random(children.length), 0, ...children.splice(place, 1).map(() => child)),
  (random, [child]) => typeof child !== "string" && Object.assign(child.attributes, common(random)),
  (_, [child]) => typeof child !== "string" && delete child.attributes.id,
  (_, [child]) => typeof child !== "string" && typeof child.children[0] === "string" && (child.children[0] += "!"),
  (random, [child, { children }, place]) => (children[place] = typeof child === "string" ? text(random) : element("div", common(random), [child])),
  (_, [child, { children }, place]) => typeof child !== "string" && child.shadow && children.splice(place, 1, { ...child, shadow: child.shadow.toReversed() }),
];

/** @param {Random} random @param {Tree} old @returns {Tree} what the server says next */
export function change(random, old) {
  const fresh = structuredClone(old);
  for (let times = 1 + random(8); times--; ) {
    const places = placesIn(fresh);
    if (places[0]) pick(random, CHANGES)(random, pick(random, places));
  }
  return fresh;
}

const VOID = /^(input|img|source)$/;
/** What a parser would move elsewhere: a form in a form, an element in what holds none. Of two custom elements, one in the other, the inner one's shadow root is its own matter. */
const MISPLACED = { form: /^form$/, "x-card": /^x-|editable/, "x-light": /^x-card/ };
const CLOSED = /^(table|tbody|thead|tr|svg|math|mfrac|mi|mn|select|optgroup|option|textarea|style|script|picture|circle|title|linearGradient|video|canvas|progress)$/;
const BELONGS = /^(tbody|thead|tr|td|th|circle|title|linearGradient|mfrac|mi|mn|optgroup|option|source|img|caption)$/;

/** @param {Content} tree @param {string[]} [around] tags @returns {string} HTML */
export function write(tree, around = []) {
  const parent = around[0] ?? "";
  if (typeof tree === "string") return /^(table|tbody|thead|tr)$/.test(parent) ? "" : tree;
  const { tag, attributes, children, shadow } = tree;
  const inner = () => children.map((child) => write(child, ["contenteditable" in attributes ? "editable" : "", tag, ...around].filter(Boolean))).join("");
  const wrong = MISPLACED[/** @type {"form"} */ (tag)];
  if (CLOSED.test(parent) && !BELONGS.test(tag)) return "";
  if (wrong && around.some((each) => wrong.test(each))) return inner();
  const start = `<${tag}${Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`).join("")}>`;
  if (VOID.test(tag)) return start;
  const root = shadow ? `<template shadowrootmode="open">${shadow.map((child) => write(child, ["x-", tag, ...around])).join("")}</template>` : "";
  return `${start}${root}${inner()}</${tag}>`;
}
