"""The client in Firefox: Debian's, by WebDriver BiDi."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import redirect, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from flask_serveractions import ActionError, revalidate_tag
from tests.browser.firefox import Firefox
from tests.browser.stage import Stage
from tests.browser.test_morph import address as address  # a fixture
from tests.todo_app import served, todo_app

WORDS = ("apple", "apricot", "banana")

TODOS = """<main><h1>Todos</h1>
{% call(form) action_form("add") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}
<button id="add">Add</button>{% endcall %}
{% call action_form("leave") %}<button id="leave">Leave</button>{% endcall %}
{% call region("todos", tag="ul", live=("todos",), attrs={"id": "list"}) %}
{% for item in items %}<li>{{ item }}</li>{% endfor %}{% endcall %}
<a id="new" href="/new" data-dialog>New</a></main>"""
NEW = """<main><h2>A new one</h2>{% call(form) action_form("add") %}<input {{ form.attrs("text") }}>
{{ form.error("text") }}<button>Create</button>{% endcall %}</main>"""
SEARCH = """<main><form data-submit="input 100ms"><input name="q" value="{{ request.args.q }}"></form>
<ul id="found">{% for word in words if word.startswith(request.args.get("q", "")) %}<li>{{ word }}</li>{% endfor %}
</ul></main>"""
ROWS = """<main><a id="away" href="/other" style="position: fixed; top: 0">Away</a><ul id="rows" data-region="rows">
{% for n in rows %}<li style="height: 50px">Row {{ n }}</li>{% endfor %}</ul>
{% if number < 3 %}<a data-more="rows" href="?page={{ number + 1 }}">More</a>{% endif %}</main>"""
FILES = """<main>{% call(form) action_form("keep") %}<input {{ form.attrs("file") }}><progress></progress>
<button id="send">Send</button>{% endcall %}<ul id="sizes">{% for size in sizes %}<li>{{ size }}</li>{% endfor %}</ul>
<script src="/own/progress.js"></script></main>"""
FRESH = """<main data-n="{{ n }}">{% call action_form("go") %}<button id="go">Go</button>{% endcall %}
{% if n %}<script src="/slow.js"></script><script src="/own/second.js"></script>{% endif %}</main>"""
FRESH_TITLE = "Fresh</title>{% if n %}<link rel='stylesheet' href='/slow.css'>{% endif %}<title>"
NOTE_PROGRESS = """document.addEventListener("action:progress",
    ({detail}) => { window.progress = detail.progress.done; });"""


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    firefox = Firefox()
    yield firefox
    firefox.stop()


def slowly(text: str, mimetype: str) -> Response:
    """Answer later than the answer to what is asked for beside it."""
    time.sleep(0.3)
    return Response(text, mimetype=mimetype)


def set_pages(stage: Stage) -> None:
    items: list[str] = []
    sizes: list[int] = []

    @stage.actions.register
    def add(text: str) -> None:
        if text == "taken":
            raise ActionError("You have that one.", field="text")
        items.append(text)
        revalidate_tag("todos")

    @stage.actions.register
    def leave() -> Response:
        return redirect("/other")

    @stage.actions.register
    def keep(file: FileStorage) -> None:
        sizes.append(len(file.read()))

    def number() -> int:
        return request.args.get("page", 1, int)

    stage.scripts["progress"] = NOTE_PROGRESS

    def go() -> None:
        pressed.append(1)

    pressed: list[int] = []
    stage.actions.register(go)
    stage.scripts["second"] = "window.order.push('second');"
    stage.app.add_url_rule("/slow.js", "slow-script", lambda: slowly("window.order = ['first'];", "text/javascript"))
    stage.app.add_url_rule("/slow.css", "slow-style", lambda: slowly("main { color: rgb(9, 9, 9) }", "text/css"))
    stage.page("/fresh", FRESH, FRESH_TITLE, n=lambda: len(pressed))
    stage.page("/todos", TODOS, items=lambda: items)
    stage.page("/new", NEW)
    stage.page("/other", "<main><h1>Other</h1></main>")
    stage.page("/words", SEARCH, words=WORDS)
    stage.page("/rows", ROWS, number=number, rows=lambda: range(number() * 20 - 19, number() * 20 + 1))
    stage.page("/files", FILES, sizes=lambda: sizes)


def test_the_main_paths_work_in_firefox(firefox: Firefox, stage: Stage, tmp_path: Path) -> None:
    set_pages(stage)
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * 500_000)
    with served(stage.app) as address:
        assert firefox.run("firefox_paths.mjs", address, str(file)) == {
            "errors": ["You have that one.", "taken", "", True],
            "fresh": [1, ["first", "second"]],
            "redirect": ["Other", False],
            "history": [False, 1, "Other"],
            "dialog": ["A new one", "text", "new", True, "/todos"],
            "live": ["by somebody else", True],
            "search": [["apple", "apricot"], ["q", 2], True],
            "endless": ["Row 60", True],
            "upload": [["500000"], True, True],
            "problems": [],
        }


def test_the_examples_forms_work_in_firefox(firefox: Firefox, tmp_path: Path) -> None:
    with todo_app(tmp_path) as app, served(app) as address:
        seen = firefox.run("firefox.mjs", address)
    assert seen == {
        "problems": [],
        "asked": ["Delete all that is done?"],
        "withoutLoading": True,
        "error": "That is on your list already.",
        "focus": ["Buy milk", "true"],
        "pending": ["true,Adding…,1"],
        "after": [0, ""],
        "steps": [1, 2, 3, 4],
    }


def test_firefox_brings_trees_up_to_date_as_chromium_does(firefox: Firefox, address: str) -> None:
    assert firefox.run("firefox_morph.mjs", address) == {"random": []}
