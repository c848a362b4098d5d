// What pages that call actions need: what brings the screen up to date to a fresh page, and what encodes arguments.

export { encodeArguments } from "./screen/arguments.js";
export { show, showPart } from "./screen/show.js";
