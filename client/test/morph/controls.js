// What the visitor has typed, ticked and chosen; and what she has not.

import { every, fieldOf, form, hasCaret, one, putCaret } from "./stage.js";

/** @typedef {import("./stage.js").Case} Case */

const options = (/** @type {string[]} */ texts, chosen = "") =>
  `<select name="q">${texts.map((text) => `<option${text === chosen ? " selected" : ""}>${text}</option>`).join("")}</select>`;
const picked = () => every("option").filter(({ selected }) => selected).map(({ text }) => text).join();
const set = (/** @type {string} */ property, /** @type {unknown} */ value) => () => (one("[name=q]")[property] = value);
const is = (/** @type {string} */ property, /** @type {unknown} */ value) => () => one("[name=q]")[property] === value;

/** @type {Record<string, Case>} */
export const controls = {
  "typed text stays": { page: `<p>a</p><input name="q" value="v">`, fresh: `<p>b</p><input name="q" value="v">`, before: set("value", "typed"), after: is("value", "typed") },
  "typed text stays where the server's value changes": { page: `<input name="q" value="v">`, fresh: `<input name="q" value="w">`, before: set("value", "typed"), after: is("value", "typed") },
  "what is typed stays where a script has said that it is a text": {
    page: `<input name="q">`, fresh: `<input name="q">`, before: () => { set("type", "text")(); set("value", "typed")(); }, after: is("value", "typed"),
  },
  "a text without typing is renewed": { page: `<input name="q" value="v">`, fresh: `<input name="q" value="w">`, after: is("value", "w") },
  "a text that was typed and undone is renewed": {
    page: `<input name="q" value="v">`, fresh: `<input name="q" value="w">`,
    before: () => { set("value", "typed")(); set("value", "v")(); }, after: is("value", "w"),
  },
  "a text with the caret in it is renewed, and the caret stays": {
    page: `<input name="q" value="hello">`, fresh: `<input name="q" value="hello, all">`,
    before: () => putCaret(one("[name=q]")), after: () => hasCaret(one("[name=q]")) && one("[name=q]").value === "hello, all",
  },
  "what is typed into a textarea stays": { page: `<p>a</p><textarea name="q">v</textarea>`, fresh: `<p>b</p><textarea name="q">v</textarea>`, before: set("value", "typed"), after: is("value", "typed") },
  "what is typed into a textarea stays where the server's text changes": { page: `<textarea name="q">v</textarea>`, fresh: `<textarea name="q">w</textarea>`, before: set("value", "typed"), after: is("value", "typed") },
  "a textarea without typing is renewed": { page: `<textarea name="q">v</textarea>`, fresh: `<textarea name="q">w</textarea>`, after: is("value", "w") },
  "a choice stays where options come": { page: options(["1", "2", "3"]), fresh: options(["0", "1", "2", "3"]), before: set("value", "3"), after: () => picked() === "3" && every("option").length === 4 },
  "a choice that nobody made is renewed": { page: options(["1", "2", "3"], "2"), fresh: options(["1", "2", "3"], "3"), after: () => picked() === "3" },
  "a choice that nobody made is renewed where options come": { page: options(["1", "2", "3"], "2"), fresh: options(["0", "1", "2", "3"], "3"), after: () => picked() === "3" },
  "a choice stays where options come and others are worded anew": {
    page: `<select name="q"><option value="a">A (1)<option value="b">B (1)</select>`,
    fresh: `<select name="q"><option value="n">N<option value="a">A (2)<option value="b">B (2)</select>`,
    before: set("value", "b"), after: is("value", "b"),
  },
  "choices of many stay": {
    page: options(["1", "2", "3"]).replace("name", "multiple name"), fresh: options(["0", "1", "2", "3"], "0").replace("name", "multiple name"),
    before: () => every("option").forEach((option) => (option.selected = option.text !== "2")), after: () => picked() === "1,3",
  },
  "a tick stays": { page: `<p>a</p><input type="checkbox" name="q">`, fresh: `<p>b</p><input type="checkbox" name="q">`, before: set("checked", true), after: is("checked", true) },
  "a box that nobody ticked is renewed": { page: `<input type="checkbox" name="q">`, fresh: `<input type="checkbox" name="q" checked>`, after: is("checked", true) },
  "a radio button that was chosen stays": {
    page: `<i>a</i><input type="radio" name="q" value="1" checked><input type="radio" name="q" value="2">`,
    fresh: `<i>b</i><input type="radio" name="q" value="1" checked><input type="radio" name="q" value="2">`,
    before: () => (one("[value='2']").checked = true), after: () => one("[value='2']").checked && !one("[value='1']").checked,
  },
  "the caret stays where a token is renewed": {
    page: `<p>a</p>${form("p1", `<input name="text" value="hello">`)}`, fresh: `<p>b</p>${form("p1", `<input name="text" value="hello">`)}`,
    before: (_, saved) => { saved.token = one("[name=csrf_token]").value; putCaret(fieldOf(1)); },
    after: (_, saved) => hasCaret(fieldOf(1)) && one("[name=csrf_token]").value !== saved.token,
  },
  "the caret stays where something comes above": {
    page: `<div>x</div>${form("p1", `<input name="text" value="hello">`)}`,
    fresh: `<form action="/search"><input name="q"></form><div class="note">New</div><div>x</div>${form("p1", `<input name="text" value="hello">`)}`,
    before: (_, saved) => putCaret((saved.field = fieldOf(1))), after: (_, saved) => hasCaret(saved.field) && fieldOf(1) === saved.field,
  },
  "the caret stays in a field that goes to another parent": {
    page: `<div id="a"><input id="x" value="hello"></div><div id="b"></div>`, fresh: `<div id="a"></div><div id="b"><input id="x" value="hello"></div>`,
    before: () => putCaret(one("#x")), after: () => hasCaret(one("#b #x")),
  },
  "typed text stays while the form's address and token are renewed": {
    page: form("p1", `<input name="text" value="v">`), fresh: form("p1", `<input name="text" value="w">`),
    before: (_, saved) => { saved.action = one("form").getAttribute("action"); fieldOf(1).value = "typed"; },
    after: (_, saved) => fieldOf(1).value === "typed" && one("form").getAttribute("action") !== saved.action,
  },
};
