// Shows a fresh page: the body is brought up to date, so that the screen says what a reload would say.

import { parseAction, renewURLs, urlsOf } from "./address.js";
import { begunForms, contentsOf, isBegun, settleAllBut } from "./begun.js";
import { attribute, find } from "./elements.js";
import { notify } from "./messages.js";
import { loadScreen } from "./modules.js";
import { adopt, fieldOfToken, namedActions, parse, trusted } from "./page.js";
import { liftMarks } from "./pending.js";

/**
 * A form that has just been sent.
 * @typedef {object} Sent
 * @property {HTMLFormElement} form
 * @property {string} contents what was sent
 * @property {boolean} isRefused
 * @property {boolean} isChanged whether the visitor has typed on since
 */

// only pages that call actions need it
if (document.querySelector('[name=_action],[data-action],#serveractions:not([data-actions="{}"])')) void loadScreen();

const FORM_GONE = "The form that you had begun is gone.";

/** @param {string} html @param {Sent} [sent] */
export async function show(html, sent) {
  try {
    const screen = await loadScreen();
    const page = parse(html);
    const emit = (/** @type {string} */ type) => document.dispatchEvent(new CustomEvent(type, { cancelable: true, detail: { page } }));
    if (emit("action:render")) {
      await screen.transition(() => replace(screen, page, sent));
      emit("action:rendered");
    }
  } catch (error) {
    reportError(error);
    location.reload();
  }
}

/** Brings a part of the page up to date. @param {Element} old @param {Element} next @param {Document} page that it is of */
export const showPart = async (old, next, page) => update(await loadScreen(), old, next, page);

/** @param {typeof import("./screen.js")} screen @param {Document} fresh @param {Sent} [sent] */
function replace(screen, fresh, sent) {
  const runScripts = screen.rememberScripts(fresh, trusted);
  screen.adoptNonces(fresh);
  screen.updateHead(fresh);
  adopt(fresh);
  update(screen, document.body, fresh.body, fresh, sent, runScripts);
}

/** @param {typeof import("./screen.js")} screen @param {Element} root @param {Element} target @param {Document} fresh @param {Sent} [sent] @param {() => void} [runScripts] */
function update({ morph, rememberFocus }, root, target, fresh, sent, runScripts) {
  const begun = begunForms();
  const urls = urlsOf(target, Object.values(namedActions(fresh)));
  const putMarks = liftMarks();
  const refocus = rememberFocus();
  const kept = new Set(begun);
  /** @param {Element} old @param {Element} next */
  const leave = (old, next) => {
    const isLeft = leaves(old, next, sent);
    if (isLeft) renew(old, next, urls);
    else if (old instanceof HTMLFormElement && !(old === sent?.form && sent.isRefused)) kept.delete(old);
    return isLeft;
  };
  morph(root, target, { key: keyOf, leave });
  runScripts?.();
  refocus();
  putMarks();
  settleAllBut((form) => kept.has(form));
  if (begun.some((form) => !document.contains(form) && form !== sent?.form)) notify(FORM_GONE);
}

/** @param {Element} element @returns {string | undefined} a form is known by its action, and what that is bound to; a region by its name */
const keyOf = (element) =>
  (element instanceof HTMLFormElement ? parseAction(attribute(element, "action"))?.key : attribute(element, "data-region")) ?? undefined;

/** Our own element, and Flask-DebugToolbar's: its script shows what every page brings hidden. */
const OWN = /^(serveractions|flDebug)$/;

/** @param {Element} old @param {Element} fresh @param {Sent} [sent] @returns {boolean} */
function leaves(old, fresh, sent) {
  if (OWN.test(attribute(old, "id") ?? "") || [old, fresh].every((each) => attribute(each, "data-keep") !== null)) return true;
  // an editor that was opened to send this form closes as a reload would close it
  if (old instanceof HTMLDetailsElement && sent && !sent.isRefused && old.contains(sent.form)) old.open = attribute(fresh, "open") !== null;
  // a fallback never replaces content
  if (/^loaded(waiting|failed)/.test(`${attribute(old, "data-lazy")}${attribute(fresh, "data-lazy")}`)) return true;
  if (!(old instanceof HTMLFormElement && fresh instanceof HTMLFormElement)) return false;
  if (old !== sent?.form) return isBegun(old);
  sent.isChanged = contentsOf(old) !== sent.contents;
  return sent.isRefused ? lacks(new FormData(fresh), new FormData(old)) : sent.isChanged;
}

/** Whether a fresh form has no place for something: for a row that a script added. @param {FormData} fresh @param {FormData} typed */
function lacks(fresh, typed) {
  const names = [...fresh.keys()];
  return [...typed.keys()].some((name) => !names.splice(names.indexOf(name) >>> 0, 1).length);
}

/** Gives what is left as it is fresh IDs and tokens. @param {Element} old @param {Element} fresh @param {Map<string | undefined, string>} urls */
function renew(old, fresh, urls) {
  renewURLs(old, urls);
  for (const name of ["_action", fieldOfToken()]) {
    const [field, other] = [old, fresh].map((form) => find(form, `[name="${name}"]`));
    if (field && other) field.setAttribute("value", attribute(other, "value") ?? "");
  }
}
