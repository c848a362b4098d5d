"""What a page costs that holds forms, and an action that answers with the fresh page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from flask import Flask, render_template, request, session
from flask_wtf import CSRFProtect, FlaskForm
from marshmallow.validate import Length
from werkzeug.test import Client
from wtforms import StringField
from wtforms.validators import InputRequired
from wtforms.validators import Length as LengthOfField

from flask_serveractions import Bound, ServerActions, revalidate_path

from .calls import Call, Sends, browser_headers, call, form_call
from .cases import FLASK_FORM, OURS, Case
from .todos import INSTANCE

PLAIN, WITHOUT, APART = "plain forms with a token", "the page without", "action and page apart"
ROWS = tuple(range(100))

TOKEN = '<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">'
PLAIN_ROW = f'<form method="post" action="/delete/{{{{ row }}}}">{TOKEN}<button>Delete</button></form>'
OUR_ROW = '{% call action_form("delete", todo_id=row) %}<button>Delete</button>{% endcall %}'
WTF_ROW = """<form method="post" action="/rename/{{ row }}">{{ forms[row].hidden_tag() }}{{ forms[row].text() }}
{% for error in forms[row].text.errors %}<p>{{ error }}</p>{% endfor %}<button>Save</button></form>"""
OUR_FIELD = """{% call(form) action_form("rename", todo_id=row) %}<input {{ form.attrs("text") }}>
{{ form.error("text") }}<button>Save</button>{% endcall %}"""
LIST = "<!doctype html><title>Todos</title><ul>{% for row in rows[:20] %}<li>{{ row }}</li>{% endfor %}</ul>"
OUR_FORM = '{% call action_form("add") %}<input name="text"><button>Add</button>{% endcall %}'

Text = Annotated[str, Length(1, 200)]


class RenameForm(FlaskForm):
    text = StringField(validators=[InputRequired(), LengthOfField(1, 200)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Two calls, one after the other."""

    first: Call
    second: Call

    def send(self) -> bytes:
        return self.first.send() + self.second.send()

    def status(self) -> int:
        return max(self.first.status(), self.second.status())


def each_row(row: str) -> str:
    return f"{{% for row in rows %}}{row}{{% endfor %}}"


def page_app(template: str, *, ours: bool) -> Flask:
    """Return an app whose page ``/`` is a template, for a visitor who is known by the session."""
    app = Flask(__name__, instance_path=INSTANCE)
    app.secret_key = "bench"
    add_actions(app) if ours else CSRFProtect(app)
    compiled = app.jinja_env.from_string(template)

    @app.get("/")
    def index() -> str:
        session.setdefault("user", "ada")
        forms = [RenameForm() for _ in ROWS] if "forms[" in template else ()
        return render_template(compiled, rows=ROWS, forms=forms)

    return app


def add_actions(app: Flask) -> None:
    actions = ServerActions(app)

    @actions.auth_hook
    def authenticate(operation: object) -> str | None:
        return session.get("user")

    @actions.register
    def delete(todo_id: Bound[int]) -> None: ...

    @actions.register
    def rename(todo_id: Bound[int], text: Text) -> None: ...

    @actions.register
    def add(text: Text, amount: int, urgent: bool) -> None:
        revalidate_path(request.path)


def page_call(app: Flask) -> Call:
    """Return what a visitor sends who has been on the page before."""
    client = Client(app)
    for _ in range(2):
        client.get("/")
    cookie = client.get_cookie("session")
    assert cookie is not None, "a page with forms needs a session"
    return call(app, "GET", "/", browser_headers(f"session={cookie.value}"))


def page_case(title: str, templates: Mapping[str, str], limits: Mapping[str, float]) -> Case:
    calls: dict[str, Sends] = {name: page_call(page_app(text, ours=name == OURS)) for name, text in templates.items()}
    return Case(title=title, calls=calls, statuses=frozenset({200}), limits=limits)


def fresh_page() -> Case:
    """An action as the client sends it, answered with the page in JSON; beside a redirect, and the page after it."""
    app = page_app(LIST + OUR_FORM, ours=True)
    sent = form_call(app)
    by_script = replace(sent, environ={**sent.environ, "HTTP_ACCEPT": "application/json, text/event-stream"})
    calls: dict[str, Sends] = {APART: Both(first=sent, second=page_call(app)), OURS: by_script}
    return Case(title="action with the page in it", calls=calls, statuses=frozenset({200, 303}), limits={APART: 1.05})


def page_cases() -> list[Case]:
    return [
        page_case("100 forms, a button each", {PLAIN: each_row(PLAIN_ROW), OURS: each_row(OUR_ROW)}, {PLAIN: 2.0}),
        page_case(
            "100 forms, a field each", {FLASK_FORM: each_row(WTF_ROW), OURS: each_row(OUR_FIELD)}, {FLASK_FORM: 0.4}
        ),
        page_case("page with one form", {WITHOUT: LIST, OURS: LIST + OUR_FORM}, {WITHOUT: 1.4}),
        fresh_page(),
    ]
