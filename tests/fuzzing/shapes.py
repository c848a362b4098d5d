"""64 KB at a time: requests made to take as long as they can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product

from .targets import AS_JSON, BOUNDARY, SENDERS, URLENCODED, WISHED, signed_headers
from .visitor import HTML, JSON, Visitor
from .wire import Sent

SIZE = 64 * 1024


def filled(unit: str, start: str = "", end: str = "") -> bytes:
    """Return 64 KB of one unit; ``#`` in it is a number."""
    if "#" not in unit:
        return (start + unit * ((SIZE - len(start) - len(end)) // len(unit.encode())) + end).encode()
    parts, size, number = [start], len(start) + len(end), 0
    while size < SIZE:
        parts.append(unit.replace("#", str(number)))
        size += len(parts[-1])
        number += 1
    return ("".join(parts) + end).encode()


def urls(her: Visitor) -> Iterator[tuple[str, Sent]]:
    long_page = {
        "letters": "a",
        "slashes": "/",
        "dots": "../",
        "escapes": "%2e%2e%2f",
        "plus": "+",
        "wide": "%E2%82%AC",
    }
    for name, unit in long_page.items():
        url = filled(unit, "/") + b"?_action=" + her.ids["scalars"]
        yield f"page of {name}, read", Sent("GET", url)
        yield f"page of {name}, sent", Sent("POST", url, (HTML, URLENCODED), b"text=no")
    for name, unit in {"pages": "page=/&", "names": "a&", "numbered": "a#=#&", "empty": "&", "ids": "ids=x&"}.items():
        yield (
            f"query of {name}, to an action",
            Sent("POST", her.urls["located"] + filled(unit, "?"), (HTML, URLENCODED), b"text=a"),
        )
        url = filled(unit, "/?") + b"_action=" + her.ids["located"]
        yield f"query of {name}, of a page", Sent("POST", url, (HTML, URLENCODED), b"text=a")
        yield f"query of {name}, to a list", Sent("GET", filled(unit, "/api/todos?"), (JSON,))
        yield f"query of {name}, to cursors", Sent("GET", filled(unit, "/api/news?"), (JSON,))
        yield f"query of {name}, to no action", Sent("GET", filled(unit, "/_actions/a?"))
    for unit in ("a", ".", "%2F", "/", "eyJ9", "W1tb"):
        yield f"an ID of {unit}", Sent("POST", filled(unit, "/_actions/bound/"), (HTML, URLENCODED), b"text=a")
        yield f"an ID of {unit}, of a page", Sent("POST", filled(unit, "/?_action=bound/"), (JSON, AS_JSON), b"{}")
        yield f"a job of {unit}", Sent("GET", filled(unit, "/_actions/-/jobs/"), (JSON,))
        yield f"a cursor of {unit}", Sent("GET", filled(unit, "/api/news?cursor="), (JSON,))
        yield f"a number of {unit}", Sent("GET", filled(unit, "/api/todos?page=") + filled(unit, "&per_page="), (JSON,))
    yield "an ID of deep JSON", Sent("POST", filled("W1tb", "/_actions/bound/", ".x"), (HTML, URLENCODED), b"text=a")


HOSTILE_HEADERS: dict[str, tuple[str, ...]] = {
    "Accept": ("a/b,", "text/html,", "text/html;q=0.#,", "a#/b;c=d;q=0.1,", ",", ";", "text/html;a=", "*/*;q=0,", '"'),
    "Prefer": ("return=x,", ",", "a;b=c,", "=", "return=representation;"),
    "If-Match": ('"#",', 'W/"a",', ",", '"a" ', " ", '"'),
    "If-None-Match": ('"#",', 'W/"a",', ",", '"a" ', " ", '"'),
    "Idempotency-Key": ("a", '"', " "),
    "Serveractions-Validate": ("a#,", ",", "text,", " "),
    "Origin": ("a", "http://a:", "[", ".", "http://localhost,"),
    "Sec-Fetch-Site": ("none,",),
    "Referer": ("http://localhost/", "a"),
    "Host": ("a", "a.", "[", ":1"),
    "Cookie": ("a#=b;", ";", '"', "session=a.b.c;", "theme=,", "a"),
    "X-CSRFToken": ("a", ".", "a.b."),
    "Content-Type": (
        "a",
        ";",
        "application/x-www-form-urlencoded; a=b;",
        ' a="\\"',
        "a*0=b;",
        "a/b;charset=x",
        'a="',
        "*0",
        "a*1*=b;",
    ),
    "Content-Encoding": ("gzip,", " ", "a"),
    "Content-Length": ("9", " ", "+1"),
    "Transfer-Encoding": ("chunked,",),
    "Names": ("1,", "x,", ","),
}


def headers(her: Visitor) -> Iterator[tuple[str, Sent]]:
    for name, units in HOSTILE_HEADERS.items():
        for unit in units:
            header = (name, filled(unit))
            for action in ("scalars", "located", "once"):
                post = Sent(
                    "POST", her.urls[action], (URLENCODED, HTML, JSON, header)[0 if name != "Content-Type" else 1 :]
                )
                yield (
                    f"{name} of {unit!r}, to {action}",
                    Sent("POST", post.target, replaced((URLENCODED, JSON, header)), b"text=no&count=x"),
                )
            yield (
                f"{name} of {unit!r}, from a browser",
                Sent("POST", her.urls["scalars"], replaced((URLENCODED, HTML, header)), b"text=no&count=x"),
            )
            for method in ("GET", "PUT"):
                yield (
                    f"{name} of {unit!r}, to {method}",
                    Sent(method, b"/api/todos/7", replaced((AS_JSON, header)), b'{"name": "a"}'),
                )
            yield f"{name} of {unit!r}, to the client", Sent("GET", b"/_actions/client.js", replaced((header,)))


def replaced(pairs: tuple[tuple[str, bytes], ...]) -> tuple[tuple[str, bytes], ...]:
    """Return headers, of the same name the last."""
    return tuple({name: (name, value) for name, value in pairs}.values())


def forms(her: Visitor) -> Iterator[tuple[str, Sent]]:
    actions = ("scalars", "trees", "boxes", "order", "orders", "located")
    for (name, body), action in product(form_bodies(), actions):
        yield f"form of {name}, to {action}", Sent("POST", her.urls[action], (JSON, URLENCODED), body)
        yield f"form of {name}, to {action}, from a browser", Sent("POST", her.urls[action], (HTML, URLENCODED), body)


def form_bodies() -> Iterator[tuple[str, bytes]]:
    many = 990
    yield "names", b"&".join(b"a%d=b" % number for number in range(many))
    yield "too many", filled("a&")
    yield "one name", b"&".join([b"tags=b"] * many)
    yield "bad numbers", b"&".join([b"numbers=x"] * many)
    yield "nested numbers", b"&".join(b"table.%d.0=x" % number for number in range(many))
    yield "boxes", b"&".join(b"boxes.%d.width=x" % number for number in range(many))
    yield "sparse boxes", b"&".join(b"boxes.%d.height=x" % (999_999_999 - number) for number in range(many))
    yield "lines", b"&".join(b"lines.%d.amount=x" % number for number in range(many))
    yield "WTForms' lines", b"&".join(b"lines-%d-text=" % number for number in range(many))
    yield "WTForms' tags", b"&".join(b"lines-%d-tags-%d=" % (number, number) for number in range(many))
    yield "WTForms' numbers", b"&".join(b"codes-%d=x" % number for number in range(many))
    yield "prices", b"&".join(b"prices.%d=x" % number for number in range(many))
    yield "nested prices", b"&".join(b"nested.%d.%d=x" % (number, number) for number in range(many))
    yield "a deep name", filled("a.", "whatever.", "=b")
    yield "a deep tree", filled("left.", "tree.", "name=a")
    for unit in ("left.", "children.0.", "below.", "other.0."):
        start = {"below.": "lines.0.", "other.0.": "lines.0."}.get(unit, "tree.")
        deep = [start + unit * depth for depth in range(46)]
        yield f"deep trees of {unit}", "&".join(each + "name=a" for each in deep * 6)[:SIZE].encode()
    yield "bushes", binary_tree("tree.", ("left.", "right."), "name=")
    yield "bushes of lists", binary_tree("tree.", ("children.0.", "children.1."), "name=")
    yield "bushes of schemas", binary_tree("lines.0.", ("below.", "other.0."), "text=")
    yield (
        "wide trees",
        b"&".join(b"tree.children.%d.left.left.left.left.right.name=" % number for number in range(many)),
    )
    for name, unit in {
        "count": "9",
        "ratio": "1",
        "price": "9",
        "length": "1",
        "text": "a",
        "day": "1",
        "moment": "0",
    }.items():
        yield f"a long {name}", filled(unit, f"{name}=")
    yield "a long fraction", filled("9", "price=0.")
    yield "a long exponent", filled("9", "price=1e")
    yield "escapes", filled("%00", "text=")
    yield "broken escapes", filled("%", "text=")
    yield "wide letters", filled("%F0%9F%A6%84", "text=")
    yield "an address", filled("a@", "email=")
    yield "a domain", filled("a.", "email=a@")
    yield "a URL", filled("a.", "url=http://")
    yield "a WTForms number", filled("9", "codes-0=")
    yield "a WTForms decimal", filled("9", "lines-0-amount=")
    yield "a WTForms index", filled("9", "codes-", "=1")
    yield "a token", filled("a", "csrf_token=")
    yield "tokens", b"&".join([b"%dcsrf_token=a" % number for number in range(many)])


def binary_tree(start: str, steps: tuple[str, str], end: str) -> bytes:
    """Return names that lead to as many different places as fit."""
    names, size = [], 0
    for depth in range(1, 40):
        for way in product(steps, repeat=min(depth, 10)):
            name = start + "".join(way) + steps[depth % 2] * max(0, depth - 10) + end
            size += len(name) + 1
            if size > SIZE or len(names) == 990:
                return "&".join(names).encode()
            names.append(name)
    return "&".join(names).encode()


def multipart(her: Visitor) -> Iterator[tuple[str, Sent]]:
    head = b'--x\r\nContent-Disposition: form-data; name="'
    bodies = {
        "parts": b"".join(head + b'a%d"\r\n\r\n\r\n' % number for number in range(990)) + b"--x--\r\n",
        "files": b"".join(head + b'files"; filename="a"\r\n\r\n\r\n' for _ in range(990)) + b"--x--\r\n",
        "too many parts": filled('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'),
        "a long name": head + filled("a") + b'"\r\n\r\n\r\n--x--\r\n',
        "a long header": head + b'a"\r\nX: ' + filled("a") + b"\r\n\r\n\r\n--x--\r\n",
        "many headers": head + b'a"\r\n' + filled("X#: a\r\n") + b"\r\n\r\n--x--\r\n",
        "folded headers": head + b'a"\r\nX: a' + filled("\r\n a") + b"\r\n\r\n\r\n--x--\r\n",
        "parameters": head + b'a"' + filled("; a*#=b") + b"\r\n\r\n\r\n--x--\r\n",
        "quotes": head + filled('\\"') + b'"\r\n\r\n\r\n--x--\r\n',
        "no end": head + b'a"\r\n\r\n' + filled("\r\n-"),
        "ends of lines": head + b'a"\r\n\r\n' + filled("\r\n") + b"\r\n--x--\r\n",
        "carriage returns": head + b'a"\r\n\r\n' + filled("\r") + b"\r\n--x--\r\n",
        "near boundaries": head + b'a"\r\n\r\n' + filled("\r\n--") + b"\r\n--x--\r\n",
        "a preamble": filled("\r\n--") + b"\r\n" + head + b'a"\r\n\r\n\r\n--x--\r\n',
        "an epilogue": head + b'a"\r\n\r\n\r\n--x--\r\n' + filled("--x\r\n"),
    }
    for (name, body), action in product(bodies.items(), ("upload", "orders", "scalars")):
        yield (
            f"multipart of {name}, to {action}",
            Sent("POST", her.urls[action], (JSON, ("Content-Type", BOUNDARY)), body),
        )
    for unit in ("x", "(", "a+", "\\", "'"):
        kind = ("Content-Type", filled(unit, "multipart/form-data; boundary="))
        yield f"a boundary of {unit}", Sent("POST", her.urls["upload"], (JSON, kind), b"--x\r\n")


#: who is sent JSON that begins with a key; anything else goes to the scalars
TAKERS = {
    "boxes": ("boxes",),
    "tree": ("trees",),
    "lines": ("order", "orders"),
    "codes": ("orders",),
    "prices": ("scalars", "order"),
    "email": ("order",),
    "url": ("order",),
    "count": ("scalars", "orders"),
}


def json_bodies(her: Visitor) -> Iterator[tuple[str, Sent]]:
    for name, body in json_texts():
        first = body[:20].partition(b'"')[2].partition(b'"')[0].decode()
        for action, asked in product(TAKERS.get(first, ("scalars",)), ((JSON, WISHED), (HTML,))):
            yield (
                f"JSON of {name}, to {action}, for {asked[-1][1].decode()}",
                Sent("POST", her.urls[action], (*asked, AS_JSON), body),
            )


def json_texts() -> Iterator[tuple[str, bytes]]:
    lists = {
        "boxes": "boxes",
        "tags": "tags",
        "numbers": "numbers",
        "table": "table",
        "lines": "lines",
        "codes": "codes",
    }
    for (name, key), item in product(lists.items(), ("0", '""', "{}", "[]")):
        yield f"{name} of {item}", filled(item + ",", f'{{"{key}": [', "0]}")
    for key in ("prices", "nested", "whatever", "anything"):
        yield f"{key} by name", filled('"#":"x",', f'{{"{key}": {{', '"a": 1}}')
        yield f"{key} in objects", filled('"#":{"a":"x"},', f'{{"{key}": {{', '"a": 1}}')
    yield "unknown keys", filled('"#":1,', "{", '"a": 1}')
    yield "lines with unknown keys", filled('"#":1,', '{"lines": [{', '"a": 1}]}')
    yield (
        "long paths",
        b'{"nested": {"%b": {%b"a": 1}}}' % (b"k" * 32_000, filled('"#":"",')[:32_000].rpartition(b",")[0] + b","),
    )
    for key in ("prices", "whatever", "anything"):
        yield (
            f"long paths in {key}",
            b'{"%b": {"%b": {%b"a": []}}}'
            % (key.encode(), b"k" * 32_000, filled('"#":[],')[:32_000].rpartition(b",")[0] + b","),
        )
    yield "an unknown long key", filled("k", '{"', '": 1}')
    yield "NUL under long names", b'{"whatever": {"%b": [%b 1]}}' % (b"k" * 20_000, b'"\\u0000",' * 4_000)
    yield "arrays", filled("[", end="")
    yield "closed arrays", b"[" * (SIZE // 2) + b"]" * (SIZE // 2)
    yield "objects", filled('{"a":')
    for key in ("whatever", "anything", "tree"):
        for depth in (190, 900):
            deep = b'{"left":' * depth + b'{"name":1}' + b"}" * depth
            yield f"{key}, {depth} deep", b'{"%b": %b}' % (key.encode(), deep)
    for depth in (20, 190):
        one = b'{"name":"","left":' * depth + b"{}" + b"}" * depth
        yield f"trees {depth} deep", b'{"tree": {"children": [%b]}}' % b",".join([one] * (SIZE // len(one)))
        for key in ("below", "other"):
            opening, closing = (b'{"text":"","below":', b"}") if key == "below" else (b'{"text":"","other":[', b"]}")
            line = opening * depth + (b"{}" if key == "below" else b"") + closing * depth
            yield f"lines with {key} {depth} deep", b'{"lines": [%b]}' % b",".join([line] * (SIZE // len(line)))
    yield "bushes of schemas", json.dumps({"lines": [bush(11)]}).encode()[: SIZE * 2]
    for key in ("count", "ratio", "price", "length", "text"):
        for digits in (4_299, 60_000):
            yield f"{key} of {digits} digits", b'{"%b": %b}' % (key.encode(), b"9" * digits)
    yield "many long numbers", b'{"numbers": [%b]}' % b",".join([b"9" * 4_200] * 15)
    yield "a fraction", filled("9", '{"ratio": 0.', "}")
    yield "an exponent", b'{"ratio": 1e400}'
    yield "a decimal in text", filled("9", '{"price": "', '"}')
    yield "escapes", filled("\\u0041", '{"text": "', '"}')
    yield "surrogates", filled("\\ud800", '{"text": "', '"}')
    yield "unclean items", filled('"\\u0000",', '{"tags": [', '""]}')
    yield "blanks", filled(" ", "{", "}")
    yield "an address", filled("a@", '{"email": "', '"}')
    yield "a domain", filled("a.", '{"email": "a@', '"}')
    yield "a URL", filled("a.", '{"url": "http://', '"}')


def bush(depth: int) -> dict[str, object]:
    if not depth:
        return {}
    return {"below": bush(depth - 1), "other": [bush(depth - 1)]}


def webhooks(her: Visitor) -> Iterator[tuple[str, Sent]]:
    bodies = {
        "deep": filled("[", '{"id": '),
        "wide": filled('"#":1,', "{", '"id": "a"}'),
        "digits": filled("9", '{"id": ', "}"),
    }
    for sender in SENDERS:
        target = f"/hooks/{sender}".encode()
        for name, body in bodies.items():
            yield f"{sender}: {name}", Sent("POST", target, tuple(signed_headers(sender, body)), body)
        for place, unit in product(range(3), ("v1,A ", "v1=a,", "t=1,", "9", "a", ",", "=")):
            sent = signed_headers(sender, b"{}")
            if place < len(sent):
                sent[place] = (sent[place][0], filled(unit))
                yield f"{sender}: {sent[place][0]} of {unit!r}", Sent("POST", target, tuple(sent), b"{}")


FAMILIES = (urls, headers, forms, multipart, json_bodies, webhooks)
