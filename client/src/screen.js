// What pages that call actions need: what brings the screen up to date to a fresh page.

export { rememberFocus } from "./morph/focus.js";
export { addStyles, runScripts } from "./screen/head.js";
export { show, showPart } from "./screen/show.js";
