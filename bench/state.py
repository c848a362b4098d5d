"""What state costs: a cached hit beside Flask-Caching's, ``once`` beside a plain action, a revalidation among many."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask, render_template_string, session

from flask_serveractions import ServerActions, cached
from flask_serveractions.stores.store import Store, open_store

from .calls import Call, Sends, form_call
from .cases import OURS, Case
from .todos import MANY_READY

FLASK_CACHING = "Flask-Caching"
MANY = (10, 1_000, 100_000)
PAGE = "{% call action_form('add') %}{% endcall %}"

keys = count()


@cached(tags=("todos",))
def todos(owner: str) -> list[dict[str, Any]]:
    return MANY_READY


@dataclass(frozen=True, slots=True, kw_only=True)
class InContext:
    """One call of a function in an app's context."""

    app: Flask
    function: Callable[[], Any]
    result: Any

    def send(self) -> bytes:
        with self.app.app_context():
            self.function()
        return b""

    def status(self) -> int:
        """Return 200 where the function gives what it should."""
        with self.app.app_context():
            return 200 if self.function() == self.result else 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WithFreshKey:
    """A call that is another one each time."""

    call: Call

    def fresh(self) -> Call:
        environ = {**self.call.environ, "HTTP_IDEMPOTENCY_KEY": f"key-{next(keys)}"}
        return Call(app=self.call.app, environ=environ, body=self.call.body)

    def send(self) -> bytes:
        return self.fresh().send()

    def status(self) -> int:
        return self.fresh().status()


@dataclass(kw_only=True)
class Revalidation:
    """A revalidation in a store that holds so many values; they are put there at the first call."""

    url: str
    values: int

    @cached_property
    def store(self) -> Store:
        store = open_store(self.url, "")
        for number in range(self.values):
            store.put(f"value-{number}", json.dumps(["", 0, "f", [f"tag-{number}"], number]), 3600)
        return store

    def send(self) -> bytes:
        self.store.bump(["tag:tag-7"])
        return b""

    def status(self) -> int:
        """Return 200 where the store has taken it."""
        before = self.latest()
        self.send()
        return 200 if self.latest() > before else 500

    def latest(self) -> int:
        return self.store.lookup("", ["tag:tag-7"]).latest


def state_cases(folder: Path, redis_url: str) -> list[Case]:
    """Return the cases.

    :param folder: an empty one, for files.
    :param redis_url: of an empty Redis, without a database's number.
    """
    files = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": str(folder / "caching")}
    redis = {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": f"{redis_url}/1"}
    return [
        hit("cached hit: files", sqlite(folder, "hit"), files),
        hit("cached hit: Redis", f"{redis_url}/0", redis),
        once(sqlite(folder, "once")),
        among("revalidate, SQLite: among", [sqlite(folder, f"among-{each}") for each in MANY]),
        among("revalidate, Redis: among", [f"{redis_url}/{number}" for number in (2, 3, 4)]),
    ]


def sqlite(folder: Path, name: str) -> str:
    return f"sqlite:///{folder / name}.sqlite3"


def new_app(store_url: str) -> tuple[Flask, ServerActions]:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="bench", SERVERACTIONS_STORE_URL=store_url)
    return app, ServerActions(app)


def hit(title: str, store_url: str, config: dict[str, Any]) -> Case:
    """A function's result is in the store: it is found and read."""
    from flask_caching import Cache  # installed for the bench alone

    theirs = Flask(__name__)
    cache = Cache(theirs, config=config)
    memoized = cache.memoize(timeout=3600)(lambda owner: MANY_READY)
    calls: dict[str, Sends] = {
        FLASK_CACHING: InContext(app=theirs, function=lambda: memoized("ada"), result=MANY_READY),
        OURS: InContext(app=new_app(store_url)[0], function=lambda: todos("ada"), result=MANY_READY),
    }
    return Case(title=title, calls=calls, statuses=frozenset({200}), limits={FLASK_CACHING: 1.0})


def once(store_url: str) -> Case:
    """The same form, and the same form with ``once``, each time with a fresh key: two synced writes."""
    plain = form_call(form_app(store_url, once=False))
    keyed = WithFreshKey(call=form_call(form_app(store_url, once=True)))
    calls: dict[str, Sends] = {"a plain action": plain, "once=True": keyed}
    return Case(title="action: once", calls=calls, statuses=frozenset({303}))


def form_app(store_url: str, *, once: bool) -> Flask:
    app, actions = new_app(store_url)

    @app.get("/")
    def index() -> str:
        session["user"] = "ada"
        return render_template_string(PAGE)

    @actions.register(once=once)
    def add(text: str) -> None:
        assert text

    return app


def among(title: str, urls: Sequence[str], numbers: Sequence[int] = MANY) -> Case:
    calls: dict[str, Sends] = {
        f"{values:,} values": Revalidation(url=url, values=values) for values, url in zip(numbers, urls, strict=True)
    }
    return Case(title=title, calls=calls, statuses=frozenset({200}))
