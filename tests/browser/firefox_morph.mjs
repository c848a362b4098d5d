// Brings pages up to date in Firefox: node firefox_morph.mjs ENDPOINT ADDRESS. Prints what went wrong, as JSON.

import { PATIENCE, visit } from "./firefox_visit.mjs";

const [endpoint, address] = process.argv.slice(2);
const { visitor, leave } = await visit(endpoint);
const page = await visitor.newPage();
page.setDefaultTimeout(PATIENCE);
await page.goto(address);
await page.waitForFunction(() => "check" in window);
const wrong = {};
for (const group of ["controls", "records", "elements", "moved", "names"]) Object.assign(wrong, await page.evaluate((group) => window.check(group), group));
wrong.random = await page.evaluate(() => window.compare(300));
await leave();
console.log(JSON.stringify(wrong));
