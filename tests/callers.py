"""Who calls in the tests: a browser without JavaScript, the JavaScript client, and the pages that they see."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask, render_template_string
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient

ACCEPT_HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
HERE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
BROWSER = {"Accept": ACCEPT_HTML, **HERE}
SCRIPT = {"Accept": "application/json", **HERE}
WITH_PAGE = {**SCRIPT, "Prefer": "return=representation"}

INSTANCE = TemporaryDirectory()  # where the store's file goes
VOID = {"input", "meta", "link", "br", "hr", "img"}


@dataclass
class Form:
    """A form as a browser sees it."""

    attributes: dict[str, str]
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    message: str = ""
    text: str = ""

    @property
    def action(self) -> str:
        return self.attributes["data-serveraction"]

    @property
    def url(self) -> str:
        return self.attributes["action"]

    @property
    def id(self) -> str:
        """Return name and signed ID of the action: ``create_todo/e30.…``."""
        return "/".join(self.url.partition("_action=")[2].split("/")[:2])

    def on(self, page: str, id: str | None = None) -> str:
        """Return the URL that calls the action, or another ID, from another page of the app."""
        return f"{page}{'&' if '?' in page else '?'}_action={id or self.id}"

    @property
    def values(self) -> dict[str, str]:
        """Return what a browser sends when nobody types anything: a box that is not ticked is left out."""
        boxes = ("checkbox", "radio")
        return {
            name: each.get("value", "")
            for name, each in self.inputs.items()
            if each.get("type") not in boxes or "checked" in each
            if each.get("type") != "file"
        }

    @property
    def direct(self) -> str:
        """Return the URL that calls the action without a page."""
        return f"/_actions/{self.id}"

    @property
    def token(self) -> str:
        return self.inputs["csrf_token"]["value"]


class Forms(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.open: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes))
        elif self.forms and "name" in attributes:
            self.forms[-1].inputs[attributes["name"]] = attributes
        if self.forms and "data-error" in attributes:
            self.forms[-1].errors[attributes["data-error"]] = ""
        if tag not in VOID:
            self.open.append((tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(tag == "form" for tag, _ in self.open):
            return
        self.forms[-1].text += data
        inside = self.open[-1][1]
        if "data-error" in inside:
            self.forms[-1].errors[inside["data-error"]] += data
        if "data-message" in inside:
            self.forms[-1].message += data


def client_of(app: Flask) -> ActionsClient:
    """Return a new visitor of an app."""
    return ActionsClient(app, app.response_class, use_cookies=True)


def forms_in(page: TestResponse | str) -> list[Form]:
    return Forms(page if isinstance(page, str) else page.get_data(as_text=True)).forms


def form_in(page: TestResponse | str, action: str | None = None) -> Form:
    """Return the first form of a page, or the first one of an action."""
    return next(form for form in forms_in(page) if action is None or form.action == action)


def open_form(client: FlaskClient, action: str | None = None, page: str = "/") -> Form:
    """Load a page as a browser does, and return a form of it."""
    response = client.get(page, headers={"Accept": ACCEPT_HTML})
    assert response.status_code == 200, response.get_data(as_text=True)
    return form_in(response, action)


def wrongly_signed(url: str) -> str:
    """Return a form's URL, or an ID, with another signature: of each ID one spelling is right."""
    return f"{url[:-2]}{'A' if url[-2] != 'A' else 'B'}{url[-1]}"


def submit(client: FlaskClient, form: Form, headers: Mapping[str, str] = BROWSER, **fields: Any) -> TestResponse:
    """Send a form as it was rendered, with some fields filled in; a field that is None is not sent."""
    values = {name: value for name, value in {**form.values, **fields}.items() if value is not None}
    kind = form.attributes.get("enctype", "application/x-www-form-urlencoded")
    return client.post(form.url, data=values, headers=dict(headers), content_type=kind)


def post_json(
    client: FlaskClient, form: Form, headers: Mapping[str, str] = SCRIPT, json: Any = None, **fields: Any
) -> TestResponse:
    """Call a form's action as a script does: JSON, and the token in a header."""
    with_token = {"X-CSRFToken": form.token, **headers}
    return client.post(form.url, json=fields if json is None else json, headers=with_token)


ONE_FORM = """<!doctype html><title>Page</title><main>
{% for category, text in get_flashed_messages(with_categories=true) %}<p class="flash">{{ category }}: {{ text }}</p>
{% endfor %}{% for name in names %}{% call(form) action_form(name) %}
{{ form.fields() }}<button>Send</button>
{% endcall %}{% endfor %}</main>"""


def app_with(*functions: Callable[..., Any], page: str = ONE_FORM, **config: Any) -> Flask:
    """Return an app with actions, and a page that has their forms at ``/`` and at ``/todos``."""
    app = Flask(__name__, instance_path=INSTANCE.name)
    app.config.update({"SECRET_KEY": "of the tests", **config})
    actions = ServerActions(app)
    for function in functions:
        actions.register(function)
    names = [function.__name__ for function in functions]

    @app.get("/", endpoint="index")
    @app.get("/todos")
    def todos() -> str:
        return render_template_string(page, names=names)

    return app


def extension_of(app: Flask) -> ServerActions:
    extension: ServerActions = app.extensions["serveractions"]
    return extension


def flashes_in(page: TestResponse) -> list[str]:
    return re.findall(r'<p class="flash">(.*?)</p>', page.get_data(as_text=True))
