// Uses the to-do example in Firefox: node firefox.mjs ENDPOINT ADDRESS. Prints what was seen, as JSON.

import { PATIENCE, visit } from "./firefox_visit.mjs";

const [endpoint, address] = process.argv.slice(2);
const { visitor, leave } = await visit(endpoint);
const page = await visitor.newPage();
page.setDefaultTimeout(PATIENCE);
const seen = { problems: [], asked: [] };
page.on("pageerror", ({ message }) => seen.problems.push(message));
page.on("dialog", (dialog) => {
  seen.asked.push(dialog.message());
  dialog.accept();
});

const until = (condition, ...given) => page.waitForFunction(condition, {}, ...given);
const read = (expression) => page.evaluate(expression);
const add = async (text) => {
  await page.evaluate((text) => (document.querySelector("[data-serveraction=add_todo] [name=text]").value = text), text);
  await page.click("[data-serveraction=add_todo] button");
};

await page.goto(`${address}/sign-in`);
await page.type("[name=name]", "ada");
await page.type("[name=password]", "demo-password");
await page.click("main button");
await until(() => document.readyState === "complete" && document.querySelector("h1").textContent === "ada’s list");
await read(() => (window.same = true));

await add("Buy milk");
await until(() => document.querySelector("[data-error=text]").textContent);
seen.error = await read(() => document.querySelector("[data-error=text]").textContent);
seen.focus = await read(() => [document.activeElement.value, document.activeElement.getAttribute("aria-invalid")]);

await read(() => {
  window.states = new Set();
  document.addEventListener("action:start", ({ target }) => queueMicrotask(() => {
    const button = target.querySelector("button") ?? target;
    window.states.add([target.getAttribute("aria-busy"), button.textContent, document.querySelectorAll("li.new").length].join());
  }), { once: true });
  window.steps = [];
  document.addEventListener("action:progress", ({ detail }) => window.steps.push(detail.progress.done));
});
await add("Tea");
await until(() => document.querySelector("[aria-label='To do']").textContent.includes("Delete: Tea"));
seen.pending = await read(() => [...window.states]);
seen.after = await read(() => [document.querySelectorAll("li.new").length, document.querySelector("[name=text]").value]);

await page.click("[data-action]");
await until(() => document.body.textContent.includes("words in all"));
seen.steps = await read(() => window.steps);

await page.click("[data-serveraction=clear_completed] button");
await until(() => !document.querySelector("#done"));
seen.withoutLoading = await read(() => window.same);
await leave();
console.log(JSON.stringify(seen));
