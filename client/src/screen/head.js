// What stands around a page's body: title, language, styles; and its scripts.

import { attribute, findAll, has, insert, isEqual, nextOf, read, removeAttribute, setAttribute } from "../dom.js";
import { about, trusted } from "../page.js";

/** What was served last, as it was served; at first nobody knows it. @type {Element | undefined} */
let served;

/** What pages have brought; of the first one what stands before the client: scripts add theirs at the end. @type {Element[]} */
let brought = findAll("head>:has(~#serveractions)");

/** Of the page as it was loaded: later ones may be anybody's. */
const clients = findAll("#serveractions"), own = clients[0]?.nonce, secret = about().token?.split(".")[0];

/** @param {Document} fresh */
export function updateHead({ title, head, documentElement }) {
  document.title = title;
  // in attributes there are none, as in those of what was loaded: what differs in nothing else is alike
  for (const element of findAll("[nonce]", documentElement)) {
    const { nonce } = element;
    setAttribute(element, "nonce", "");
    element.nonce = nonce;
  }
  updateRoot(documentElement);
  let olds = [...document.head.children];
  const former = brought;
  let last = /** @type {any} */ (null);
  brought = findAll("meta,link,style,script:not(#serveractions)", head).map((element) => {
    // what changes when it has come is left as it is
    const same = olds.find((old) => isEqual(old, element) || (has(element, "onload") && read(old, "href") === read(element, "href")));
    const old = same ?? olds.find((old) => nameOf(old) === nameOf(element));
    olds = olds.filter((each) => each !== old);
    // where it stands, it wins over what precedes it
    if (!same) {
      insert(document.head, element, last && nextOf(last));
      old?.remove();
    }
    return (last = same ?? element);
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

/**
 * The nonce of a fresh page is that of another answer: it becomes this one's, before it is parsed. Any other is somebody's guess,
 * and remains one. It stands beside the session's secret, which nobody can write there but the server.
 * @param {string} html
 */
export function adoptNonce(html) {
  const theirs = secret && html.match(`nonce="([^"]{8,})" data-token="${secret}\\.`)?.[1];
  return theirs ? html.split(theirs).join(own) : html;
}

/** @returns {any[]} what runs in the page, but for the client */
const findScripts = () => findAll("script:not(#serveractions)").filter((/** @type {any} */ { type }) => /^$|module|javascript/.test(type));

/** @param {any} element @returns {string | undefined} of a script */
const sourceOf = ({ src, text }) => src || text;

/** @returns {() => void} call it when the page is up to date: scripts that the page did not have run, once */
export function rememberScripts() {
  const had = findScripts().map(sourceOf);
  return () => {
    for (const script of findScripts()) {
      // where the client came by a nonce, so does the rest: under 'strict-dynamic' whatever we bring would run. Of two clients one is a guess
      if (had.includes(sourceOf(script)) || clients.some(({ nonce }) => nonce && nonce !== script.nonce)) continue;
      // what was parsed apart never runs; this does
      const live = document.createRange().createContextualFragment(trusted(script.outerHTML));
      script.replaceWith(Object.assign(/** @type {HTMLScriptElement} */ (live.firstChild), { nonce: script.nonce, async: has(script, "async") }));
    }
  };
}
