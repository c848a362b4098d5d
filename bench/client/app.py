"""One app, one page of rows with a form each; each contender has its own button that changes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Flask, redirect, render_template_string, request, send_from_directory
from werkzeug.wrappers import Response

from flask_serveractions import Bound, ServerActions, revalidate_path

NODE_MODULES = Path(__file__).parent / "node_modules"

OURS, TURBO, HTMX4, HTMX2, FULL = "ours", "Turbo 8 morph", "htmx 4 outerMorph", "htmx 2", "full load"

# what a page of each contender loads, and its button
HEADS = {
    OURS: "{{ serveractions_script() }}",
    TURBO: '<meta name="turbo-refresh-method" content="morph"><meta name="turbo-refresh-scroll" content="preserve">'
    '<script type="module" src="/npm/@hotwired/turbo/dist/turbo.es2017-esm.js"></script>',
    HTMX4: '<script src="/npm/htmx.org/dist/htmx.min.js"></script>',
    HTMX2: '<script src="/npm/htmx2/dist/htmx.min.js"></script>',
    FULL: "",
}
BUTTON = '<button id="go">Go</button>'
BUTTONS = {
    OURS: f'{{% call action_form("go") %}}{BUTTON}{{% endcall %}}',
    TURBO: f'<form action="/go" method="post">{BUTTON}</form>',
    HTMX4: f'<form hx-post="/go" hx-target="main" hx-select="main" hx-swap="outerMorph">{BUTTON}</form>',
    HTMX2: f'<form hx-post="/go" hx-target="main" hx-select="main" hx-swap="outerHTML">{BUTTON}</form>',
    FULL: f'<form action="/go" method="post">{BUTTON}</form>',
}

PAGE = """<!doctype html><html lang="en"><head><title>Rows</title>HEAD</head><body><main data-step="{{ step }}">
BUTTON<table><tbody>{% for row, title in rows %}<tr id="r{{ row }}"><td>{{ title }}</td><td>
{% call(form) action_form("rename", row=row) %}<input name="text" value="{{ title }}"><button>Save</button>{% endcall %}
</td></tr>{% endfor %}</tbody></table></main></body></html>"""

Rows = list[tuple[int, str]]


def edit_tenth(rows: Rows) -> Rows:
    return [(row, title if row % 10 else f"{title} edited") for row, title in rows]


def reverse_part(rows: Rows) -> Rows:
    part = len(rows) * 2 // 5
    return [*reversed(rows[:part]), *rows[part:]]


def replace_all(rows: Rows) -> Rows:
    return make_rows(len(rows), after=max(row for row, _ in rows))


CASES: dict[str, Callable[[Rows], Rows]] = {
    "edit every tenth": edit_tenth,
    "insert on top": lambda rows: [(len(rows) + 1, "A new one"), *rows],
    "delete the first": lambda rows: rows[1:],
    "replace all": replace_all,
    "replace all but one": lambda rows: [rows[0], *replace_all(rows)[1:]],
    "reverse two fifths": reverse_part,
}


def make_rows(count: int, after: int = 0) -> Rows:
    return [(row, f"Title {row}") for row in range(after + 1, after + 1 + count)]


class Bench:
    """What is served: ``/?contender=ours&count=5000&case=replace+all``. A page that is opened begins anew."""

    def __init__(self) -> None:
        self.app = Flask(__name__)
        self.app.config["SECRET_KEY"] = "of the bench"
        self.contender, self.case, self.step = FULL, "", 0
        self.rows: Rows = []
        actions = ServerActions(self.app)
        actions.register(self.go)
        actions.register(rename)
        self.app.add_url_rule("/", "page", self.page)
        self.app.add_url_rule("/go", "change", self.change, methods=["POST"])
        self.app.add_url_rule("/npm/<path:path>", "npm", lambda path: send_from_directory(NODE_MODULES, path))

    def begin(self, contender: str, case: str, count: int) -> None:
        self.contender, self.case, self.step, self.rows = contender, case, 0, make_rows(count)

    def advance(self) -> None:
        self.step += 1
        self.rows = CASES[self.case](self.rows)

    def go(self) -> None:
        self.advance()
        revalidate_path("/")

    def change(self) -> Response | str:
        self.advance()
        return self.page() if "HX-Request" in request.headers else redirect("/", 303)

    def page(self) -> str:
        template = PAGE.replace("HEAD", HEADS[self.contender]).replace("BUTTON", BUTTONS[self.contender])
        return render_template_string(template, rows=self.rows, step=self.step)


def rename(row: Bound[int], text: str) -> None:
    """Stand in the rows' forms."""
