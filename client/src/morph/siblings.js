/**
 * Which children of an element become which of its fresh ones. Those that `pairs.js` knows by name come first; the others
 * go by what they are, then by what they show, then by order; texts go with what they follow.
 */

import { attribute, contains, find, findAll, firstOf, nextOf, parentOf, read, tagOf, typeOf } from "../dom.js";
import { isTyped } from "./controls.js";
import { isShared, said } from "./notes.js";
import { isElement, isOther, kindOf, RECORD } from "./pairs.js";

/** @typedef {import("./pairs.js").Pairs} Pairs */
/** @typedef {Map<Node, Node>} Matches the old node by which a fresh one is shown */

/** Fields that come anew with each page, whatever it shows. */
const VOLATILE = /^_|token|_key$/;

/** @param {Node} node what the server has written there, be it into a field, or into what others write into, too */
function textOf(node) {
  if (!isElement(node)) return /** @type {Text} */ (node).data;
  return kindOf(node) + (isShared(node) ? said.get(node)?.spoken : VOLATILE.test(read(node, "name")) ? "" : attribute(node, "value"));
}

/** @param {Pairs} pairs @param {Node} node @returns {number} for what it shows, whatever is typed into it */
function looksOf(pairs, node) {
  let sum = pairs.looks.get(node);
  if (sum != null) return sum;
  sum = 7;
  const text = textOf(node);
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) | 0;
  if (isElement(node) && !isShared(node)) for (let child = firstOf(node); child; child = nextOf(child)) sum = (sum * 31 + looksOf(pairs, child)) | 0;
  pairs.looks.set(node, sum);
  return sum;
}

/** @param {Element} element */
const holdsTyped = (element) => [element, ...findAll("input,select,textarea", element)].some(isTyped);

/** @param {Element} element @returns {string} where its first link leads to */
const linkOf = (element) => read(find("a", element), "href");

/**
 * @param {Pairs} pairs @param {Element} old @param {Element} fresh
 * @returns {boolean} whether they are two records: of those that hold names none is in both, or what was typed stands by another link
 */
const isOtherRecord = (pairs, old, fresh) =>
  isOther(pairs, old, fresh) ||
  (RECORD.test(tagOf(old)) && ((pairs.holders.has(old) && pairs.holders.has(fresh)) || (holdsTyped(old) && linkOf(old) !== linkOf(fresh))));

/**
 * @param {Pairs} pairs
 * @param {Node} into the parent of the old ones
 * @param {Node[]} olds
 * @param {Node[]} news
 * @returns {Matches}
 */
export function matchSiblings(pairs, into, olds, news) {
  const { twins, used, named } = pairs;
  /** @type {Matches} */
  const matches = new Map();
  for (const fresh of news) {
    const old = twins.get(fresh);
    if (old && (parentOf(old) === into || !contains(old, into))) matches.set(fresh, old);
  }
  /** @param {any[]} nodes @param {{has(node: Node): boolean}} taken @returns {Map<string, Element[]>} */
  const byKind = (nodes, taken) => Map.groupBy(nodes.filter((each) => isElement(each) && !taken.has(each) && !named.has(each)), kindOf);
  const mine = byKind(olds, used);
  for (const [kind, theirs] of byKind(news, matches)) matchKind(pairs, mine.get(kind) ?? [], theirs, matches);
  matchTexts(into, news, matches);
  return matches;
}

/** @param {Pairs} pairs @param {Element[]} olds @param {Element[]} news all of one kind @param {Matches} matches to add to */
function matchKind(pairs, olds, news, matches) {
  /** @type {(fresh: Element, i: number) => unknown} */
  const matchInOrder = (fresh, i) => olds[i] && !isOtherRecord(pairs, olds[i], fresh) && matches.set(fresh, olds[i]);
  if (!olds[1] && !news[1]) return news.forEach(matchInOrder);
  // Of many, one that holds a name is a record of its own.
  olds = olds.filter((old) => !pairs.holders.has(old));
  const alike = Map.groupBy(olds.toReversed(), (old) => looksOf(pairs, old)), taken = new Set();
  const open = news.filter((fresh) => {
    if (pairs.holders.has(fresh)) return false;
    const old = alike.get(looksOf(pairs, fresh))?.pop();
    if (old) matches.set(fresh, old);
    taken.add(old);
    return !old;
  });
  olds = olds.filter((old) => !taken.has(old));
  // With another count of them, order doesn't tell in which the visitor has typed.
  if (olds.length !== open.length) olds = olds.filter((old) => !holdsTyped(old));
  open.forEach(matchInOrder);
}

/** @param {Node} into @param {Node[]} news @param {Matches} matches to add to */
function matchTexts(into, news, matches) {
  /** @type {Node | null} */
  let follows = firstOf(into);
  for (const fresh of news) {
    if (!isElement(fresh) && follows && typeOf(follows) === typeOf(fresh)) matches.set(fresh, follows);
    const old = matches.get(fresh);
    follows = old && parentOf(old) === into ? nextOf(old) : null;
  }
}
