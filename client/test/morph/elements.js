// Elements that hold more than their attributes and children.

import { every, one, rowsWithIds } from "./stage.js";

/** @typedef {import("./stage.js").Case} Case */

const wait = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));
const rowsOf = (/** @type {string} */ last, order = [1, 2, 3]) =>
  order.map((n) => `<div id="v${n}">${n === 3 ? last : `Row ${n}`}</div>`).join("");
const frame = `<iframe id="frame" src="/frame"></iframe>`;
const canvas = `<canvas width="20" height="20"></canvas>`;
const lines = Array.from({ length: 20 }, (_, n) => `<p>Line ${n}</p>`).join("");
const scroller = (id = "", more = "") => `<div ${id && `id="${id}"`} class="scroller" style="height: 40px; overflow: auto">${lines}${more}</div>`;
const shadow = (/** @type {string} */ text) => `<div class="host"><template shadowrootmode="open"><b>${text}</b></template>light</div>`;
const card = (/** @type {string} */ text) => `<x-card><template shadowrootmode="open">${text}</template></x-card>`;
const list = (/** @type {string} */ order) => `<div class="list"><template shadowrootmode="open">${[...order].map((n) => `<p>${n}</p>`).join("")}</template></div>`;
const within = (/** @type {string} */ text) => `<div class="outer"><template shadowrootmode="open"><section>${shadow(text)}</section></template></div>`;

class Probe extends HTMLElement {
  log = "";
  connectedCallback() { this.log += "in "; }
  disconnectedCallback() { this.log += "out "; }
  connectedMoveCallback() {}
}
customElements.define("x-probe", Probe);
customElements.define("x-clock", class extends HTMLElement {
  connectedCallback() { this.textContent ||= "12:00"; this.className = "ready"; }
});

const markFrame = async (/** @type {Element} */ _, /** @type {any} */ saved) => {
  saved.frame = one("iframe");
  if (saved.frame.contentWindow.location.href === "about:blank") await new Promise((done) => (saved.frame.onload = done));
  saved.frame.contentWindow.mark = true;
};
const isMarked = async () => (await wait(100), one("iframe").contentWindow?.mark === true);
const play = (/** @type {Element} */ _, /** @type {any} */ saved) => {
  const source = document.createElement("canvas");
  source.getContext("2d");
  saved.video = Object.assign(one("video"), { muted: true, srcObject: source.captureStream() });
  saved.video.play();
};
const plays = (/** @type {Element} */ _, /** @type {any} */ saved) => one("video") === saved.video && !saved.video.paused && saved.video.srcObject;
const draw = () => { one("canvas").getContext("2d").fillRect(0, 0, 10, 10); };
const isDrawn = () => one("canvas").getContext("2d").getImageData(5, 5, 1, 1).data[3] === 255;
/** @param {Element[]} elements */
async function scroll(elements) {
  for (const element of elements) element.scrollTop = 77;
  await Promise.all(elements.map((element) => new Promise((done) => element.addEventListener("scroll", done, { once: true }))));
}
const select = (/** @type {any} */ text, start = 0, end = 5) => getSelection()?.setBaseAndExtent(text, start, text, end);

/** @type {Record<string, Case>} */
export const moved = {
  "a frame in a row that moves is not loaded again": { page: rowsOf(frame), fresh: rowsOf(frame, [3, 1, 2]), before: markFrame, after: isMarked },
  "a frame that goes to another parent is not loaded again": { page: `<div id="a">${frame}</div><div id="b"></div>`, fresh: `<div id="a"></div><div id="b">${frame}</div>`, before: markFrame, after: isMarked },
  "a frame whose parent is of another kind is not loaded again": { page: `<div>${frame}</div>`, fresh: `<section>${frame}</section>`, before: markFrame, after: isMarked },
  "a custom element in a row that moves stays connected": {
    page: rowsOf("<x-probe></x-probe>"), fresh: rowsOf("<x-probe></x-probe>", [3, 1, 2]),
    before: (_, saved) => (saved.probe = one("x-probe")), after: (_, { probe }) => one("x-probe") === probe && probe.log === "in ",
  },
};

/** @type {Record<string, Case>} */
export const elements = {
  "a selection stays where something comes above": {
    page: `<p>hello world</p>`, fresh: `<p class="new">New</p><p>hello world</p>`,
    before: () => select(one("p").firstChild, 6, 11), after: () => String(getSelection()) === "world",
  },
  "a selection stays in a row that moves": { page: rowsWithIds([1, 2, 3]), fresh: rowsWithIds([3, 1, 2]), before: () => select(one("#r3 b").firstChild), after: () => String(getSelection()) === "Title" },
  "a selection whose text gets shorter does no harm": { page: `<p id="a">hello world</p><p id="b"></p>`, fresh: `<p id="b"></p><p id="a">hey</p>`, before: () => select(one("p").firstChild, 6, 11) },
  "a scroller stays where it is": { page: `<p>a</p>${scroller()}`, fresh: `<p>new</p><p>a</p>${scroller("", "<p>more</p>")}`, before: () => scroll([one(".scroller")]), after: () => one(".scroller").scrollTop === 77 },
  "scrollers that change places stay where they are": {
    page: scroller("s1") + scroller("s2") + scroller("s3"), fresh: scroller("s3") + scroller("s1") + scroller("s2"),
    before: () => scroll(every(".scroller")), after: () => every(".scroller").every(({ scrollTop }) => scrollTop === 77),
  },
  "details that the visitor has opened stay open": { page: `<details><summary>s</summary>a</details>`, fresh: `<details><summary>s</summary>b</details>`, before: () => (one("details").open = true), after: () => one("details").open && one("details").textContent === "sb" },
  "details that the visitor has closed stay closed": { page: `<details open><summary>s</summary>a</details>`, fresh: `<details open><summary>s</summary>b</details>`, before: () => (one("details").open = false), after: () => !one("details").open },
  "details that the server opens are opened": { page: `<details><summary>s</summary></details>`, fresh: `<details open><summary>s</summary></details>` },
  "details that the server closes are closed": { page: `<details open><summary>s</summary></details>`, fresh: `<details><summary>s</summary></details>` },
  "a modal dialog stays open": { page: `<dialog id="d"><p>a</p></dialog>`, fresh: `<p>new</p><dialog id="d"><p>b</p></dialog>`, before: () => one("dialog").showModal(), after: () => one("dialog").matches(":modal") && one("dialog").textContent === "b" },
  "a video plays on": { page: `<p>a</p><video></video>`, fresh: `<p>new</p><p>a</p><video></video>`, before: play, after: plays },
  "a video in a row that moves plays on": { page: rowsOf(`<video id="v"></video>`), fresh: rowsOf(`<video id="v"></video>`, [3, 1, 2]), before: play, after: plays },
  "a canvas keeps its picture": { page: `<p>a</p>${canvas}`, fresh: `<p>new</p><p>b</p>${canvas}`, before: draw, after: isDrawn },
  "a canvas that a script has sized keeps its picture": { page: canvas, fresh: `<p>new</p>${canvas}`, before: () => { one("canvas").width = 64; draw(); }, after: isDrawn },
  "a canvas that the server sizes gets its size": { page: canvas, fresh: canvas.replace("20", "30"), after: () => one("canvas").width === 30 },
  "a frame is not loaded again": { page: `<p>a</p>${frame}`, fresh: `<p>new</p><p>b</p>${frame}`, before: markFrame, after: isMarked },
  "a custom element stays where something comes above": {
    page: `<p>a</p><x-probe></x-probe>`, fresh: `<p>new</p><p>b</p><x-probe></x-probe>`,
    before: (_, saved) => (saved.probe = one("x-probe")), after: (_, { probe }) => one("x-probe") === probe && probe.log === "in ",
  },
  "a custom element keeps what it has rendered": { page: `<p>a</p><x-clock></x-clock>`, fresh: `<p>b</p><x-clock></x-clock>`, after: () => one("x-clock").textContent === "12:00" && one("x-clock.ready") },
  "a custom element shows what the server has changed in it": { page: `<x-probe>1</x-probe>`, fresh: `<x-probe title="t">2</x-probe>` },
  "a custom element around what was there has all that is in it": { page: `<i id="a">a</i>`, fresh: `<x-box><b>b</b><i id="a">a</i></x-box>` },
  "an editable text around what was there has all that is in it": { page: `<i id="a">a</i>`, fresh: `<div contenteditable><b>b</b><i id="a">a</i></div>` },
  "a custom element's shadow root is renewed": { page: card("in"), fresh: card("out"), after: () => one("x-card").shadowRoot.textContent === "out" },
  "a text that can be edited from now on is renewed": { page: `<p hidden class="a b">old</p>`, fresh: `<p contenteditable class="a">new</p>` },
  "a text that is being edited stays": {
    page: `<p>a</p><div contenteditable>hello</div>`, fresh: `<p>b</p><div contenteditable>hello</div>`,
    before: () => { const editor = one("[contenteditable]"); editor.focus(); editor.firstChild.data = "hello you"; getSelection()?.collapse(editor.firstChild, 9); },
    after: () => one("[contenteditable]").textContent === "hello you" && document.activeElement === one("[contenteditable]") && getSelection()?.anchorOffset === 9,
  },
  "a text that was edited stays, wherever the focus is": { page: `<p>a</p><div contenteditable>hello</div>`, fresh: `<p>b</p><div contenteditable>changed</div>`, before: () => (one("[contenteditable]").textContent = "hello you"), after: () => one("[contenteditable]").textContent === "hello you" },
  "an editable text that nobody edited is renewed": { page: `<div contenteditable>hello</div>`, fresh: `<div contenteditable>changed</div>` },
  "what is to be kept is left alone": { page: `<p>a</p><div id="k" data-keep><i>old</i></div>`, fresh: `<p>new</p><p>b</p><div id="k" data-keep><i>fresh</i></div>`, before: () => (one("#k i").textContent = "by a script"), after: () => one("#k").textContent === "by a script" },
  "what only the old page kept is renewed": { page: `<div id="k" data-keep><i>old</i></div>`, fresh: `<div id="k"><i>fresh</i></div>` },
  "a new noscript is inert": { page: `<p>a</p>`, fresh: `<p>a</p><div><noscript><form id="n"><input name="x"></form></noscript></div>`, after: () => one("noscript").children.length === 0 && one("noscript").textContent.includes("form") },
  "a changed noscript is inert": { page: `<noscript><p>x</p></noscript>`, fresh: `<noscript><p>y</p></noscript>`, after: () => one("noscript").children.length === 0 && one("noscript").textContent.includes("y") },
  "a shadow root comes in": { page: `<p>a</p>`, fresh: `<p>a</p>${shadow("in")}`, after: () => one(".host").shadowRoot?.textContent === "in" },
  "a shadow root comes to what had none": { page: `<div class="host">light</div>`, fresh: shadow("in"), after: () => one(".host").shadowRoot?.textContent === "in" && one(".host").textContent === "light" },
  "a shadow root is renewed": { page: shadow("in"), fresh: shadow("out"), after: () => one(".host").shadowRoot?.textContent === "out" },
  "an element with a shadow root of a script's stays": { page: `<p>a</p><div class="host">a</div>`, fresh: `<div class="host">b</div>`, before: (_, saved) => (saved.root = one(".host").attachShadow({ mode: "open" })), after: (_, saved) => one(".host").shadowRoot === saved.root },
  "a picture of SVG is renewed": { page: `<svg viewBox="0 0 9 9"><circle cx="1"/><use xlink:href="#a"/></svg>`, fresh: `<svg viewBox="0 0 8 8"><circle cx="2"/><rect/><use xlink:href="#b"/></svg>` },
  "a template's content is renewed": { page: `<p>a</p><template id="t"><i>x</i></template>`, fresh: `<p>b</p><template id="t"><i>y</i></template>`, after: () => one("template").content.textContent === "y" },
  "a shadow root within another is renewed": { page: within("in"), fresh: within("out"), after: () => one(".outer").shadowRoot.querySelector(".host").shadowRoot.textContent === "out" },
  "a template within another is renewed": { page: `<template><p><template>x</template></p></template>`, fresh: `<template><p><template>y</template></p></template>`, after: () => one("template").content.querySelector("template").content.textContent === "y" },
  "what is in a shadow root changes places": { page: list("123"), fresh: list("312"), after: () => one(".list").shadowRoot.textContent === "312" },
  "what is in a template changes places": { page: `<template><i id="a"></i><b id="b"></b></template>`, fresh: `<template><b id="b"></b><i id="a"></i></template>` },
  "a script's attributes are renewed": { page: `<script type="text/plain" data-n="1">x</script>`, fresh: `<script type="text/plain" data-n="2">x</script>` },
  "a template's content alone is renewed": { page: `<template><i>x</i></template>`, fresh: `<template><i>y</i></template>`, after: () => one("template").content.textContent === "y" },
  "data is renewed": { page: `<p>a</p><script type="application/json">{"a":1}</script>`, fresh: `<p>b</p><script type="application/json">{"a":2}</script>` },
  "an attribute that HTML alone can write comes": { page: `<div id="q">a</div>`, fresh: `<div id="q" @click="x">a</div>` },
  "ids that stand twice": { page: `<p id="x">1</p><p id="x">2</p><input id="y"><b id="x">3</b>`, fresh: `<p id="x">2</p><b id="x">3</b><p id="x">4</p><p id="x">5</p><i id="y">6</i>` },
  "ids that stand twice, and move apart": { page: `<div><p id="x">1</p></div><div><p id="x">2</p></div><div id="x">3</div>`, fresh: `<div id="x"><p id="x">3</p></div><div></div><div><p id="x">2</p></div>` },
  "what was inside comes outside": { page: `<div id="a"><div id="b">x</div></div>`, fresh: `<div id="b"><div id="a">x</div></div>` },
};
