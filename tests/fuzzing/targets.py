"""What hostile input can reach: each target takes bytes, drives the real app with them, and raises what is wrong.

An answer of 500 or above is wrong, an exception, and an answer that is no HTTP, no JSON, or leads off the site.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask_serveractions.html_forms import forms_in

from .event_streams import read_events
from .hostile_app import SECRET
from .visitor import HTML, JSON, visitor
from .wire import MARK, Sent

URLENCODED = ("Content-Type", b"application/x-www-form-urlencoded")
AS_JSON = ("Content-Type", b"application/json")
WISHED = ("Prefer", b"return=representation")
BOUNDARY = b"multipart/form-data; boundary=x"

#: what is cruel to most parsers
CRUEL = (
    *(
        MARK.encode(),
        b"\0",
        b"\r\n",
        b"\n",
        b"\xff",
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\xf0\x9f\xa6\x84",
        b"%00",
        b"%0d%0a",
    ),
    *(b"%ED%A0%80", b"%ff", b"%", b"%C2%B2", "²".encode(), "٣".encode(), "ﬀ".encode(), b"\xe2\x80\xa8", b"../", b"//"),
    *(
        b"\\",
        b"'",
        b'"',
        b";",
        b",",
        b"=",
        b"&",
        b".",
        b"-",
        b"+",
        b" ",
        b"0",
        b"1e400",
        b"1e999999999",
        b"nan",
        b"sNaN",
    ),
    *(b"-Infinity", b"9" * 20, b"9" * 400, b"9" * 4400, b"true", b"null", b"__proto__", b"__class__", b"*", b"q=0"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """Something to attack.

    :param run: takes any bytes.
    :param seeds: well-formed input to begin with.
    :param tokens: what its input is made of.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    tokens: tuple[bytes, ...] = ()


# URLs


def attack_id(data: bytes) -> None:
    her = visitor()
    her.send(Sent("POST", b"/_actions/" + data, (JSON, AS_JSON), b"{}"))
    her.send(Sent("POST", b"/_actions/bound/" + data, (HTML, URLENCODED), b"text=a"))
    her.send(Sent("GET", b"/_actions/" + data))
    for method in ("GET", "DELETE"):
        her.send(Sent(method, b"/_actions/-/jobs/" + data, (JSON,)))


def attack_page(data: bytes) -> None:
    her = visitor()
    called = b"_action=" + her.ids["scalars"]
    for body in (b"text=no", b"text=yes", b"_action=&text=no", data):
        her.send(Sent("POST", b"/" + data + b"?" + called, (HTML, URLENCODED), body))
        her.send(Sent("POST", b"/?" + data + b"&" + called, (JSON, WISHED, URLENCODED), body))
    her.send(Sent("POST", b"/?_action=" + data, (JSON, AS_JSON), b"{}"))
    her.send(Sent("GET", b"/" + data + b"?" + called))


def attack_query(data: bytes) -> None:
    her = visitor()
    for target in (b"/api/todos?", b"/api/news?", b"/api/news?cursor=", b"/api/keys/", b"/_actions/client.js?"):
        her.send(Sent("GET", target + data, (JSON,)))
    her.send(Sent("POST", her.urls["located"] + b"?" + data, (JSON, URLENCODED), b"text=a"))


# Headers

PARSED_HEADERS = (
    *("Accept", "Prefer", "If-Match", "If-None-Match", "Idempotency-Key", "Serveractions-Validate", "Origin"),
    *("Sec-Fetch-Site", "Referer", "Host", "Cookie", "X-CSRFToken", "Content-Type", "Content-Encoding"),
    *("Content-Length", "Transfer-Encoding", "Names", "HX-Request", "Range", "If-Range", "X-HTTP-Method-Override"),
)


def attack_headers(data: bytes) -> None:
    """Send ``Name: value`` lines, as many as there are, to everything that reads headers."""
    her, headers = visitor(), headers_in(data)
    for name in ("scalars", "located", "once", "steps"):
        her.send(Sent("POST", her.urls[name], (JSON, *headers), b"text=no"))
    her.send(Sent("POST", her.urls["scalars"], (HTML, URLENCODED, *headers), b"text=no&count=x"))
    for method in ("GET", "PUT", "DELETE"):
        her.send(Sent(method, b"/api/todos/7", (AS_JSON, *headers), b'{"name": "a"}'))
    for target in (b"/api/todos", b"/_actions/client.js", b"/_actions/a", b"/openapi.json"):
        her.send(Sent("GET", target, headers))


def headers_in(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return the headers that lines name; a line that names none is a value of the one before, or of ``Accept``."""
    found, name = [], "Accept"
    for line in data.split(b"\n"):
        head, separator, value = line.partition(b": ")
        known = head.decode("latin-1") if separator else ""
        name, text = (known, value) if known in PARSED_HEADERS else (name, line)
        found.append((name, text.replace(b"\r", b"")))
    return tuple(found)


def attack_transport(data: bytes) -> None:
    """Send a body whose length, coding and type are what the first lines say."""
    head, _, body = data.partition(b"\n\n")
    her, headers = visitor(), headers_in(head)
    for more in ({}, {"wsgi.input_terminated": True}):
        her.send(Sent("POST", her.urls["upload"], (JSON, ("Content-Type", BOUNDARY), *headers), body, more))
        her.send(Sent("POST", b"/api/todos", (AS_JSON, *headers), body, more))


# Bodies


def attack_form(data: bytes) -> None:
    her = visitor()
    for name in ("scalars", "trees", "boxes", "order", "orders", "bound"):
        for asked in ((HTML,), (JSON, WISHED)):
            her.send(Sent("POST", her.urls[name], (*asked, URLENCODED), data))


def attack_multipart(data: bytes) -> None:
    """Send parts; a first line that ends the content type's is the boundary, or whatever else it says."""
    kind, _, body = data.partition(b"\n\n")
    her = visitor()
    for name, asked in (("upload", JSON), ("orders", HTML)):
        her.send(Sent("POST", her.urls[name], (asked, ("Content-Type", BOUNDARY)), data.replace(b"\n", b"\r\n")))
        her.send(Sent("POST", her.urls[name], (asked, ("Content-Type", b"multipart/form-data" + kind)), body))


def attack_json(data: bytes) -> None:
    her = visitor()
    for name in ("scalars", "trees", "boxes", "order", "orders", "bound"):
        her.send(Sent("POST", her.urls[name], (JSON, AS_JSON), data))
    her.send(Sent("POST", her.urls["orders"], (HTML, AS_JSON), data))
    her.send(Sent("POST", her.urls["scalars"], (JSON, WISHED, ("Serveractions-Validate", b"count"), AS_JSON), data))
    her.send(Sent("POST", b"/api/todos", (AS_JSON,), data))


# Webhooks

SENDERS = ("standard", "github", "stripe", "shopify", "slack")


def attack_webhook_headers(data: bytes) -> None:
    """Send lines as the values of each sender's headers, in turn."""
    lines = [line.replace(b"\r", b"") for line in data.split(b"\n")]
    for sender in SENDERS:
        names = [name for name, _ in signed_headers(sender, b"{}")]
        headers = tuple((name, lines[number % len(lines)]) for number, name in enumerate(names))
        visitor().send(Sent("POST", f"/hooks/{sender}".encode(), (*headers, AS_JSON), b"{}"))


def attack_webhook_body(data: bytes) -> None:
    """Send what is signed well, whatever it is: the sender itself may be hostile."""
    for sender in SENDERS:
        headers = tuple(signed_headers(sender, data))
        visitor().send(Sent("POST", f"/hooks/{sender}?number=1".encode(), headers, data))


def signed_headers(sender: str, body: bytes) -> list[tuple[str, bytes]]:
    """Return the headers with which a sender signs a body now."""
    now = str(int(time.time())).encode()

    def mac(key: bytes, signed: bytes) -> bytes:
        return hmac.digest(key, signed, hashlib.sha256)

    key = SECRET.encode()
    if sender == "standard":
        signature = b"v1," + base64.b64encode(mac(base64.b64decode(SECRET[6:]), b"msg_1." + now + b"." + body))
        return [("webhook-id", b"msg_1"), ("webhook-timestamp", now), ("webhook-signature", signature)]
    if sender == "github":
        return [("X-Hub-Signature-256", b"sha256=" + mac(key, body).hex().encode()), ("X-GitHub-Delivery", b"1")]
    if sender == "stripe":
        return [("Stripe-Signature", b"t=%b,v1=%b" % (now, mac(key, now + b"." + body).hex().encode()))]
    if sender == "shopify":
        return [("X-Shopify-Hmac-Sha256", base64.b64encode(mac(key, body))), ("X-Shopify-Webhook-Id", b"1")]
    signature = b"v0=" + mac(key, b"v0:%b:%b" % (now, body)).hex().encode()
    return [("X-Slack-Request-Timestamp", now), ("X-Slack-Signature", signature)]


# Parsers of ours beside the doors


def attack_html(data: bytes) -> None:
    """Read the forms of a page, as the test client does."""
    for form in forms_in(data.decode(errors="replace")):
        form.fill("text", ["a", "b"])
        list(form.entries(next(iter(form.buttons), None)))


def attack_event_stream(data: bytes) -> None:
    """Read an event stream with the JavaScript client, in chunks of three ways, and as the standard says."""
    read_events(data)


TARGETS = (
    Target(
        "id",
        attack_id,
        (b"bound/eyJ0b2RvX2lkIjo3fQ.2n9BOJQA8-ojlt9r4LiqNfs6MwfQo0eM3oRtT8CYSEA", b"scalars/e30.AAAA", b"-/jobs/a.b"),
        (b"e30", b"/", b"bound/", b"?page=", b"eyJ0b2RvX2lkIjo3fQ", b"W10", b"client.js", b"W1tbW1tb"),
    ),
    Target(
        "page",
        attack_page,
        (
            b"todos?page=2",
            b"/page/a?b=c#d",
            b"page/a?_action=scalars/e30.x/2&_action",
            b"/_actions/x",
            b"http://evil.example/",
        ),
        (b"/", b"%2F", b"%5C", b"_action=", b"page/", b"/%2e%2e/", b"/_actions", b"#", b"?", b"&", b"evil.example"),
    ),
    Target(
        "query",
        attack_query,
        (
            b"page=2&per_page=10",
            b"ids=1&ids=2&completed=1",
            b"box.width=1&box.height=2",
            b"cursor=W10.AAAA",
            b"2026-01-31/x",
        ),
        (
            b"page=",
            b"per_page=",
            b"cursor=",
            b"ids.0=",
            b"ids=",
            b"box.",
            b"width=",
            b"height=",
            b"number=",
            b"q=",
            b"v=",
        ),
    ),
    Target(
        "headers",
        attack_headers,
        (
            b"Accept: text/html;q=0.5, application/json;q=0.4\nPrefer: return=minimal; a=b, respond-async",
            b'If-Match: "a", W/"b"\nIf-None-Match: *',
            b"Origin: http://localhost:80\nSec-Fetch-Site: same-origin",
            b"Host: [::1]:80\nReferer: http://localhost/",
            b"Cookie: session=a.b.c; theme=x\nX-CSRFToken: a.b.c",
            b"Content-Type: application/x-www-form-urlencoded; charset=utf-8\nIdempotency-Key: a",
            b"Serveractions-Validate: text, count\nNames: 1, 2\nAccept: text/event-stream",
        ),
        (*(f"\n{name}: ".encode() for name in PARSED_HEADERS), b"text/html", b"application/json", b"text/event-stream"),
    ),
    Target(
        "transport",
        attack_transport,
        (
            b"Content-Length: 12\nContent-Encoding: \n\n--x\r\nContent-Disposition: form-data; name=note\r\n\r\na",
            b'Transfer-Encoding: chunked\nContent-Length: \n\n{"lines": []}',
            b"Content-Type: application/json; charset=latin-1\n\n{}",
        ),
        (
            *(f"\n{name}: ".encode() for name in ("Content-Length", "Content-Type", "Content-Encoding")),
            b"\n\n",
            b"gzip",
        ),
    ),
    Target(
        "form",
        attack_form,
        (
            b"text=a&count=1&ratio=1.5&price=2.50&day=2026-01-31&moment=2026-01-31T09:30&at=09:30&length=60",
            b"key=12345678-1234-5678-1234-567812345678&yes=on&colour=red&size=S&tags=a&tags=b&numbers.0=1&table.0.1=2",
            b"tree.name=a&tree.left.name=b&tree.children.0.name=c&tree.children.5.right.name=d",
            b"boxes.0.width=2&boxes.0.height=3&boxes.1.width=9&boxes.1.height=1&box.width=1&prices.milk=2&nested.a.b=1",
            b"email=a%40b.example&url=http://a.example&address=::1&when=2026-01-31T00:00:00Z&lines.0.text=a&pair.0=1",
            b"title=a&count=3&ratio=0.5&day=2026-01-31&lines-0-text=a&lines-0-tags-0=b&lines-0-amount=1&codes-0=1&file=a",
        ),
        (b"&", b"=", b".", b"-", b".0.", b"-0-", b"tree.", b"left.", b"children.", b"lines-", b"codes-", b"amount="),
    ),
    Target(
        "multipart",
        attack_multipart,
        (
            b'--x\nContent-Disposition: form-data; name="note"\n\na\n--x--\n',
            b'--x\nContent-Disposition: form-data; name="file"; filename="a"\nContent-Type: a/b\n\na\n--x--\n',
            b"; boundary=y\n\n--y\r\nContent-Disposition: form-data; name=title\r\n\r\na\r\n--y--\r\n",
        ),
        (
            b"\n--x",
            b"--",
            b"\n",
            b"\n\n",
            b'Content-Disposition: form-data; name="',
            b'"; filename="',
            b"; filename*=utf-8''",
        ),
    ),
    Target(
        "json",
        attack_json,
        (
            b'{"text": "a", "count": 1, "ratio": 1.5, "price": "2.50", "day": "2026-01-31", "at": "09:30"}',
            b'{"yes": true, "colour": 2, "size": null, "tags": ["a"], "table": [[1]], "prices": {"a": 1}}',
            b'{"tree": {"name": "a", "left": null, "children": [{"name": "b"}]}, "boxes": [{"width": 9, "height": 1}]}',
            b'{"email": "a", "when": "2026-01-31T00:00:00Z", "lines": [{"text": "a", "other": []}], "pair": [1, "a"]}',
            b'{"title": "a", "count": 3, "ratio": 0.5, "lines": [{"text": "a", "tags": ["b"], "amount": "sNaN"}]}',
            b'{"moment": "2026-01-31T09:30:00+24:00", "key": 1, "nested": {"a": {"b": 1}}, "anything": [{}]}',
        ),
        (b"{", b"}", b"[", b"]", b":", b'"', b'": ', b"\\u0000", b"\\ud800", b'"text"', b'"lines"', b"1e308", b"-0.0"),
    ),
    Target(
        "webhook headers",
        attack_webhook_headers,
        (b"msg_1\n1700000000\nv1,AAAA v1,BBBB", b"t=1700000000,v1=aa,v1=bb", b"sha256=aa\n1", b"1700000000\nv0=aa"),
        (b"v1,", b"v1=", b"t=", b"v0=", b"sha256=", b"\n", str(int(time.time())).encode()),
    ),
    Target(
        "webhook body",
        attack_webhook_body,
        (b'{"id": "evt_1", "event_id": "Ev1", "number": 1}', b"[]"),
        (b"{", b"}", b'"id"', b'"event_id"', b":", b"[", b"\\ud800"),
    ),
    Target(
        "html",
        attack_html,
        (b'<form method=post action="/a"><select name=a><option selected>b</select><textarea>d</textarea></form>',),
        (
            b"<form",
            b"</form>",
            b"<input name=text",
            b"<select",
            b"<option",
            b"<textarea",
            b"<template>",
            b">",
            b"<!--",
            b"<![",
        ),
    ),
    Target(
        "event stream",
        attack_event_stream,
        (
            b"\x03event: progress\ndata: {}\n\n: hello\r\rdata: a\r\ndata:b\r\n\r\n",
            "\x05\ufeffdata: žluťoučký 🦄\nid: 1\nretry: 5\n\ndata\n\n".encode(),
        ),
        (b"data", b"event", b":", b": ", b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"data: ", b"event: "),
    ),
)
