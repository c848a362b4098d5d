// What belongs to a record goes with it, and to no other.

import { every, fieldOf, form, hasCaret, one, putCaret, rows, rowsWithEqualForms, rowsWithIds } from "./stage.js";

/** @typedef {import("./stage.js").Case} Case */

const note = `<input name="note">`;
const typeInto = (/** @type {() => any} */ find) => () => (find().value = "typed");
const values = (/** @type {string} */ selector) => every(selector).map(({ value }) => value).join();
const plain = (/** @type {string[]} */ titles) => `<ul>${titles.map((title) => `<li>${title} <input name="q"></li>`).join("")}</ul>`;
const editable = (/** @type {string[]} */ titles) => `<ul>${titles.map((title) => `<li>${title}<p contenteditable>text</p></li>`).join("")}</ul>`;
function chooseFile() {
  const chosen = new DataTransfer();
  chosen.items.add(new File(["x"], "x.txt"));
  one("input").files = chosen.files;
}
const posts = (/** @type {number[]} */ records) =>
  `<ul>${records.map((n) => `<li id="row-${n}" data-user-id="7"><input name="text" value="${n}"></li>`).join("")}</ul>`;
const card = (/** @type {number} */ n, around = "div") => `<${around}>${form(`p${n}`, `<input name="text">`)}${note}</${around}>`;

/** @type {Record<string, Case>} */
export const records = {
  "the caret stays in a row with an id that moves": {
    page: rowsWithIds([1, 2, 3, 4, 5]), fresh: rowsWithIds([5, 1, 2, 3, 4]),
    before: (_, saved) => putCaret((saved.field = fieldOf(5))), after: (_, saved) => hasCaret(saved.field) && fieldOf(5) === saved.field,
  },
  "the caret stays in a row without an id that moves": {
    page: rows([1, 2, 3, 4, 5]), fresh: rows([5, 1, 2, 3, 4]),
    before: (_, saved) => putCaret((saved.field = fieldOf(5))), after: (_, saved) => hasCaret(saved.field) && fieldOf(5) === saved.field,
  },
  "typed text goes with its row that has an id": {
    page: rowsWithIds([1, 2, 3]), fresh: rowsWithIds([3, 2, 1, 4]), before: typeInto(() => fieldOf(1)),
    after: () => fieldOf(1).value === "typed" && fieldOf(3).value === "Title 3",
  },
  "typed text goes with its row that has no id": {
    page: rows([1, 2, 3]), fresh: rows([3, 2, 1, 4]), before: typeInto(() => fieldOf(1)),
    after: () => fieldOf(1).value === "typed" && fieldOf(3).value === "Title 3",
  },
  "typed text goes with its row that has neither id nor key": {
    page: plain(["One", "Two"]), fresh: plain(["Zero", "One", "Two"]), before: typeInto(() => one("input")), after: () => values("input") === ",typed,",
  },
  "typed text stays out of a record that comes in place of one with an id": {
    page: rowsWithIds([1, 2, 3]), fresh: rowsWithIds([4, 2, 3]), before: typeInto(() => fieldOf(1)), after: () => fieldOf(4).value === "Title 4" && !fieldOf(1),
  },
  "typed text stays out of a record that comes in place of one without an id": {
    page: rows([1, 2, 3]), fresh: rows([4, 2, 3]), before: typeInto(() => fieldOf(1)), after: () => fieldOf(4).value === "Title 4" && !fieldOf(1),
  },
  "the only record is replaced: text outside its form goes": {
    page: rows([1], note), fresh: rows([2], note), before: typeInto(() => one("[name=note]")), after: () => one("[name=note]").value === "",
  },
  "the only record is replaced: text outside its form goes, though both have a form alike": {
    page: rows([1], form("", "<button>Star</button>", "star") + note), fresh: rows([2], form("", "<button>Star</button>", "star") + note),
    before: typeInto(() => one("[name=note]")), after: () => one("[name=note]").value === "",
  },
  "the only record is replaced: text in a form alike goes": {
    page: rowsWithIds([1], form("", note, "comment")), fresh: rowsWithIds([2], form("", note, "comment")),
    before: typeInto(() => one("[name=note]")), after: () => one("[name=note]").value === "",
  },
  "the only record is replaced: text in a field with an id goes": {
    page: `<ul><li id="r1"><input id="note"></li></ul>`, fresh: `<ul><li id="r2"><input id="note"></li></ul>`,
    before: typeInto(() => one("#note")), after: () => one("#note").value === "",
  },
  "the only record is replaced: text in its form goes, though the field has an id": {
    page: form("p1", `<input id="text" name="text">`), fresh: form("p2", `<input id="text" name="text">`),
    before: typeInto(() => one("#text")), after: () => one("#text").value === "",
  },
  "a card is replaced by another: what stands around it stays": {
    page: `<main>${form("", "<input name=title>", "add")}${card(1)}<input name="search"></main>`,
    fresh: `<main>${form("", "<input name=title>", "add")}${card(2)}<input name="search"></main>`,
    before: () => every("input:not([type=hidden])").forEach((field) => (field.value = "typed")),
    after: () => one("[name=title]").value === "typed" && one("[name=search]").value === "typed" && one("[name=note]").value === "",
  },
  "all rows are replaced: their list stays": {
    page: rowsWithIds([1, 2]), fresh: rowsWithIds([3, 4]), before: (_, saved) => (saved.list = one("ul")), after: (_, saved) => one("ul") === saved.list,
  },
  "all rows without ids are replaced: their list stays": {
    page: rows([1, 2]), fresh: rows([3, 4]), before: (_, saved) => (saved.list = one("ul")), after: (_, saved) => one("ul") === saved.list,
  },
  "rows with equal forms: text stays with its record where one comes on top": {
    page: rowsWithEqualForms([2, 3]), fresh: rowsWithEqualForms([1, 2, 3]),
    before: typeInto(() => every("[name=text]")[1]), after: () => values("[name=text]") === ",,typed",
  },
  "rows with equal forms: text stays with its record where the first is deleted": {
    page: rowsWithEqualForms([1, 2, 3]), fresh: rowsWithEqualForms([2, 3]),
    before: typeInto(() => every("[name=text]")[2]), after: () => values("[name=text]") === ",typed",
  },
  "rows with equal forms: text stays with the only record where one comes on top": {
    page: rowsWithEqualForms([2]), fresh: rowsWithEqualForms([1, 2]),
    before: typeInto(() => one("[name=text]")), after: () => values("[name=text]") === ",typed",
  },
  "rows with equal forms: text of a deleted record goes": {
    page: rowsWithEqualForms([1, 2, 3]), fresh: rowsWithEqualForms([2, 3]),
    before: typeInto(() => one("[name=text]")), after: () => values("[name=text]") === ",",
  },
  "what a form of a row is bound to changes: text in the row stays": {
    page: rows([1, 2], note).replace("</ul>", `<li>Row ${form("p3-open", "", "toggle")}${form("p3", note)}</li></ul>`),
    fresh: rows([1, 2], note).replace("</ul>", `<li>Row ${form("p3-done", "", "toggle")}${form("p3", note)}</li></ul>`),
    before: typeInto(() => one("li:last-child [name=note]")), after: () => one("li:last-child [name=note]").value === "typed",
  },
  "rows that share a data-user-id: text stays with its record": {
    page: posts([2, 3]), fresh: posts([1, 2, 3]), before: typeInto(() => one("#row-3 input")), after: () => values("input") === "1,2,typed",
  },
  "a text that was edited goes with its row that has neither id nor key": {
    page: editable(["One", "Two"]), fresh: editable(["Two", "One"]), before: () => (one("p").textContent = "edited"), after: () => every("li")[1].textContent === "Oneedited",
  },
  "another count of rows that nothing tells apart: a file goes to none": {
    page: plain(["1 minute ago", "2 minutes ago"]).replaceAll("<input", "<input type=file"), fresh: plain(["0 minutes ago", "3 minutes ago", "4 minutes ago"]).replaceAll("<input", "<input type=file"),
    before: chooseFile, after: () => every("input").every(({ files }) => !files[0]),
  },
  "another count of rows that nothing tells apart: text goes to none": {
    page: plain(["1 minute ago", "2 minutes ago"]), fresh: plain(["0 minutes ago", "3 minutes ago", "4 minutes ago"]),
    before: typeInto(() => one("input")), after: () => values("input") === ",,",
  },
  "rows without names keep typed text while only what they show changes": {
    page: plain(["1 minute ago", "2 minutes ago"]), fresh: plain(["2 minutes ago!", "3 minutes ago!"]),
    before: typeInto(() => every("input")[1]), after: () => values("input") === ",typed",
  },
  "a card moves to another list, though the lists have no ids": {
    page: `<section><ul><li id="a">a</li><li id="b">b</li></ul><ul><li id="c">c</li><li id="d">d</li></ul></section>`,
    fresh: `<section><ul><li id="c">c</li><li id="a">a</li><li id="b">b</li></ul><ul><li id="d">d</li></ul></section>`,
    before: (_, saved) => Object.assign(saved, { cards: every("li"), lists: every("ul") }),
    after: (_, { cards, lists }) =>
      every("li").map(({ id }) => id).join() === "c,a,b,d" && cards.every((/** @type {Element} */ each) => each.isConnected) && every("ul").every((each, n) => each === lists[n]),
  },
  "a form moves to another list with its record": {
    page: `<ul id="open"><li>${form("p1", "<input name=text>")}</li></ul><ul id="done"></ul>`,
    fresh: `<ul id="open"></ul><ul id="done"><li>${form("p1", "<input name=text>")}</li></ul>`,
    before: typeInto(() => one("[name=text]")), after: () => one("#done [name=text]").value === "typed",
  },
};
