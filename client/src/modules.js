// Modules that not every page needs.

import { share } from "./shared.js";

/** What those export that have been loaded, by their names. @type {Record<string, any>} */
const loaded = {};

/** @param {string} name @returns {Promise<any>} what it exports; it is run once. Its type is said where it is named */
async function load(name) {
  const url = `./${name}.js${new URL(import.meta.url).search}`;
  const { default: run } = await import(url);
  return (loaded[name] ??= run(share()) ?? {});
}

/** @type {() => Promise<typeof import("./screen.js")>} */
export const loadScreen = () => load("screen");
/** @type {() => Promise<typeof import("./transfer.js")>} */
export const loadTransfer = () => load("transfer");
/** @type {() => Promise<typeof import("./live.js")>} */
export const loadLive = () => load("live");

/** @returns {boolean} whether it has come, and listens */
export const hasLive = () => "live" in loaded;
