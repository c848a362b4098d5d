// What pages that call actions need: what brings the screen up to date to a fresh page.

export { rememberFocus } from "./morph/focus.js";
export { parsePage } from "./screen/fresh.js";
export { addStyles, runScripts } from "./screen/head.js";
export { freshOf, renew, renewURLs } from "./screen/renew.js";
export { show, showPart } from "./screen/show.js";
