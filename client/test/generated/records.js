// Lists of records in many ways of writing them, and a visitor who types, ticks and opens: what she has made of a record stays with it.

import { numbers, pick } from "./trees.js";

/**
 * @typedef {import("./trees.js").Random} Random
 * @typedef {{kind: string, field: string, number: number, records: number[], edited: number[]}} List `edited`: records of which the server says something else
 * @typedef {{element: any, form: any, property: string, value: unknown, record: string, list: List}} Touched
 */

let pages = 0;

/** @param {number} record @param {string} action */
const action = (record, action) => `?_action=${action}/p${record}.s${pages}`;
/** @param {number} record @param {string} name @param {string} content @param {string} [more] */
const form = (record, name, content, more = "") =>
  `<form method="post" action="${action(record, name)}" ${more}><input type="hidden" name="_action" value="${pages}">${content}<button>Save</button></form>`;
/** @param {string} html @param {string} id of a form, which its controls name */
const outside = (html, id) => html.replace(/<(input|select|textarea)/g, `<$1 form="${id}"`);

/** @type {Record<string, (record: number) => string>} */
const FIELDS = {
  text: (record) => `<input name="text" value="v${record}">`,
  area: (record) => `<textarea name="text">v${record}</textarea>`,
  box: () => `<input type="checkbox" name="box">`,
  radio: (record) => `<input type="radio" name="way${record}" value="1" checked><input type="radio" name="way${record}" value="2">`,
  select: () => `<select name="size"><option>s<option>m<option>l</select>`,
  many: () => `<select name="sizes" multiple><option>s<option>m</select>`,
  editable: (record) => `<div contenteditable>text ${record}</div>`,
  details: (record) => `<details><summary>More</summary>of ${record}</details>`,
};

/** How a record is written; `place`: its number in the list. @type {Record<string, (record: number, field: string, title: string, id: string, place: number) => string>} */
const KINDS = {
  "li with an id": (record, field, title, id) => `<li id="${id}" data-record="${record}"><b>${title}</b>${field}</li>`,
  "li with a form": (record, field, title) => `<li data-record="${record}"><b>${title}</b>${form(record, "edit", field)}</li>`,
  "li beside a form": (record, field, title) => `<li data-record="${record}"><b>${title}</b>${field}${form(record, "delete", "")}</li>`,
  "article with two forms": (record, field, title) => `<article data-record="${record}"><h3>${title}</h3>${form(record, "star", "")}${form(record, "edit", field)}</article>`,
  "div with a numbered form": (record, field, title, _, place) => `<div data-record="${record}"><p>${title}</p>${form(record, "edit", field, `id="form-${place}"`)}</div>`,
  "row with an id": (record, field, title, id) => `<tr id="${id}" data-record="${record}"><td>${title}</td><td>${field}</td></tr>`,
  "row that names its form": (record, field, title, id) => `<tr data-record="${record}"><td>${title}${form(record, "edit", "", `id="${id}"`)}</td><td>${outside(field, id)}</td></tr>`,
  "row that names a numbered form": (record, field, title, id, place) => `<tr data-record="${record}"><td>${title}${form(record, "edit", "", `id="${id.replace(/\d+$/, "")}${place}"`)}</td><td>${outside(field, id.replace(/\d+$/, "") + place)}</td></tr>`,
  "row in a form": (record, field, title, id) => `<tr data-record="${record}">${form(record, "edit", `<td>${title}</td><td>${field}</td><td>`, `id="${id}"`)}</td></tr>`,
  "custom element with an id": (record, field, title, id) => `<x-row id="${id}" data-record="${record}"><b>${title}</b>${field}</x-row>`,
  "li with a link": (record, field, title) => `<li data-record="${record}"><a href="/${record}">${title}</a>${field}</li>`,
  "li with a text": (record, field, title) => `<li data-record="${record}">${title} ${field}</li>`,
  "li with a list": (record, field, title, id) => `<li id="${id}" data-record="${record}">${title}<ul><li>${field}</li><li>${outside(field, "").replaceAll("name=\"", "name=\"other-")}</li></ul></li>`,
};
/** Of these the server changes no text, and takes none away: nothing else tells which they are. */
const UNNAMED = ["li with a link", "li with a text"];

/** @param {List} list @returns {string} */
function write({ kind, field, number, records, edited }) {
  const rows = records.map((record, n) => KINDS[kind]?.(record, FIELDS[field]?.(record) ?? "", `Record ${record}${edited.includes(record) ? "!" : ""}`, `l${number}-${record}`, n) ?? "");
  const tag = /row/.test(kind) ? "table" : /^li/.test(kind) ? "ul" : "section";
  return `<h2>List ${number}</h2><${tag}>${rows.join("\n")}</${tag}>`;
}

/** @param {List[]} lists @param {string} note @returns {string} */
function writeAll(lists, note) {
  pages++;
  return `<body><main>${note}${lists.map(write).join("")}</main>`;
}

/** @param {Random} random @param {List[]} lists @returns {List[]} what the server says next */
function change(random, lists) {
  let next = 100;
  const fresh = lists.map((list) => ({ ...list, records: [...list.records], edited: [...list.edited] }));
  for (let times = 1 + random(5); times--; ) {
    const { kind, records, edited } = pick(random, fresh), isNamed = !UNNAMED.includes(kind), place = random(records.length + 1);
    const changes = [
      () => records.splice(place, 0, next++),
      () => isNamed && records.splice(place, 1),
      () => records.reverse(),
      () => records.unshift(...records.splice(-1)),
      () => isNamed && edited.push(...records.slice(place, place + 1)),
      () => isNamed && records.splice(0, records.length, ...records.map((record) => (random(2) ? record : next++))),
    ];
    pick(random, changes)();
  }
  return fresh;
}

/** @param {number} seed @returns {{lists: List[], fresh: List[], old: string, next: string, random: Random}} a page, and the next one */
export function pageOfRecords(seed) {
  const random = numbers(seed);
  const lists = Array.from({ length: 1 + random(3) }, (_, number) => {
    const kind = pick(random, Object.keys(KINDS));
    // without a name, what is open and what is edited are no words of the server's
    const fields = Object.keys(FIELDS).filter((field) => !UNNAMED.includes(kind) || !/details|editable/.test(field));
    return { kind, field: pick(random, fields), number, records: Array.from({ length: 2 + random(3) }, (_, n) => 10 * number + n + 1), edited: [] };
  });
  const fresh = change(random, lists);
  return { lists, fresh, old: writeAll(lists, ""), next: writeAll(fresh, random(2) ? "<p>New</p>" : ""), random };
}

const CONTROLS = ["input:not([type=hidden])", "textarea", "select", "details", "[contenteditable]"].map((each) => `main ${each}`).join();

/** @param {any} element */
const recordOf = (element) => element.closest("[data-record]")?.dataset.record;

/** @param {any} element @param {string} text @returns {[property: string, value: unknown]} what the visitor makes of it */
function touch(element, text) {
  if (element.localName === "details") return ["open", (element.open = true)];
  if (element.isContentEditable) return ["textContent", (element.textContent = text)];
  if (/box|radio/.test(element.type)) return ["checked", (element.checked = true)];
  if (element.localName !== "select") return ["value", (element.value = text)];
  element.options[1].selected = true;
  return ["value", element.value];
}

/** @param {any} page @param {List[]} lists @param {Random} random @returns {Touched[]} */
export function visit({ document, Event, FocusEvent }, lists, random) {
  return [...document.querySelectorAll(CONTROLS)].filter((element) => !(element.type === "radio" && element.value === "1") && !random(3)).map((element, n) => {
    element.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
    const [property, value] = touch(element, `typed ${n}`);
    element.dispatchEvent(new Event("input", { bubbles: true }));
    const record = recordOf(element), list = /** @type {List} */ (lists.find(({ records }) => records.includes(+record)));
    return { element, form: element.form, property, value, record, list };
  });
}

/** @param {any} page @param {any} reloaded @param {Touched[]} touched @returns {string[]} what is wrong */
export function judge({ document }, reloaded, touched) {
  const isThere = (/** @type {string} */ record) => !!reloaded.document.querySelector(`[data-record="${record}"]`);
  const wrong = touched.flatMap(({ element, form, property, value, record, list }) => {
    const has = element.isConnected && element[property] === value, of = `${property} in a ${list.kind} (${list.field}) of ${record}`;
    if (has && recordOf(element) !== record) return [`${of} moved to ${recordOf(element)}`];
    if (has !== isThere(record)) return [`${of} is ${has ? "still there" : "lost"}`];
    const isOthers = has && form && (element.form !== form || !form.getAttribute("action").includes(`/p${record}.`));
    return isOthers ? [`${of} belongs to the form of another`] : [];
  });
  const isGone = touched.some(({ form, record, property }) => form && property !== "open" && !isThere(record));
  const isTold = document.body.textContent.includes("had begun is gone");
  if (isGone !== isTold) wrong.push(`a form that was begun is gone: ${isGone}, and it is told: ${isTold}`);
  const [is, ought] = [document, reloaded.document].map((page) => String([...page.querySelectorAll("[data-record]")].map(recordOf)));
  if (is !== ought) wrong.push(`the records are ${is} instead of ${ought}`);
  return wrong;
}
