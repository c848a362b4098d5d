"""What forms of every kind render, byte for byte: pages, headers and answers, against the files in ``rendered/``.

``python -m tests.pages.test_rendered_bytes`` writes these anew, where a change of them is meant.
"""

from __future__ import annotations

import enum
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pytest
from flask import Flask, flash, render_template, session
from flask.testing import FlaskClient
from marshmallow.validate import Length, Range
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, Bound, ServerActions, revalidate_path
from flask_serveractions.security.visitors import identity_digest, session_digest
from tests.callers import BROWSER, INSTANCE, WITH_PAGE, form_in, submit

RENDERED = Path(__file__).with_name("rendered")

NAMES = ("buttons", "fields", "regions", "lazy", "invalid", "failed", "succeeded", "with_page", "problem")

#: what no two requests have in common, by what stands before it; quotes are escaped in JSON
CHANGING = (
    (r'name=\\?"csrf_token\\?" value=\\?"', r"[\w.-]+"),
    (r'data-token=\\?"', r"[\w.-]+"),
    (r'name=\\?"idempotency_key\\?" value=\\?"', r"[\w-]+"),
    (r"(?:client\.js|transitions\.css)\?v=", r"\w+"),
    (r"Serveractions-Rendered: ", r"[\d.]+"),
    (r"Set-Cookie: session=", r"[\w.-]+"),
    (r"Content-Length: ", r"\d+"),  # a token's length is not always the same
)


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


def delete(todo_id: Bound[int]) -> None:
    revalidate_path("/")


def move(
    place: Bound[str],
    count: Bound[int] = 1,
    far: Bound[bool] = False,
    ratio: Bound[float] = 0.5,
    price: Bound[Decimal | None] = None,
    day: Bound[date | None] = None,
    size: Bound[Size | None] = None,
    many: Bound[list[int] | None] = None,
) -> None: ...


def edit(todo_id: Bound[int], text: Annotated[str, Length(1, 200)], amount: Annotated[int, Range(0, 9)] = 3) -> None:
    if text == "bad":
        raise ActionError("Not <that>.", field="text")
    flash("Saved.")


def pay(amount: int) -> None: ...


RECORD = {"text": "a \"b\" <c> & 'd'", "amount": 7, "price": Decimal("1.50"), "due": date(2026, 5, 1)}

TEMPLATES = {
    "buttons": """{% for number in (1, 2, -3, 10 ** 20) %}
{% call action_form("delete", todo_id=number) %}<button>Delete</button>{% endcall %}{% endfor %}
{% call action_form("delete", todo_id=1) %}<button>Again</button>{% endcall %}
{% call action_form("delete", todo_id=1, attrs={"class": "a b", "data-x": '"<'}) %}{% endcall %}
{% call action_form("todos.pay") %}{{ "<" }}{% endcall %}
{% call action_form("move", place='ä "q" \\\\ <\u2028>') %}{% endcall %}
{% call action_form("move", place="", count=0, far=true, ratio=1.0, price=record.price, day=record.due) %}{% endcall %}
{% call action_form("move", place="\\n", size=large, many=[1, 2], price=none) %}{% endcall %}
<button formaction="{{ action_url('delete', todo_id=7) }}">x</button>{{ action_fields("delete", todo_id=7) }}""",
    "fields": """{% call(form) action_form("edit", todo_id=1) %}<input {{ form.attrs("text") }}>
{{ form.error("text") }}<input {{ form.attrs("text", class_="x", value="y") }}>{{ form.message }}{% endcall %}
{% call(form) action_form("edit", todo_id=2, values=record) %}<input {{ form.attrs("text") }}>
<input {{ form.attrs("amount") }}>{{ form.error("amount") }}{% endcall %}
{% call(form) action_form("edit", todo_id=2) %}<textarea {{ form.attrs("text", value="<n>") }}></textarea>
{{ form.label("amount") }}{% endcall %}
{% set form = action_state("edit", todo_id=3) %}<input {{ form.attrs("amount") }}>""",
    "regions": """{% call region("one", tag="ul") %}{% call action_form("delete", todo_id=1) %}{% endcall %}
{% call action_form("delete", todo_id=1) %}{% endcall %}{% endcall %}
{% call region("two") %}{% call(form) action_form("edit", todo_id=1) %}<input {{ form.attrs("text") }}>{% endcall %}
{% endcall %}{% call region("three", lazy=true) %}{% call action_form("todos.pay") %}{% endcall %}{% endcall %}
{{ serveractions_script("todos.pay", nonce="n", prefetch=true, transitions=true) }}""",
}
PAGES = {
    "buttons": "/buttons",
    "fields": "/fields?a=1&b=%C3%A4",
    "regions": "/regions",
    "lazy": "/regions?_regions=three",
}


def made_app() -> Flask:
    app = Flask(__name__, instance_path=INSTANCE.name)
    app.secret_key = "fixed"
    actions = ServerActions(app)
    for function in (delete, move, edit):
        actions.register(function)
    actions.register(pay, name="todos.pay", once=True)
    actions.auth_hook(lambda operation: session.get("user"))

    @app.get("/<name>")
    def page(name: str) -> str:
        return render_template(app.jinja_env.from_string(TEMPLATES[name]), record=RECORD, large=Size.LARGE)

    return app


def client_of_ada(instance_path: Path) -> FlaskClient:
    """Return the client of a visitor whose session is the same at every run."""
    app = made_app()
    app.instance_path = str(instance_path)
    client = app.test_client()
    with client.session_transaction() as known:
        known["user"] = "ada"
        seen = session_digest(known)
        known["_serveractions"] = {"key": "a-visitor", "who": identity_digest("ada"), "seen": seen}
        known["csrf_token"] = "raw"
    return client


def as_text(answer: TestResponse) -> str:
    head = "".join(sorted(f"{name}: {value}\n" for name, value in answer.headers))
    text = f"{answer.status}\n{head}\n{answer.text}"
    for before, changing in CHANGING:
        text = re.sub(f"({before}){changing}", r"\1...", text)
    return text


def answers_to(client: FlaskClient) -> dict[str, str]:
    """Return every answer by its name."""
    answers = {name: client.get(page, headers=BROWSER) for name, page in PAGES.items()}
    form = form_in(answers["fields"], "edit")
    answers["invalid"] = submit(client, form, text="", amount="99")
    answers["failed"] = submit(client, form, text="bad")
    answers["problem"] = submit(client, form, WITH_PAGE, text="bad")
    answers["succeeded"] = submit(client, form, text="good")
    answers["with_page"] = submit(client, form, WITH_PAGE, text="good")
    return {name: as_text(answer) for name, answer in answers.items()}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return answers_to(client_of_ada(tmp_path_factory.mktemp("instance")))


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_is_byte_for_byte_what_it_was(name: str, answers: dict[str, str]) -> None:
    assert answers[name].encode() == (RENDERED / f"{name}.txt").read_bytes()


def write_all() -> None:
    with TemporaryDirectory() as folder:
        for name, text in answers_to(client_of_ada(Path(folder))).items():
            (RENDERED / f"{name}.txt").write_bytes(text.encode())


if __name__ == "__main__":
    write_all()
