"""The parser for event streams (WHATWG HTML, 9.2.6), at every chunk boundary."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.stage import Stage, open_page

STREAMS = {
    "LF": ("data: a\n\ndata: b\n\n", [["message", "a"], ["message", "b"]]),
    "CRLF": ("event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", [["x", "a"], ["message", "b"]]),
    "CR": ("event: x\rdata: a\r\rdata: b\r\r", [["x", "a"], ["message", "b"]]),
    "mixed ends of lines": (
        "data: a\r\n\ndata: b\r\rdata: c\n\r\ndata: d\n\r",
        [["message", "a"], ["message", "b"], ["message", "c"], ["message", "d"]],
    ),
    "comments": (": hello\ndata: a\n:\n: x: y\n\n:only\n\n", [["message", "a"]]),
    "many lines of data": ("data: a\ndata:b\ndata\ndata:  c\n\n", [["message", "a\nb\n\n c"]]),
    "a byte order mark": ("\ufeffdata: a\n\ndata: \ufeffb\n\n", [["message", "a"], ["message", "\ufeffb"]]),
    "no data": ("event: x\n\nid: 1\nretry: 5\n\ndata: a\n\n", [["message", "a"]]),
    "empty data": ("data\n\ndata:\n\n", [["message", ""], ["message", ""]]),
    "cut off": ("data: a\n\ndata: b\n", [["message", "a"]]),
    "cut off in a line": ("data: a\n\ndata: b", [["message", "a"]]),
    "long characters": ("data: žluťoučký 🦄 \u2028 x\n\n", [["message", "žluťoučký 🦄 \u2028 x"]]),
    "colons": ('data: {"a": "b: c"}\nevent: a:b\n\n', [["a:b", '{"a": "b: c"}']]),
    "unknown fields": ("datax: no\nDATA: no\n data: no\ndata : no\ndata: a\n\n", [["message", "a"]]),
    "the last name counts": ("event: x\nevent: y\ndata: a\n\n", [["y", "a"]]),
    "many blank lines": ("\n\n\ndata: a\n\n\n\n\ndata: b\n\n\n", [["message", "a"], ["message", "b"]]),
}

# Whole, byte by byte, with empty chunks between, and cut in three at every place
READ = """async (data) => {
    const { parseEvents } = await import("/_actions/client.js");
    const read = async (chunks) => {
        const stream = new ReadableStream({ start(sink) {
            for (const chunk of chunks) sink.enqueue(new Uint8Array(chunk));
            sink.close();
        } });
        const events = [];
        for await (const { type, data } of parseEvents(stream)) events.push([type, data]);
        return events;
    };
    const results = [[data], data.map((byte) => [byte]), data.flatMap((byte) => [[], [byte]])];
    for (let a = 0; a <= data.length; a++)
        for (const b of [a, a + 1, a + 2, data.length])
            results.push([data.slice(0, a), data.slice(a, b), data.slice(b)]);
    const seen = new Set();
    for (const chunks of results) seen.add(JSON.stringify(await read(chunks)));
    return [...seen].map((text) => JSON.parse(text));
}"""


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_read_alike_wherever_its_chunks_end(stage: Stage, page: Page, name: str) -> None:
    text, expected = STREAMS[name]
    stage.page("/p", "<main></main>")
    open_page(page, "/p")
    assert page.evaluate(READ, list(text.encode())) == [expected]
