"""One visitor of the hostile app: her cookie, her token, and the IDs that her page holds."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from flask import Flask

from .hostile_app import hostile_app
from .wire import Got, Sent, answer_to

FOLDER = tempfile.TemporaryDirectory(prefix="hostile-")
FORM = re.compile(
    r'action="[^"]*_action=(([\w.]+)/[^"/]+)[^>]*>\s*<input type="hidden" name="_action" value="[^"]*">'
    r'\s*<input type="hidden" name="csrf_token" value="([^"]+)"'
)
HTML = ("Accept", b"text/html,*/*;q=0.8")
JSON = ("Accept", b"application/json")


@dataclass(frozen=True)
class Visitor:
    app: Flask
    cookie: bytes
    token: str
    ids: dict[str, bytes]  # of actions, by name: what _action= says

    @property
    def urls(self) -> dict[str, bytes]:
        """Return the URLs that call the actions without a page."""
        return {name: b"/_actions/" + id for name, id in self.ids.items()}

    def send(self, sent: Sent) -> Got:
        """Send a request with the visitor's cookie and token, unless it brings its own; return its answer."""
        return answer_to(self.app, self.signed(sent))

    def signed(self, sent: Sent) -> Sent:
        given = {name.lower() for name, _ in sent.headers}
        own = (("Cookie", self.cookie), ("X-CSRFToken", self.token.encode()))
        added = tuple(pair for pair in own if pair[0].lower() not in given)
        return Sent(sent.method, sent.target, (*added, *sent.headers), sent.body, sent.more)


@lru_cache(maxsize=1)
def visitor() -> Visitor:
    """Return the visitor, whose app lives as long as the process."""
    app = hostile_app(f"sqlite:///{FOLDER.name}/store.sqlite3")
    page = answer_to(app, Sent("GET", b"/page/all", (HTML,)))
    forms = FORM.findall(page.body.decode())
    cookie = "; ".join(value.partition(";")[0] for name, value in page.headers if name == "Set-Cookie")
    ids = {name: unescape(id).encode() for id, name, _ in forms}
    return Visitor(app, cookie.encode(), forms[0][2], ids)
