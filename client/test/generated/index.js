// Generated pages, for whoever drives a browser.

import { differences } from "./compare.js";
import { bringUpToDate } from "./frames.js";
import { judge, pageOfRecords, visit } from "./records.js";
import { change, numbers, page as makePage, write } from "./trees.js";

/** @param {number} seed @returns {Promise<string[]>} in what a page that nobody has touched differs from a reloaded one */
function compareWithReload(seed) {
  const random = numbers(seed), old = makePage(random), fresh = random(4) ? change(random, old) : makePage(random);
  return bringUpToDate(`tree-${seed}`, write(old), write(fresh), () => {}, (page, reloaded) => differences(page.document, reloaded.document));
}

/** @param {number} seed @returns {Promise<string[]>} what of that which a visitor had made of records is lost, or at another one */
function followRecords(seed) {
  const { lists, old, next, random } = pageOfRecords(seed);
  /** @type {import("./records.js").Touched[]} */
  let touched = [];
  return bringUpToDate(`records-${seed}`, old, next, (page) => (touched = visit(page, lists, random)), (page, reloaded) => judge(page, reloaded, touched));
}

const tests = { compareWithReload, followRecords };

/** @param {keyof typeof tests} name @param {number[]} seeds @returns {Promise<Record<number, string[]>>} what is wrong, by seed */
async function generate(name, seeds) {
  const wrong = /** @type {Record<number, string[]>} */ ({});
  for (const seed of seeds) {
    const found = await tests[name](seed).catch((error) => [String(error.stack)]);
    if (found[0]) wrong[seed] = found.slice(0, 3);
  }
  return wrong;
}

Object.assign(window, { generate });
