/**
 * Brings one tree of nodes up to date to another, in O(n), or O(n log n) where siblings change places.
 *
 * 1. Elements are paired by name in the whole tree (`pairs.js`).
 * 2. From the top down, the children of each pair are matched (`siblings.js`): what has no match goes, or comes; of the
 *    others all but a longest run that is in order already are moved, by `moveBefore` where there is one.
 * 3. What matches is updated: its attributes and texts; its controls, unless the visitor has typed (`controls.js`); what the
 *    visitor or a script has opened, sized or rendered, where the server has changed what it says of it (`said.js`).
 * 4. What browsers forget of what moves is put back (`screen.js`).
 *
 * The fresh tree is used up: its nodes are those that come.
 */

import {
  attribute, attributesOf, findAll, firstOf, has, insert, isEqual, isShown, moveBefore, nextOf, parentOf, remove,
  removeAttribute, setAttributeNode, shadowOf, tagOf,
} from "../dom.js";
import { keepTyped } from "./controls.js";
import { note, served } from "./notes.js";
import { findPairs, isElement } from "./pairs.js";
import { rising } from "./rising.js";
import { carry, compareSaid } from "./said.js";
import { remember } from "./screen.js";
import { matchSiblings } from "./siblings.js";

/**
 * @typedef {import("./pairs.js").Pairs & {foreign: Node[], prepare: Prepare, stays: Stays, leaving: [Node, Node][]}} Plan `foreign`: what is not the
 *   server's; `leaving`: parents, and what goes from them unless it has moved elsewhere by then
 * @typedef {(old: any, fresh: Element) => unknown} Prepare before an element is updated; may change both itself; gives whether
 *   the old one is left as it is then
 * @typedef {(old: any) => unknown} Stays whether a node stays that has no fresh one
 */

/**
 * Scripts that come with the fresh tree do not run by themselves: a parser made them for no browser.
 * @param {Element} root in the document
 * @param {Element} target parsed, and nothing of it shown yet
 * @param {import("./pairs.js").Key} key what tells an element from all others, where it has no `id`; of a form this
 *   comes before its `id`. Without what changes with each page, and without the number of equal forms
 * @param {Prepare} prepare
 * @param {Stays} stays
 */
export function morph(root, target, key, prepare, stays) {
  const restore = remember();
  note(/** @type {Document} */ (target.getRootNode()));
  const foreign = findForeign();
  /** @type {Plan} */
  const plan = { ...findPairs(root, target, key), foreign, prepare, stays, leaving: [] };
  updateElement(plan, root, target);
  for (const [parent, node] of plan.leaving) if (parentOf(node) === parent) remove(parent, node);
  served.clear();
  for (const each of childrenOf(document.body)) if (!foreign.includes(each)) served.add(each);
  restore();
}

/** @returns {Node[]} what scripts have put into the body, but for our messages, and tooltips, of which nothing may be left; nothing, where a neighbour has put its pages in place of ours */
const findForeign = () =>
  [...served].every(isShown)
    ? childrenOf(document.body).filter((/** @type {any} */ each) => !served.has(each) && each.told === undefined && each.role !== "tooltip")
    : [];

/** @param {Plan} plan @param {Element} old @param {Element} fresh */
function updateElement(plan, old, fresh) {
  // not within a shadow root or a template: there nobody has looked for more of them
  if (!plan.veiled.has(old) && !plan.veiled.has(fresh) && isEqual(old, fresh) && isShown(old)) return;
  if (plan.prepare(old, fresh)) return;
  keepTyped(old, () => {
    if (!updateSaid(old, fresh)) updateContent(plan, old, fresh);
  });
}

/** Brings an element's attributes up to date, but for what it shares with the visitor and scripts. @param {Element} old @param {Element} fresh @returns {unknown} whether its content stays as it is */
export function updateSaid(old, fresh) {
  const { staysAttribute, staysContent } = compareSaid(old, fresh);
  updateAttributes(old, fresh, staysAttribute);
  carry(old, fresh);
  return staysContent;
}

/** @param {Element} old @param {Element} fresh @param {(name: string) => boolean} stays what is left as it is */
function updateAttributes(old, fresh, stays) {
  for (const item of attributesOf(fresh))
    if (attribute(old, item.name) !== item.value && !stays(item.name)) setAttributeNode(old, /** @type {Attr} */ (item.cloneNode()));
  for (const { name } of [...attributesOf(old)])
    if (!has(fresh, name) && !stays(name)) removeAttribute(old, name);
}

/** @param {Plan} plan @param {any} old @param {any} fresh */
function updateContent(plan, old, fresh) {
  const shadow = shadowOf(fresh);
  if (shadow) updateChildren(plan, shadowOf(old) ?? old.attachShadow(shadow), shadow);
  if (tagOf(old) === "TEMPLATE") updateChildren(plan, old.content, fresh.content);
  else updateChildren(plan, old, fresh);
}

/** @param {Node} node @returns {ChildNode[]} */
function childrenOf(node) {
  const children = [];
  for (let child = firstOf(node); child; child = nextOf(child)) children.push(child);
  return children;
}

/** @param {Plan} plan @param {Node} into @param {Node} from */
function updateChildren(plan, into, from) {
  const olds = childrenOf(into).filter((old) => !plan.foreign.includes(old)), news = childrenOf(from);
  if (!olds[0] && !news[0]) return;
  const matches = matchSiblings(plan, into, olds, news);
  dismiss(plan, into, olds, new Set(matches.values()));
  arrange(plan, into, olds, news, matches);
  for (const [fresh, old] of matches)
    if (isElement(old)) updateElement(plan, old, /** @type {Element} */ (fresh));
    else if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
}

/** @param {Plan} plan @param {Node} into @param {Node[]} olds @param {Set<Node>} staying */
function dismiss({ used, holders, stays, leaving }, into, olds, staying) {
  for (const old of olds) {
    if (staying.has(old) || stays(old)) continue;
    if (used.has(old) || holders.has(old)) leaving.push([into, old]);
    else remove(into, old);
  }
}

/**
 * Puts what stays and what comes in order.
 * @param {Plan} plan
 * @param {Node} into
 * @param {Node[]} olds
 * @param {Node[]} news
 * @param {Map<Node, Node>} matches to add to
 */
function arrange(plan, into, olds, news, matches) {
  const indices = new Map(olds.map((old, i) => [old, i]));
  const staying = rising(news.map((fresh) => indices.get(/** @type {Node} */ (matches.get(fresh))) ?? -1));
  /** @type {Node | null} */
  let place = firstOf(into);
  news.forEach((fresh, i) => {
    const old = matches.get(fresh), node = old ?? bring(plan, fresh, matches);
    if (!old) insert(into, node, place);
    else if (!staying.has(i) && old !== place) ((isElement(into) && moveBefore) || insert)(into, old, place);
    place = nextOf(node);
  });
}

/** @param {Plan} plan @param {Node} fresh @param {Map<Node, Node>} matches @returns {Node} itself; a shell where old ones go into it */
function bring({ twins }, fresh, matches) {
  if (!isElement(fresh) || !findAll("*", fresh).some((each) => twins.has(each))) return fresh;
  const shell = document.importNode(fresh);
  matches.set(fresh, shell);
  return shell;
}
