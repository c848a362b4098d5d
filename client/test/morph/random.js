// Whatever the two pages are: the one becomes the other, and what has a name in both is not made anew.

import { bring, every, parse, says, show } from "./stage.js";

/** @param {number} seed @returns {(below: number) => number} the same numbers each time */
const numbers = (seed) => (below) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;

const TAGS = ["div", "p", "li", "b", "ul", "input", "form", "select"];
const FIELDS = ["a", "id", "childNodes", "attributes", "firstChild"];

/** @param {(below: number) => number} random */
function attributesOf(tag = "", random = numbers(1)) {
  const own = { form: () => ` action="/?_action=${random(8)}."`, input: () => ` name="${FIELDS[random(5)]}" value="${random(3)}"` };
  return (random(3) ? "" : ` id="${random(12)}"`) + (tag in own ? own[/** @type {keyof typeof own} */ (tag)]() : random(4) ? "" : ` class="${random(3)}"`);
}

/** @param {(below: number) => number} random @param {number} depth @returns {string} */
function tree(random, depth) {
  return Array.from({ length: 1 + random(6) }, () => {
    const kind = random(10);
    if (kind < 2) return ["a", "b", " ", "\n"][random(4)];
    if (kind === 2) return `<!--${random(3)}-->`;
    const tag = TAGS[random(TAGS.length)], start = `<${tag}${attributesOf(tag, random)}>`;
    if (tag === "input") return start;
    return `${start}${tag === "select" ? "<option>1<option selected>2" : depth ? tree(random, depth - 1) : ""}</${tag}>`;
  }).join("");
}

/** Elements by an id that stands once, and in no form. @param {ParentNode} root @returns {Map<string, Element>} */
function named(root) {
  const ids = new Map();
  for (const element of root.querySelectorAll("[id]")) ids.set(element.id, ids.has(element.id) ? null : element);
  return new Map([...ids].filter(([, element]) => element && !element.closest("form,li")));
}

/** @param {number} times @returns {string[]} what went wrong */
export function compare(times) {
  const random = numbers(1), wrong = [];
  for (let n = 0; n < times; n++) {
    const page = tree(random, 3), fresh = tree(random, 3);
    show(page);
    const before = named(document.body), after = named(parse(fresh));
    bring(fresh);
    if (!says(fresh)) wrong.push(`${page} does not become ${fresh}, but ${document.body.innerHTML}`);
    for (const [id, old] of before) {
      const twin = after.get(id);
      if (twin?.tagName === old.tagName && !isFieldOrInside(old, twin) && !every("[id]").includes(old)) wrong.push(`${id} is made anew in ${page} -> ${fresh}`);
    }
  }
  return wrong.slice(0, 3);
}

/** @param {Element} old @param {Element} fresh whether names alone do not decide */
const isFieldOrInside = (old, fresh) => old.getAttribute("name") !== fresh.getAttribute("name") || [old, fresh].some((each) => each.closest("[id] [id]"));
