// Modules that not every page needs.

/** @param {string} name @returns {Promise<any>} its type is said where it is named */
function load(name) {
  const url = `./${name}.js${new URL(import.meta.url).search}`;
  return import(url);
}

/** @type {() => Promise<typeof import("./screen.js")>} */
export const loadScreen = () => load("screen");
/** @type {() => Promise<typeof import("./live.js")>} */
export const loadLive = () => load("live");
