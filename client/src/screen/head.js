// What stands around a page's body: title, language, styles; and its scripts.

import { attribute, find, findAll, has, insert, isEqual, nextOf, read, removeAttribute, setAttribute } from "../dom.js";
import { trusted } from "../page.js";

/** What was served last, as it was served; at first nobody knows it. @type {Element | undefined} */
let served;

/** What pages have brought; of the first one what stands before the client: scripts add theirs at the end. @type {Element[]} */
let brought = findAll("head>:has(~#serveractions)");

/** @param {Document} fresh */
export function updateHead({ title, head, documentElement }) {
  document.title = title;
  updateRoot(documentElement);
  let olds = [...document.head.children];
  const former = brought;
  let last = /** @type {any} */ (null);
  brought = findAll("meta,link,style,script:not(#serveractions)", head).map((element) => {
    // what changes when it has come is left as it is
    const same = olds.find((old) => isEqual(old, element) || (has(element, "onload") && read(old, "href") === read(element, "href")));
    const old = same ?? olds.find((old) => nameOf(old) === nameOf(element));
    olds = olds.filter((each) => each !== old);
    if (same) return (last = same);
    // where it stands, it wins over what precedes it
    insert(document.head, element, last && nextOf(last));
    old?.remove();
    return (last = element);
  });
  for (const old of former) if (!brought.includes(old) && !sourceOf(old)) old.remove(); // a script stays: it runs once
}

/** @param {Element} element @returns {string | Element} what there is one of in a head; stylesheets are many, each but itself */
const nameOf = (element) => /^[^>]*?((?!rel="stylesheet")\b(?:id|name|property|rel)=".+?")/.exec(element.outerHTML)?.[1] ?? element;

/** Follows the attributes of `<html>`; what scripts have added stays. @param {Element} fresh */
function updateRoot(fresh) {
  const root = document.documentElement;
  for (const { name, value } of fresh.attributes) {
    const isKnown = name === "class" && !served && value.split(" ").every((each) => root.classList.contains(each));
    if (!isKnown && attribute(served ?? root, name) !== value) setAttribute(root, name, value.replace("no-js", "js"));
  }
  for (const { name } of served?.attributes ?? []) if (!has(fresh, name)) removeAttribute(root, name);
  served = fresh;
}

/** @param {Document} fresh its nonce is that of another answer: it becomes this one's; any other is somebody's guess, and remains one */
export function adoptNonces({ documentElement }) {
  const own = find("[nonce]"), elements = findAll("[nonce]", documentElement), theirs = elements[0]?.nonce;
  for (const element of elements) {
    if (!own || element.nonce !== theirs) continue;
    setAttribute(element, "nonce", read(own, "nonce"));
    element.nonce = own.nonce;
  }
}

/** @returns {any[]} what runs in the page, but for the client */
const findScripts = () => findAll("script:not(#serveractions)").filter((/** @type {any} */ { type }) => /^$|module|javascript/.test(type));

/** @param {any} element @returns {string | undefined} of a script */
const sourceOf = ({ src, text }) => src || text;

/** @returns {() => void} call it when the page is up to date: scripts that the page did not have run, once */
export function rememberScripts() {
  const had = findScripts().map(sourceOf), nonce = find("#serveractions")?.nonce;
  return () => {
    for (const script of findScripts()) {
      // where the client came by a nonce, so does the rest: under 'strict-dynamic' whatever we bring would run
      if (had.includes(sourceOf(script)) || (nonce && nonce !== script.nonce)) continue;
      // what was parsed apart never runs; this does
      const live = document.createRange().createContextualFragment(trusted(script.outerHTML));
      script.replaceWith(Object.assign(/** @type {HTMLScriptElement} */ (live.firstChild), { nonce: script.nonce, async: has(script, "async") }));
    }
  };
}
