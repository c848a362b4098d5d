/** What the visitor has typed, ticked or chosen in a control, and her caret in it. */

import { findAll, isShown, tagOf } from "../dom.js";

/** @param {any} field @returns {[string, string]} the properties that tell what it says, and what the server says */
const propertiesOf = ({ type }) => (/^(radio|checkbox)$/.test(type) ? ["checked", "defaultChecked"] : ["value", "defaultValue"]);

/** @param {HTMLSelectElement} select @returns {HTMLOptionElement[]} */
function chosenByServer({ multiple, size, options }) {
  const choices = [...options], chosen = choices.filter((option) => option.defaultSelected);
  if (multiple) return chosen;
  return chosen[0] || size > 1 ? chosen.slice(-1) : choices.filter((option) => !option.disabled).slice(0, 1);
}

/** @param {HTMLSelectElement} select @param {HTMLOptionElement[]} chosen @returns {HTMLOptionElement[]} those that are chosen, and are not to be, or are to be */
const wrongIn = ({ options }, chosen) => [...options].filter((option) => option.selected !== chosen.includes(option));

/** @param {any} element whether it is a control that says something else than the server */
export function isTyped(element) {
  const tag = tagOf(element);
  if (tag === "SELECT") return wrongIn(element, chosenByServer(element))[0];
  if (!/^(INPUT|TEXTAREA)$/.test(tag)) return undefined;
  const [state, server] = propertiesOf(element);
  return element[state] !== element[server];
}

/**
 * Changes an element's attributes and children. What the visitor has made of it stays; else it shows the server's new value.
 * @param {any} element
 * @param {() => void} change
 */
export function keepTyped(element, change) {
  const typed = isTyped(element);
  if (tagOf(element) === "SELECT") {
    const theirs = [...element.selectedOptions];
    change();
    const chosen = !typed || (theirs[0] && !theirs.some(isShown)) ? chosenByServer(element) : theirs;
    return wrongIn(element, chosen).forEach((option) => (option.selected = chosen.includes(option)));
  }
  const field = element === document.activeElement ? element : {}, { selectionStart, selectionEnd } = field;
  change();
  if (!typed && isTyped(element)) {
    const [state, server] = propertiesOf(element);
    element[state] = element[server];
  }
  if (field.selectionStart !== selectionStart) field.setSelectionRange(selectionStart, selectionEnd);
}

/** @returns {() => void} chooses again what the visitor had: of its group, the server has chosen another one */
export function rememberChoices() {
  const chosen = findAll("[type=radio]:checked").filter(isTyped);
  return () => chosen.forEach((radio) => (/** @type {HTMLInputElement} */ (radio).checked = true));
}
