// Goes the main paths in Firefox: node firefox_paths.mjs ENDPOINT ADDRESS FILE. Prints what was seen, as JSON.

import { PATIENCE, visit } from "./firefox_visit.mjs";

const [endpoint, address, file] = process.argv.slice(2);
const { visitor, leave } = await visit(endpoint);
const problems = [];

/** Opens a page of a visitor. */
async function openPage() {
  const page = await visitor.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("pageerror", ({ message }) => problems.push(message));
  return page;
}

const page = await openPage();
const until = (condition, ...given) => page.waitForFunction(condition, {}, ...given);
const textOf = (selector) => page.$eval(selector, ({ textContent }) => textContent.trim());
const textsOf = (selector) => page.$$eval(selector, (found) => found.map(({ textContent }) => textContent.trim()));
const untilText = (selector, text) => until((selector, text) => document.querySelector(selector)?.textContent.trim() === text, selector, text);
const untilCount = (selector, count) => until((selector, count) => document.querySelectorAll(selector).length === count, selector, count);
const mark = () => page.evaluate(() => (window.same = true));
const isSame = () => page.evaluate(() => window.same === true);

// Puppeteer's own ways wait for loads, which a page that the browser has kept does not have
const back = () => page.evaluate(() => setTimeout(() => history.back()));
async function open(path) {
  await page.evaluate((url) => {
    window.left = true;
    setTimeout(() => location.assign(url));
  }, address + path);
  await until((path) => !window.left && location.pathname === path && document.readyState === "complete", path);
  await page.evaluate(async () => {
    const { src } = document.querySelector("script[src*='client.js']");
    for (const later of ["screen", "live"]) await import(src.replace("client", later)); // what is done next may need them
  });
}

const paths = {
  async errors() {
    await open("/todos");
    await mark();
    await page.type("[name=text]", "taken");
    await page.click("#add");
    await until(() => document.querySelector("[data-error=text]").textContent);
    const seen = [await textOf("[data-error=text]"), await page.evaluate(() => document.activeElement.value)];
    await page.type("[name=text]", "!");
    await page.click("#add");
    await untilCount("#list li", 1);
    return [...seen, await page.$eval("[name=text]", ({ value }) => value), await isSame()];
  },

  async fresh() {
    await open("/fresh");
    await page.evaluate(() => {
      const styles = () => performance.getEntriesByType("resource").filter(({ name, responseEnd }) => name.endsWith("/slow.css") && responseEnd);
      new MutationObserver(() => (window.stylesThen ??= styles().length)).observe(document.querySelector("main"), { attributeFilter: ["data-n"] });
    });
    await page.click("#go");
    await until(() => window.order?.length === 2);
    await until(() => getComputedStyle(document.querySelector("main")).color === "rgb(9, 9, 9)");
    return page.evaluate(() => [window.stylesThen, window.order]);
  },

  async redirect() {
    await open("/todos");
    await mark();
    await page.click("#leave");
    await until(() => location.pathname === "/other" && document.querySelector("h1"));
    return [await textOf("h1"), await isSame()];
  },

  async history() {
    const seen = [];
    await back();
    await until(() => location.pathname === "/todos" && document.querySelector("#list"));
    seen.push(await page.evaluate(() => document.querySelector("#leave").disabled), (await textsOf("#list li")).length);
    await page.evaluate(() => setTimeout(() => history.forward()));
    await until(() => location.pathname === "/other");
    return [...seen, await textOf("h1")];
  },

  async dialog() {
    await open("/todos");
    await mark();
    await page.click("#new");
    await until(() => document.querySelector("dialog[open]"));
    const seen = [await textOf("dialog h2"), await page.evaluate(() => document.activeElement.name)];
    await page.keyboard.press("Escape");
    await untilCount("dialog", 0);
    seen.push(await page.evaluate(() => document.activeElement.id));
    await page.click("#new");
    await until(() => document.querySelector("dialog[open]"));
    await page.type("dialog [name=text]", "taken");
    await page.click("dialog button");
    await until(() => document.querySelector("dialog").textContent.includes("You have that one."));
    await page.type("dialog [name=text]", " not");
    await page.click("dialog button");
    await untilCount("dialog", 0);
    await untilCount("#list li", 2);
    return [...seen, await isSame(), await page.evaluate(() => location.pathname)];
  },

  async live() {
    await open("/todos");
    await mark();
    const other = await openPage();
    await other.goto(address + "/todos");
    await other.type("[name=text]", "by somebody else");
    await other.click("#add");
    await other.waitForFunction(() => document.querySelectorAll("#list li").length === 3);
    await other.close();
    await page.bringToFront();
    await untilCount("#list li", 3);
    return [(await textsOf("#list li")).pop(), await isSame()];
  },

  async search() {
    await open("/words");
    await mark();
    await page.type("[name=q]", "ap");
    await until(() => location.search === "?q=ap");
    await untilCount("#found li", 2);
    const caret = await page.evaluate(() => [document.activeElement.name, document.activeElement.selectionStart]);
    return [await textsOf("#found li"), caret, await isSame()];
  },

  async endless() {
    await open("/rows");
    await until(() => {
      document.querySelector("#rows li:last-child").scrollIntoView();
      return !document.querySelector("[data-more]");
    });
    const seen = [(await textsOf("#rows li")).pop()];
    await page.click("#away");
    await until(() => location.pathname === "/other");
    await back();
    await until(() => location.pathname === "/rows" && document.querySelectorAll("#rows li").length === 60);
    return [...seen, await page.evaluate(() => scrollY > 0)];
  },

  async upload() {
    await open("/files");
    await mark();
    await (await page.$("[name=file]")).uploadFile(file);
    await page.click("#send");
    await until(() => document.querySelector("#sizes li"));
    return [await textsOf("#sizes li"), await page.evaluate(() => window.progress > 0), await isSame()];
  },
};

await page.goto(`${address}/other`);
const seen = {};
for (const [name, go] of Object.entries(paths)) {
  try {
    seen[name] = await go();
  } catch (error) {
    seen[name] = `${error}\n${await page.evaluate(() => document.body.innerText)}`;
  }
}
await leave();
console.log(JSON.stringify({ ...seen, problems }));
