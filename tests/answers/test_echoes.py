"""What comes back of what was sent: secrets never, everything else escaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from flask import Flask, render_template_string
from flask_wtf import FlaskForm
from marshmallow import Schema, fields
from marshmallow.validate import Length
from wtforms import FormField, PasswordField, StringField

from flask_serveractions import ActionError
from tests.callers import BROWSER, ONE_FORM, WITH_PAGE, app_with, form_in, open_form, submit


class Account(Schema):
    name = fields.String(validate=Length(max=3))
    pin = fields.String(load_only=True)
    code = fields.String(metadata={"type": "password"})


@dataclass
class Inner:
    note: str
    api_token: str


class Login(FlaskForm):
    user = StringField()
    word = PasswordField()


class Outer(FlaskForm):
    name = StringField()
    login = FormField(Login)


def sign_up(account: Annotated[dict[str, Any], Account()]) -> None:
    raise ActionError("No.")


def flat(
    text: str,
    user_password: str,
    PASSWD: str,
    secret_word: str,
    access_token: str,
    pin: Annotated[str, fields.String(load_only=True)],
) -> None:
    raise ActionError("No.")


def nested(inner: Inner) -> None:
    raise ActionError("No.")


def form_class(form: Outer) -> None:
    raise ActionError("No.")


FIELDS = """{% call(form) action_form(action) %}{{ form.values }}
{% for each in fields %}<input {{ form.attrs(each) }}>{% endfor %}{% endcall %}"""

SECRETS = [
    (sign_up, {"name": "shown"}, ["pin", "code"]),
    (flat, {"text": "shown"}, ["user_password", "PASSWD", "secret_word", "access_token", "pin"]),
    (nested, {"inner.note": "shown"}, ["inner.api_token"]),
    (form_class, {"name": "shown"}, ["login-word"]),
]


def forgetful_page(app: Flask, action: str, names: list[str], has_form: bool) -> str:
    """Add a page and return its path; it has the form always, or only when it is loaded for the first time."""
    loaded: list[bool] = []

    @app.get("/page")
    def page() -> str:
        loaded.append(True)
        if len(loaded) > 1 and not has_form:
            return "<p>No form</p>"
        return render_template_string(FIELDS, action=action, fields=names)

    return "/page"


@pytest.mark.parametrize("has_form", [True, False], ids=["its form", "the built-in page"])
@pytest.mark.parametrize("headers", [BROWSER, WITH_PAGE], ids=["browser", "json"])
@pytest.mark.parametrize("stale", [False, True], ids=["failed", "stale"])
@pytest.mark.parametrize(("function", "shown", "secret"), SECRETS, ids=["schema", "flat", "nested", "form class"])
def test_a_secret_is_never_echoed(
    function: Any, shown: dict[str, str], secret: list[str], stale: bool, headers: Any, has_form: bool
) -> None:
    app = app_with(function)
    page = forgetful_page(app, function.__name__, [*shown, *secret], has_form)
    client = app.test_client()
    form = open_form(client, page=page)
    typed = {
        **form.values,
        **shown,
        **dict.fromkeys(secret, "s3cret"),
        "csrf_token": "old t0ken" if stale else form.token,
    }
    answer = client.post(form.url, data=typed, headers=headers)
    assert answer.status_code == (400 if stale else 422)
    assert "s3cret" not in answer.text
    assert "t0ken" not in answer.text
    assert ("shown" in answer.text) is (headers is BROWSER or (has_form and not stale))


Pin = Annotated[str, fields.String(load_only=True)]


class Several(Schema):
    name = fields.String(validate=Length(max=3))
    pins = fields.List(fields.String(load_only=True))
    pair = fields.Tuple((fields.String(), fields.String(metadata={"type": "password"})))
    plucked = fields.Pluck(Account, "pin")
    many_plucked = fields.Pluck(Account, "pin", many=True)


def several(account: Annotated[dict[str, Any], Several()]) -> None:
    raise ActionError("No.")


def several_pins(name: Annotated[str, Length(max=3)], pins: list[Pin], tokens: list[str]) -> None:
    raise ActionError("No.")


@pytest.mark.parametrize(
    ("function", "names"),
    [(several, ["pins", "pair", "plucked", "many_plucked"]), (several_pins, ["pins", "tokens"])],
)
def test_a_list_of_secrets_is_one(function: Any, names: list[str]) -> None:
    values = "".join(f"{{{{ form.value({name!r}) }}}}" for name in names)
    app = app_with(function, page=ONE_FORM.replace("{{ form.fields() }}", f"{{{{ form.fields() }}}}{values}"))
    client = app.test_client()
    form = open_form(client)
    typed = {**form.values, "name": "too long", **{name: ["s3cret", "s3cret"] for name in names}}
    answer = client.post(form.url, data=typed, headers=BROWSER)
    assert answer.status_code == 422
    assert "too long" in answer.text
    assert "s3cret" not in answer.text


BARE = '{% for name in names %}{% call action_form(name) %}<input name="text">{% endcall %}{% endfor %}'


def test_tokens_and_keys_are_no_values_of_a_form() -> None:
    app = app_with(echo, page=ONE_FORM + "{{ values }}", WTF_CSRF_FIELD_NAME="proof")
    app.add_url_rule("/page", "page", lambda: render_template_string(FIELDS, action="echo", fields=["text"]))
    client = app.test_client()
    form = open_form(client, page="/page")
    answer = submit(client, form, text="typed", idempotency_key="k3y")
    assert answer.status_code == 422
    assert "{'text': 'typed'}" in form_in(answer).text


HOSTILE = "\"'><script>alert(1)</script><b x=&amp;"


def echo(text: str) -> None:
    raise ActionError(f"Not {text}", field="text", result=text)


def echo_whole(text: str) -> None:
    raise ActionError(f"Not {text}", result=text)


@pytest.mark.parametrize("headers", [BROWSER, WITH_PAGE], ids=["browser", "json"])
@pytest.mark.parametrize("function", [echo, echo_whole])
@pytest.mark.parametrize(
    "page",
    [ONE_FORM, ONE_FORM.replace("(form)", "").replace("{{ form.fields() }}", "<input name=text>")],
)
def test_hostile_values_messages_and_names_are_escaped(page: str, function: Any, headers: Any) -> None:
    client = app_with(function, page=page + "{{ request.args }}").test_client()
    form = open_form(client)
    data = {**form.values, "text": HOSTILE, HOSTILE: HOSTILE}
    answer = client.post(form.url, data=data, headers=headers)
    shown = answer.json["page"] if answer.is_json else answer.text
    assert "<script>alert" not in shown
    again = form_in(shown)
    assert HOSTILE in again.text
    if "attrs" in page:
        assert again.inputs["text"]["value"] == HOSTILE


def test_hostile_errors_of_fields_without_a_place_are_escaped() -> None:
    def misplaced(text: str) -> None:
        raise ActionError(HOSTILE, field=HOSTILE)

    client = app_with(misplaced).test_client()
    answer = submit(client, open_form(client), text="x")
    assert "<script>alert" not in answer.text
    assert HOSTILE in form_in(answer).message
