// What stands around a page's body: title, language, styles; its scripts; what the client is told.

import { findAll, has, insert, isEqual, nextOf, read, setAttribute } from "../dom.js";
import { updateSaid } from "../morph/morph.js";
import { about, fieldOfToken, secretOf } from "../page.js";
import { trusted } from "./fresh.js";

const STYLES = "style,[rel=stylesheet][href]";

/** What pages have brought; of the first one what stands before the client: scripts add theirs at the end. @type {Element[]} */
let brought = findAll("head>:not(title):has(~#serveractions),head>meta,head>link:not([rel=stylesheet])");

/** Of the page as it was loaded: later ones may be anybody's. */
const clients = findAll("#serveractions"), own = clients[0]?.nonce, secret = secretOf(about().token);

/** @param {Document} page from now on its token and URLs hold: in forms that were begun, too, and those that differ in nothing else are alike then. In one that a visitor wrote the token could go anywhere */
export function adopt(page) {
  const former = secretOf(about().token);
  Object.assign(about(), about(page));
  for (const field of findAll(`[name="${fieldOfToken()}"][value^="${former}"]`)) setAttribute(field, "value", /** @type {string} */ (about().token));
}

/** @param {Document} fresh */
export function updateHead({ title, head, documentElement }) {
  document.title = title;
  // in attributes there are none, as in those of what was loaded: what differs in nothing else is alike
  for (const element of findAll("[nonce]", documentElement)) {
    const { nonce } = element;
    setAttribute(element, "nonce", "");
    element.nonce = nonce;
  }
  let olds = findAll("head>*");
  const former = brought;
  /** @type {any} */
  let last;
  brought = findAll(":not(title,#serveractions)", head).map((element) => {
    // what changes when it has come is left as it is
    const same = olds.find((old) => isEqual(old, element) || (has(element, "onload") && read(old, "href") === read(element, "href")));
    olds = olds.filter((each) => each !== same);
    // where it stands, it wins over what precedes it
    if (!same) insert(document.head, element, last && nextOf(last));
    return (last = same ?? element);
  });
  const staying = [...brought, ...findScripts()]; // a script stays: it runs once
  for (const old of former) if (!staying.includes(old)) old.remove();
}

/** What styles a fresh page is there before the page is. @param {Element} root of the fresh one */
export const loadStyles = (root) =>
  Promise.all(
    findAll("[rel=stylesheet]", root) // what names none is never loaded
      .filter((style) => read(style, "href") && !findAll("link").some((link) => read(link, "href") === read(style, "href")))
      .map((style) => settled(document.head.appendChild(Object.assign(style.cloneNode(), { rel: "preload", media: "", as: "style" })))),
  );

/** Brings what styles a part of another page. @param {Element} head of that page */
export async function addStyles(head) {
  await loadStyles(head);
  for (const style of findAll(STYLES, head)) {
    if (!findAll(STYLES).some((old) => isEqual(old, style))) document.head.append(style);
  }
}

/** @param {EventTarget} element @returns {Promise<unknown>} when what it names has come, or can't be had */
const settled = (element) => new Promise((resolve) => ["load", "error"].forEach((type) => element.addEventListener(type, resolve)));

/** Follows the attributes of `<html>`; what scripts have added stays. @param {Element} fresh */
export function updateRoot(fresh) {
  fresh.classList.replace("no-js", "js");
  updateSaid(document.documentElement, fresh);
}

/**
 * The nonce of a fresh page is that of another answer: it becomes this one's, before it is parsed. Any other is somebody's guess,
 * and remains one. It stands beside the session's secret, which nobody can write there but the server.
 * @param {string} html
 */
export function adoptNonce(html) {
  const theirs = secret && html.match(`nonce="([^"]{8,})" data-token="${secret}\\.`)?.[1];
  return theirs ? html.replaceAll(theirs, /** @type {string} */ (own)) : html;
}

/** @returns {any[]} what runs in the page, but for the client */
const findScripts = () => findAll("script:not(#serveractions)").filter((/** @type {any} */ { type }) => /^$|module|javascript/.test(type));

/** @param {any} element @returns {string | undefined} of a script */
const sourceOf = ({ src, text }) => src || text;

/** @returns {() => void} call it when the page is up to date: scripts that the page did not have run, once */
export function rememberScripts() {
  const had = findScripts().map(sourceOf);
  return () => runScripts((script) => had.includes(sourceOf(script)));
}

/** @param {Element} script @returns {number} */
const isDeferred = (script) => +script.matches("[defer],[type=module]");

/** What was parsed apart never runs by itself. @param {(script: any) => boolean} isOld the others run in the order in which a parser would run them, each when what it follows has come */
export async function runScripts(isOld) {
  for (const script of findScripts().sort((one, other) => isDeferred(one) - isDeferred(other))) {
    // where the client came by a nonce, so does the rest: under 'strict-dynamic' whatever we bring would run. Of two clients one is a guess
    if (isOld(script) || clients.some(({ nonce }) => nonce && nonce !== script.nonce)) continue;
    const live = /** @type {HTMLScriptElement} */ (document.createRange().createContextualFragment(trusted(script.outerHTML)).firstChild);
    script.replaceWith(Object.assign(live, { nonce: script.nonce, async: has(script, "async") }));
    if (live.src && !live.async) await settled(live);
  }
}
