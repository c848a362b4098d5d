// Brings pages up to date in Firefox: node firefox_morph.mjs ADDRESS FIREFOX. Prints what went wrong, as JSON.

import puppeteer from "puppeteer-core";

const PATIENCE = 60_000; // milliseconds, for a machine that is busy
const [address, executablePath] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, timeout: PATIENCE });
const page = await browser.newPage();
page.setDefaultTimeout(PATIENCE);
await page.goto(address);
await page.waitForFunction(() => "check" in window);
const wrong = {};
for (const group of ["controls", "records", "elements", "moved", "names"]) Object.assign(wrong, await page.evaluate((group) => window.check(group), group));
wrong.random = await page.evaluate(() => window.compare(300));
await browser.close();
console.log(JSON.stringify(wrong));
