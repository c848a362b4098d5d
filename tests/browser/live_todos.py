"""A live list of to-dos, at ``/todos`` of the stage."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from flask_serveractions import revalidate_tag
from tests.browser.stage import Stage

LIVE = """<main>{% call region("todos", tag="ul", live=("todos",)) %}
{% for item in items %}<li>{{ item }}</li>{% endfor %}{% endcall %}
{% call(form) action_form("add") %}<input {{ form.attrs("text") }}><button>Add</button>{% endcall %}</main>"""


def set_todos(stage: Stage) -> list[str]:
    """Serve the page, and return what is on its list."""
    items: list[str] = []

    @stage.actions.register
    def add(text: str) -> None:
        items.append(text)
        revalidate_tag("todos")

    stage.page("/todos", LIVE, items=lambda: items)
    return items


def rows(page: Page) -> Locator:
    return page.locator("[data-region=todos] li")
