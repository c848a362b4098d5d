"""What is asked of both, as a browser with a session asks it, and what must come back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from load.visitor import EVENTS, HTML, JSON, JSON_BODY, Request, Visitor, form_in
from load.wrk import UNIQUE

ACTION, FORM, PAGE, GET, POST = (
    "action, with the fresh page",
    "form without scripts, and its page",
    "page",
    "GET of JSON",
    "POST of JSON",
)
#: how many times as often ours is to answer
GOALS: Mapping[str, float] = {ACTION: 1.3, FORM: 2, PAGE: 1.8, GET: 1.5, POST: 1.5}

TEXT = "Buy milk"
SEED = "Thing number"
BOUNDARY = "----benchserved"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
RSC = {"Accept": "text/x-component"}
ACTION_ID = "$ACTION_ID_"
#: where a browser is that shows the page: Next.js renders what such a tree names
STATE_TREE: list[object] = ["", {"children": ["__PAGE__", {}, None, None, 0]}, None, None, 16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Requests that follow each other, and count as one."""

    title: str
    requests: Sequence[Request]
    statuses: Sequence[int]
    shows: str  # a text in the last answer

    def check(self, visitor: Visitor) -> None:
        """Send it once.

        :raises RuntimeError: an answer is another one; its time would mean nothing.
        """
        answers = [visitor.send(each) for each in self.requests]
        if [answer.status for answer in answers] != list(self.statuses) or self.shows not in answers[-1].text:
            raise RuntimeError(f"{self.title}: {answers}, not {self.statuses} and {self.shows!r} at the end.")


def multipart(fields: Mapping[str, str]) -> str:
    """Return fields as browsers send them (RFC 7578)."""
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return "".join([*parts, f"--{BOUNDARY}--\r\n"])


def script_data(page: str) -> dict[str, str]:
    """Return what the client's element says: ``{"token": ..., "who": ...}``."""
    element = re.search(r'<script[^>]* id="serveractions"[^>]*>', page)
    return dict(re.findall(r' data-(\w+)="([^"]*)"', element[0])) if element else {}


def our_visits(visitor: Visitor) -> list[Visit]:
    page = visitor.get("/").text
    form, said, request = form_in(page, "add"), script_data(page), visitor.request
    token = {said["header"]: said["token"]}
    by_client = {
        **EVENTS,
        **MULTIPART,
        **token,
        "Idempotency-Key": UNIQUE,
        "Serveractions-Who": said["who"],
        "Prefer": "return=representation",
    }
    # the client leaves out the token, which its header has
    fields = {name: value for name, value in form.hidden.items() if name != said["field"]} | {"text": TEXT}
    action = request("POST", form.path, by_client, multipart(fields))
    plain = visitor.form_request(form, text=TEXT)
    return [
        Visit(title=ACTION, requests=[action], statuses=[200], shows=TEXT),
        Visit(title=FORM, requests=[plain, request("GET", "/", HTML)], statuses=[303, 200], shows=TEXT),
        *plain_visits(visitor, token),
    ]


def their_visits(visitor: Visitor) -> list[Visit]:
    visitor.cookies["user"] = "ada"
    form, request = form_in(visitor.get("/").text, ""), visitor.request
    action_id = next(name.removeprefix(ACTION_ID) for name in form.hidden if name.startswith(ACTION_ID))
    by_react = {**RSC, **MULTIPART, "Next-Action": action_id, "Next-Router-State-Tree": quote(json.dumps(STATE_TREE))}
    fields = {f"_1_{name}": value for name, value in {**form.hidden, "text": TEXT}.items()}
    action = request("POST", "/", by_react, multipart({**fields, "0": '["$K1"]'}))
    plain = request("POST", "/", {**HTML, **MULTIPART}, multipart({**form.hidden, "text": TEXT}))
    return [
        Visit(title=ACTION, requests=[action], statuses=[200], shows=TEXT),
        Visit(title=FORM, requests=[plain], statuses=[200], shows=TEXT),  # the page comes in the answer itself
        *plain_visits(visitor, {}),
    ]


def plain_visits(visitor: Visitor, token: Mapping[str, str]) -> list[Visit]:
    """Return what is asked of both in the same way."""
    page, get = visitor.request("GET", "/", HTML), visitor.request("GET", "/api/todos", JSON)
    post = visitor.request("POST", "/api/todos", {**JSON, **JSON_BODY, **token}, json.dumps({"text": TEXT}))
    return [
        Visit(title=PAGE, requests=[page], statuses=[200], shows="Todos of ada"),
        Visit(title=GET, requests=[get], statuses=[200], shows='"completed"'),
        Visit(title=POST, requests=[post], statuses=[201], shows=TEXT),
    ]


Visits = Callable[[Visitor], list[Visit]]
