// What stands around a page's body: title, language, styles; and its scripts.

import { find, findAll, has, isEqual, read, setAttribute } from "../dom.js";
import { trusted } from "../page.js";

/** What was served last, as it was served; at first nobody knows it. @type {Element | undefined} */
let served;

/** @param {Document} fresh */
export function updateHead({ title, head, documentElement }) {
  document.title = title;
  updateRoot(documentElement);
  const olds = [...document.head.children];
  for (const element of findAll("meta,link,style", head)) {
    if (olds.some((old) => isEqual(old, element))) continue;
    const name = nameOf(element);
    const old = olds.find((old) => name && nameOf(old) === name);
    const copy = document.importNode(element, true);
    if (old) old.replaceWith(copy);
    else document.head.append(copy);
  }
}

/** @param {Element} element @returns {string | undefined} what there is one of in a head; stylesheets are many */
const nameOf = (element) => /(?!rel="stylesheet")\b(?:id|name|property|rel)="[^"]+"/.exec(element.outerHTML)?.[0];

/** Follows the attributes of `<html>`; what scripts have added stays. @param {Element} fresh */
function updateRoot(fresh) {
  const root = document.documentElement;
  for (const { name, value } of fresh.attributes) {
    const isKnown = name === "class" && !served && value.split(" ").every((each) => root.classList.contains(each));
    if (!isKnown && (served ?? root).getAttribute(name) !== value) root.setAttribute(name, value.replace("no-js", "js"));
  }
  for (const { name } of served?.attributes ?? []) if (!fresh.hasAttribute(name)) root.removeAttribute(name);
  served = fresh;
}

/** @param {Document} fresh its nonces are those of another answer: they become this one's */
export function adoptNonces(fresh) {
  const own = find("[nonce]");
  for (const element of own ? findAll("[nonce]", fresh.documentElement) : []) {
    setAttribute(element, "nonce", read(own, "nonce"));
    element.nonce = own?.nonce;
  }
}

/** @param {Document} page @returns {HTMLScriptElement[]} what runs in it, but for the client */
const scriptsOf = (page) => [...page.scripts].filter(({ type, id }) => /^$|module|javascript/.test(type) && id !== "serveractions");

/** @param {HTMLScriptElement} script */
const sourceOf = ({ src, text }) => src || text;

/** @param {Document} fresh @returns {() => void} call it when the body is up to date: scripts that the page did not have run, once */
export function rememberScripts(fresh) {
  const had = new Set(scriptsOf(document).map(sourceOf));
  return () => {
    document.head.append(...scriptsOf(fresh).filter((script) => fresh.head.contains(script) && !had.has(sourceOf(script))));
    for (const script of scriptsOf(document)) {
      if (had.has(sourceOf(script))) continue;
      // what DOMParser made never runs; this does
      const live = document.createRange().createContextualFragment(trusted(script.outerHTML));
      const made = /** @type {HTMLScriptElement} */ (live.firstChild);
      Object.assign(made, { nonce: script.nonce, async: has(script, "async") });
      script.replaceWith(made);
    }
  };
}
