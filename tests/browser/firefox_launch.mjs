// Launches Firefox for scripts to visit pages in: node firefox_launch.mjs FIREFOX. Prints where it is reached, and ends it
// when standard input ends. Playwright drives no Firefox but its own; Puppeteer speaks WebDriver BiDi with Debian's.

import puppeteer from "puppeteer-core";

const [executablePath] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, timeout: 60_000 });
const endpoint = browser.wsEndpoint();
const firefox = browser.process();
await browser.disconnect(); // there is one session at a time
process.stdin.on("end", () => firefox.kill()).resume();
console.log(endpoint);
