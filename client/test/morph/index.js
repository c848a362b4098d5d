// All cases, for whoever drives a browser.

import { controls } from "./controls.js";
import { elements, moved } from "./elements.js";
import { names } from "./names.js";
import { compare } from "./random.js";
import { records } from "./records.js";
import { bring, run, show } from "./stage.js";

const groups = { controls, records, elements, moved, names };

/** @param {keyof typeof groups} group @returns {Promise<Record<string, string>>} what is wrong, by case */
async function check(group) {
  const wrong = /** @type {Record<string, string>} */ ({});
  for (const [name, given] of Object.entries(groups[group])) {
    const problem = await run(given).catch((error) => String(error.stack));
    if (problem) wrong[name] = problem;
  }
  return wrong;
}

Object.assign(window, { check, compare, bring, show });
