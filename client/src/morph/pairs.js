/**
 * Which elements of two trees are the same thing, as far as names tell: an `id`, or a key that the caller gives.
 *
 * 1. Each tree is indexed by name. What one of the trees has twice is no name.
 * 2. Elements of one name are a pair; those within a form that has a key only if the forms are a pair.
 * 3. What stands around pairs is a pair too, by majority.
 * 4. A record that went and one that came are not the same, whatever is alike in them: nothing moves across.
 */

import { attribute, firstOf, has, nextOf, parentOf, read, shadowOf, tagOf, typeOf } from "../dom.js";

/** @typedef {(element: Element) => string | null | undefined} Key */
/** @typedef {Map<string, Element | null>} Names null: named twice */

/**
 * What is known of two trees. A set holds nodes of both.
 * @typedef {object} Pairs
 * @property {Map<Node, Element>} twins the old element of a fresh one
 * @property {Set<Node>} used old elements that are a fresh one's twin
 * @property {Set<Node>} named elements whose name tells what they are
 * @property {Set<Node>} holders what stands around them
 * @property {Set<Node>} lonely what the other tree has no name for; around forms also what holds them, up to their record
 * @property {Set<Node>} veiled elements with something in them that isEqualNode doesn't see
 * @property {Map<Node, Element>} forms the form with a key in which a named element stands
 * @property {Map<Node, number>} looks numbers for what nodes show
 */

export const RECORD = /^(LI|TR|ARTICLE)$/;

/** @param {Node} node @returns {node is Element} */
export const isElement = (node) => typeOf(node) === 1;

/** @param {Element} element what has to be alike for one to become the other; a changed script is another; a password that can be read is none, nor a text that says so */
export function kindOf(element) {
  const tag = tagOf(element), type = read(element, "type").replace(/password|text/, "");
  const script = tag === "SCRIPT" ? element.textContent + read(element, "src") : "";
  const choice = /OPTION|radio|checkbox/.test(tag + type) ? attribute(element, "value") ?? element.textContent : "";
  return [tag, type, attribute(element, "name"), choice, script].join();
}

/** @param {Pairs} pairs @param {Node} old @param {Node} fresh whether they hold a record that went, and one that came */
export const isOther = ({ lonely }, old, fresh) => lonely.has(old) && lonely.has(fresh);

/** @param {Node} node @returns {Generator<Element>} what stands around it, from the inside out */
function* around(node) {
  for (let up = parentOf(node); up && isElement(up); up = parentOf(up)) yield up;
}

/** Adds what stands around a node. @param {Set<Node>} holders @param {Node} node */
function addAround(holders, node) {
  for (const up of around(node)) {
    if (holders.has(up)) return;
    holders.add(up);
  }
}

/** @param {Pairs} pairs @param {Element} top @param {Key} key @returns {Names} */
function index({ forms, veiled }, top, key) {
  /** @type {Names} */
  const names = new Map();
  /** @param {Element} parent @param {Element} [form] */
  const visit = (parent, form) => {
    for (let element = firstOf(parent); element; element = nextOf(element)) {
      if (!isElement(element)) continue;
      const tag = tagOf(element), id = attribute(element, "id");
      // Equal forms have numbered ids, which go on to the next one where the first is deleted: a key comes first.
      const own = tag === "FORM" || !id || has(element, "form") ? key(element) : "", name = own || (id && "#" + id);
      if (name) names.set(name, names.has(name) ? null : element);
      if (name && form) forms.set(element, form);
      if (tag === "TEMPLATE" || shadowOf(element)) addAround(veiled.add(element), element);
      if (!has(element, "data-keep")) visit(element, own && tag === "FORM" ? element : form);
    }
  };
  visit(top);
  return names;
}

/** Tells which names of a tree count, now that the other one is known. @param {Pairs} pairs @param {Names} mine @param {Names} others */
function compare({ forms, named, holders, lonely }, mine, others) {
  for (const [name, element] of mine) {
    const form = element && forms.get(element);
    if (!element || others.get(name) === null || (form && !named.has(form))) continue;
    named.add(element);
    addAround(holders, element);
    if (others.has(name)) continue;
    lonely.add(element);
    for (const up of tagOf(element) === "FORM" ? around(element) : []) {
      if (named.has(up) || lonely.has(up)) break;
      lonely.add(up);
      if (RECORD.test(tagOf(up))) break;
    }
  }
}

/**
 * Where there are more, what they share would be no name: what has a name tells that the record is the same.
 * @param {Element} element whether it is the only one in its list
 */
const isOnlyRecord = (element) => RECORD.test(tagOf(element)) && element.matches(":only-child");

/** @param {Pairs} pairs @param {Node} node whether it stands in an only record, or in something named, that the other tree lacks */
const isInLonely = ({ named, lonely }, node) =>
  [...around(node)].some((up) => lonely.has(up) && (named.has(up) || isOnlyRecord(up)));

/** @param {Pairs} pairs @param {Node} fresh @param {Element} old */
function pair({ twins, used }, fresh, old) {
  twins.set(fresh, old);
  used.add(old);
}

/** Pairs by name; a form comes before what is in it. @param {Pairs} pairs @param {Names} was @param {Names} is */
function pairNamed(pairs, was, is) {
  const { twins, named, forms } = pairs;
  for (const [name, fresh] of is) {
    const old = was.get(name);
    if (!old || !fresh || !named.has(old) || !named.has(fresh) || kindOf(old) !== kindOf(fresh)) continue;
    const form = forms.get(fresh);
    if ((form && twins.get(form)) !== forms.get(old) || (isInLonely(pairs, old) && isInLonely(pairs, fresh))) continue;
    pair(pairs, fresh, old);
  }
}

/** Pairs what stands around pairs, by majority (Boyer and Moore's vote). @param {Pairs} pairs */
function pairAround(pairs) {
  const { named, twins, used } = pairs;
  /** @type {Map<Node, {old: Element, count: number}>} */
  const votes = new Map();
  for (const [fresh, twin] of twins) {
    const olds = around(twin);
    for (const up of around(fresh)) {
      const old = olds.next().value;
      if (!old || named.has(up) || named.has(old) || kindOf(old) !== kindOf(up)) break;
      if (isOther(pairs, old, up) && isOnlyRecord(old) && isOnlyRecord(up)) break;
      const vote = votes.get(up);
      if (!vote?.count) votes.set(up, { old, count: 1 });
      else vote.count += vote.old === old ? 1 : -1;
    }
  }
  for (const [fresh, { old }] of votes) if (!used.has(old)) pair(pairs, fresh, old);
}

/** @param {Element} root @param {Element} target @param {Key} key @returns {Pairs} */
export function findPairs(root, target, key) {
  /** @type {Pairs} */
  const pairs = {
    twins: new Map(), used: new Set(), named: new Set([root, target]), holders: new Set(),
    lonely: new Set(), veiled: new Set(), forms: new Map(), looks: new Map(),
  };
  const was = index(pairs, root, key), is = index(pairs, target, key);
  compare(pairs, was, is);
  compare(pairs, is, was);
  pairNamed(pairs, was, is);
  pairAround(pairs);
  return pairs;
}
