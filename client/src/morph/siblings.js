/**
 * Which children of an element become which of its fresh ones. Those that `pairs.js` knows by name come first; the others
 * go by what they are, then by what they show, then by order; texts go with what they follow.
 */

import { attribute, contains, findAll, firstOf, isElement, nextOf, parentOf, read, typeOf } from "../dom.js";
import { isTyped } from "./controls.js";
import { isOther, kindOf } from "./pairs.js";

/** @typedef {import("./pairs.js").Pairs} Pairs */
/** @typedef {Map<Node, Node>} Matches the old node by which a fresh one is shown */

/** Fields that come anew with each page, whatever it shows. */
const VOLATILE = /^_|token|_key$/;

/** @param {Node} node what the server has written there, be it into a field */
function textOf(node) {
  if (!isElement(node)) return /** @type {Text} */ (node).data;
  return kindOf(node) + (VOLATILE.test(read(node, "name")) ? "" : attribute(node, "value"));
}

/** @param {Pairs} pairs @param {Node} node @returns {number} for what it shows, whatever is typed into it */
function looksOf(pairs, node) {
  let sum = pairs.looks.get(node);
  if (sum != null) return sum;
  sum = 7;
  const text = textOf(node);
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) | 0;
  for (let child = firstOf(node); child; child = nextOf(child)) sum = (sum * 31 + looksOf(pairs, child)) | 0;
  pairs.looks.set(node, sum);
  return sum;
}

/** @param {Element} element */
const holdsTyped = (element) => [element, ...findAll("input,textarea,select", element)].some(isTyped);

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
  /** @param {Node[]} nodes @param {{has(node: Node): boolean}} taken */
  const byKind = (nodes, taken) => Map.groupBy(nodes.filter(isElement).filter((each) => !taken.has(each) && !named.has(each)), kindOf);
  const mine = byKind(olds, used);
  for (const [kind, theirs] of byKind(news, matches)) matchKind(pairs, mine.get(kind) ?? [], theirs, matches);
  matchTexts(into, news, matches);
  return matches;
}

/** @param {Pairs} pairs @param {Element[]} olds @param {Element[]} news all of one kind @param {Matches} matches to add to */
function matchKind(pairs, olds, news, matches) {
  if (olds.length === 1 && news.length === 1) {
    if (!isOther(pairs, olds[0], news[0])) matches.set(news[0], olds[0]);
    return;
  }
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
  open.forEach((fresh, i) => olds[i] && matches.set(fresh, olds[i]));
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
