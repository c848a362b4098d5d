// Shows a fresh page: the body is brought up to date, so that the screen says what a reload would say.

import { parseAction } from "../address.js";
import { begunForms, contentsOf, isTypedOn, settleAllBut } from "../begun.js";
import { callOf } from "../calls.js";
import { attribute, closest, contains, emit, fieldsOf, find, has, isForm, isShown, read, setAttribute } from "../dom.js";
import { parsePage } from "./fresh.js";
import { adopt, adoptNonce, loadStyles, rememberScripts, updateHead, updateRoot } from "./head.js";
import { notify } from "../messages.js";
import { isTyped } from "../morph/controls.js";
import { morph } from "../morph/morph.js";
import { kindOf } from "../morph/pairs.js";
import { liftMarks } from "../pending.js";
import { renewURLs, urlsOf } from "./renew.js";
import { transition } from "./transitions.js";

/**
 * What has just been sent.
 * @typedef {object} Sent
 * @property {Element} [element] a form, or a button
 * @property {string} [contents] of a form, as it was sent
 * @property {unknown} [isStaying] whether the form stays as it is: it was refused, or saves itself
 * @property {boolean} [isAutosave] whether the form sends itself: she may be typing
 * @property {boolean} [isChanged] whether the visitor has typed on since
 * @property {boolean} [isShy] nothing, and nobody has asked: the page comes by itself
 */

/** The page that is to be shown, or is. @type {Document} */
let latest;

const FORM_GONE = "The form that you had begun is gone.";

/** @param {string} html @param {Sent} sent */
export async function show(html, sent) {
  const page = (latest = parsePage(adoptNonce(html)));
  await loadStyles(page.documentElement);
  sent.isChanged = isTypedOn(sent);
  if (page !== latest) return; // a later one has come, and is shown
  let isWanted;
  // within the transition: what comes until it begins, a dialog, is known to who listens
  await transition(() => (isWanted = emit("render", { page })) && showPart(document.body, page.body, page, sent));
  if (isWanted) emit("rendered", { page });
}

/**
 * Brings a part of the page up to date.
 * @param {Element} root
 * @param {Element} target
 * @param {Document} page that it is of
 * @param {Sent} [sent]
 */
export function showPart(root, target, page, sent = {}) {
  const { element, isShy, isStaying } = sent;
  const isChanged = (sent.isChanged = isTypedOn(sent));
  const runScripts = rememberScripts();
  if (root === document.body) {
    updateHead(page);
    adopt(page);
  }
  // as it is now: what is brought up to date one by one would look like typed
  const begun = begunForms().filter((form) => form !== element || isChanged || isStaying);
  // what was opened to send a form closes as a reload would close it
  const isOver = isForm(element) && !isStaying && !isChanged && !has(element, "data-submit");
  if (isOver) closest(element, "[popover]")?.hidePopover?.();
  const putMarks = liftMarks();
  // of equal forms the one that stays comes back as the one of its number
  const refused = isStaying && parseAction(read(element, "action"))?.identity;
  /** @param {any} form @param {any} fresh */
  const isBegun = (form, fresh) => [form, fresh].every(isForm) && keyOf(form, refused) === keyOf(fresh, refused) && (form === element ? isChanged || (isStaying && lacks(fresh, form)) : begun.includes(form));
  // what was typed outside of its form, where the fresh page may have no place for it
  const outside = begun.filter((form) => isBegun(form, page.getElementById(read(form, "id")))).flatMap((form) => [...fieldsOf(form)].filter((field) => isTyped(field) && !contains(form, field)));
  /** @param {any} old */
  const isTold = (old) => isShy && old.told && old.textContent === old.told;
  /** @type {import("../morph/morph.js").Stays} */
  const stays = (old) => isTold(old) || outside.some((field) => contains(old, field));
  /** @type {import("../morph/morph.js").Prepare} */
  const prepare = (old, next) => {
    // a page that comes by itself knows nothing of what was told, as long as that stands there
    if (isTold(old)) next.textContent ||= old.told;
    if (isShy && old.told && old.ariaInvalid) next.ariaInvalid = "true";
    const [form, fresh] = [old, next].map(formOf);
    const isLeft = isBegun(form, fresh) || isKept(old, next);
    if (isLeft) renew(old, next, page, form === element);
    else if (isOver && contains(old, element) && has(old, "open") && !has(next, "open")) old.open = old.close?.();
    return isLeft;
  };
  morph(root, target, (element) => keyOf(element, refused), prepare, stays);
  if (root === document.body) updateRoot(page.documentElement);
  putMarks();
  runScripts();
  settleAllBut(begun);
  if (begun.some((form) => form !== element && !isShown(form) && contentsOf(form) !== callOf(form)?.contents)) notify(FORM_GONE);
}

/** Whether a fresh form has no place for something: for a row that a script added. @param {HTMLFormElement} fresh @param {HTMLFormElement} typed */
function lacks(fresh, typed) {
  // what a script has written into a hidden field counts; an empty one says nothing, nor does a box without a tick
  const [free, wanted] = [fresh, typed].map((form) => [...fieldsOf(form)].filter(({ name, type, value }) => name && (type !== "hidden" || value)));
  const names = free.map(({ name }) => name);
  return wanted.some(({ name, type, checked }) => (checked || !/^(radio|checkbox)$/.test(type)) && !names.splice(names.indexOf(name) >>> 0, 1).length);
}

/** @param {Element} element @param {unknown} refused the action that was @returns {string | null | undefined} a form is known by its action, and what that is bound to, and so is what names it from outside; one that is no action's by its path, without an `id`: a search changes the rest; a region by its name */
function keyOf(element, refused) {
  const form = formOf(element);
  if (!isForm(form)) return attribute(element, "data-region");
  const url = read(form, "action"), action = parseAction(url);
  if (!action && has(form, "id")) return undefined;
  return (!action ? url.split("?")[0] : action.identity === refused ? refused : action.record) + kindOf(element);
}

/** @param {Element} element @returns {unknown} the form that it is, or that it names: what stands outside of a form belongs to it all the same */
const formOf = (element) => (has(element, "form") ? /** @type {HTMLInputElement} */ (element).form : element);

/** @param {Element} old @param {Element} fresh @returns {boolean} whether it is not the server's; a fallback never replaces content */
const isKept = (old, fresh) =>
  // our own element, and Flask-DebugToolbar's: its script shows what every page brings hidden
  /^(serveractions|flDebug)$/.test(read(old, "id")) ||
  (has(old, "data-keep") && has(fresh, "data-keep")) ||
  /^loaded(waiting|failed)/.test(read(old, "data-lazy") + read(fresh, "data-lazy"));

/**
 * Gives what is left as it is fresh IDs. If they are somebody else's, so is what was typed: the server says so, when it is sent.
 * @param {Element} old @param {Element} fresh @param {Document} page @param {boolean} isSent then it was said
 */
function renew(old, fresh, page, isSent) {
  for (const name of ["form", "id"]) if (has(fresh, name)) setAttribute(old, name, read(fresh, name)); // with its number another may go by now
  const [field, other] = [old, fresh].map((form) => find("[name=_action]", form));
  if (field && isSent) setAttribute(field, "value", read(other, "value"));
  if (read(field, "value") === read(other, "value")) renewURLs(old, urlsOf(page, fresh));
}
