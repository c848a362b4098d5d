// What pages that call actions need: what brings the screen up to date to a fresh page, and what encodes and sends files and
// arguments. It holds nothing of the page's state, and is loaded where a page has use for it: see show.js.

export { encodeArguments } from "./arguments.js";
export { rememberFocus } from "./focus.js";
export { adoptNonces, rememberScripts, updateHead } from "./head.js";
export { morph } from "./morph/morph.js";
export { transition } from "./transitions.js";
export { upload } from "./upload.js";
