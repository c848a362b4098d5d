"""Flask-Babel beside the two doors: the app's messages, ours, marshmallow's and WTForms's in the visitor's language."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, abort, flash, render_template_string, request
from flask_babel import Babel, format_date, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range
from werkzeug.test import TestResponse
from wtforms import StringField
from wtforms.validators import InputRequired

from flask_serveractions import ActionError, MethodRoute, Progress, ServerActions, public
from flask_serveractions.pages.templates import action_url
from flask_serveractions.security.origin import OPEN_TOO_LONG
from flask_serveractions.testing import ActionsClient
from tests.callers import form_in
from tests.doc_blocks import blocks_of
from tests.doc_console import commands_of, outputs_of

GERMAN = {
    # ours
    "en": "de",
    "Back to the page": "Zurück zur Seite",
    "What you sent": "Was Sie gesendet haben",
    "Unprocessable Entity": "Nicht verarbeitbar",
    "Working": "In Arbeit",
    "Look again": "Nachsehen",
    "Waiting to begin.": "Wartet.",
    "Some of what was sent is not valid.": "Manches davon ist nicht gültig.",
    OPEN_TOO_LONG: "Das Formular ist abgelaufen. Bitte noch einmal senden.",
    "There is nothing here.": "Hier ist nichts.",
    "{method} is not allowed here. Allowed: {allow}.": "{method} geht hier nicht. Es geht: {allow}.",
    "Sign in to do this.": "Melden Sie sich dafür an.",
    "The job was cancelled.": "Der Auftrag wurde abgebrochen.",
    "Please fill in this field.": "Pflichtfeld.",
    "At least {min} characters.": "Mindestens {min} Zeichen.",
    "Must be at least {min}.": "Mindestens {min}.",
    "Not a valid integer.": "Keine ganze Zahl.",
    "Unknown field.": "Unbekanntes Feld.",
    # the app's
    "You already have that one.": "Das haben Sie schon.",
    "Added %(text)s.": "%(text)s ist dabei.",
    "Counting": "Zählt",
    "Too much.": "Zu viel.",
    "Give a text.": "Geben Sie einen Text.",
    "Your colour": "Ihre Farbe",
    "As you like.": "Wie Sie wollen.",
    "Red": "Rot",
}
PAGE = """<!doctype html><html lang="{{ language }}">
{% for text in get_flashed_messages() %}<p class="flash">{{ text }}</p>{% endfor %}
{% call(form) action_form("add") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}
<input {{ form.attrs("count") }}>{{ form.error("count") }}{% endcall %}</html>"""


class NoteForm(FlaskForm):
    note = StringField(validators=[InputRequired()])


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    folder = tmp_path / "translations" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="de")
    for english, german in GERMAN.items():
        catalog.add(english, german)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests", BABEL_TRANSLATION_DIRECTORIES=str(tmp_path / "translations"))
    app.test_client_class = ActionsClient
    actions = ServerActions(app)
    Babel(app, locale_selector=language)  # after the extension: no order is asked for
    app.add_url_rule("/", "index", lambda: render_template_string(PAGE, language=language()))
    register_actions(actions)
    register_others(actions)
    return app


def language() -> str | None:
    return request.accept_languages.best_match(["en", "de"])


def register_actions(actions: ServerActions) -> None:
    @actions.register
    def add(text: Annotated[str, Length(min=3)], count: Annotated[int, Range(min=1)] = 1) -> dict[str, Any]:
        if text == "milk":
            raise ActionError(lazy_gettext("You already have that one."), field="text")
        flash(lazy_gettext("Added %(text)s.", text=text))
        return {"day": date(2026, 1, 31)}

    @actions.register
    def choose(
        text: Annotated[str, fields.String(required=True, error_messages={"required": lazy_gettext("Give a text.")})],
        short: Annotated[str, Length(max=3, error=lazy_gettext("Too much."))] = "",
    ) -> None: ...

    @actions.register
    def paint(
        colour: Annotated[
            str,
            fields.String(metadata={"label": lazy_gettext("Your colour"), "description": lazy_gettext("As you like.")}),
            OneOf(["#f00"], labels=[lazy_gettext("Red")]),
        ],
    ) -> None: ...

    @actions.register
    def note(form: NoteForm) -> None: ...

    @actions.register
    def count() -> Iterator[Progress]:
        yield Progress(1, 2, lazy_gettext("Counting"))

    @actions.register(background=True)
    def count_later(locale: str) -> Iterator[Progress]:
        yield Progress(1, 2, "Counting")
        raise ActionError("Too much.")

    @actions.register(background=True)
    def count_lazily(most: int) -> Generator[Progress, None, dict[str, Any]]:
        yield Progress(1, 2, lazy_gettext("Counting"))
        if most < 0:
            raise ActionError(lazy_gettext("Too much."))
        return {"lazy": lazy_gettext("Too much."), "day": format_date(date(2026, 1, 31))}


def register_others(actions: ServerActions) -> None:
    @actions.route("/api/things/<int:number>")
    @public
    class Things(MethodRoute):
        def get(self, number: int) -> dict[str, str]:
            if number == 0:
                abort(404, lazy_gettext("Too much."))
            return {"day": format_date(date(2026, 1, 31))}


@pytest.fixture
def client(app: Flask) -> ActionsClient:
    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    return client


def problem_of(answer: TestResponse) -> Mapping[str, Any]:
    assert answer.mimetype == "application/problem+json"
    found: Mapping[str, Any] = json.loads(answer.text)
    return found


def submit(client: ActionsClient, **fields: str) -> TestResponse:
    return client.submit(client.get("/", headers={"Accept": "text/html"}), "add", **fields)


# The app's own


def test_a_lazy_failure_is_told_in_the_visitors_language(client: ActionsClient) -> None:
    failure = problem_of(client.call_action("add", text="milk"))
    assert failure["detail"] == "Das haben Sie schon."
    assert failure["errors"] == {"text": ["Das haben Sie schon."]}
    assert "Das haben Sie schon." in submit(client, text="milk").text


def test_each_visitor_hears_their_own_language(app: Flask, client: ActionsClient) -> None:
    english: ActionsClient = app.test_client()  # type: ignore[assignment]
    for _ in range(2):
        assert problem_of(english.call_action("add", text="milk"))["detail"] == "You already have that one."
        assert problem_of(client.call_action("add", text="milk"))["detail"] == "Das haben Sie schon."


def test_a_lazy_flash_is_told_to_scripts_and_on_pages(client: ActionsClient) -> None:
    answer = client.call_action("add", text="eggs")
    assert answer.json is not None
    assert answer.json["messages"] == [{"category": "message", "message": "eggs ist dabei."}]
    assert submit(client, text="bread").status_code == 303
    assert '<p class="flash">bread ist dabei.</p>' in client.get("/").text


def test_lazy_messages_of_fields_and_validators_are_told_whole(client: ActionsClient) -> None:
    assert problem_of(client.call_action("choose", short="long"))["errors"] == {
        "text": ["Geben Sie einen Text."],
        "short": ["Zu viel."],
    }


def test_a_lazy_description_of_an_abort_is_told(client: ActionsClient) -> None:
    assert problem_of(client.get("/api/things/0", headers={"Accept": "application/json"}))["detail"] == "Zu viel."


def test_lazy_progress_is_told_in_the_stream(client: ActionsClient) -> None:
    with client.page_request():
        url, token = action_url("count"), generate_csrf()
    events = client.post(url, json={}, headers={"X-CSRFToken": token, "Accept": "text/event-stream"}).text
    assert json.loads(re.findall(r"event: progress\ndata: (.*)", events)[0])["message"] == "Zählt"


# Ours, marshmallow's, and WTForms's


def test_marshmallows_messages_are_told_in_the_visitors_language(client: ActionsClient) -> None:
    failure = problem_of(client.call_action("add", text="a", count=0))
    assert failure["detail"] == "Manches davon ist nicht gültig."
    assert failure["errors"] == {"text": ["Mindestens 3 Zeichen."], "count": ["Mindestens 1."]}
    failure = problem_of(client.call_action("add", count="x", other=1))
    assert failure["errors"] == {
        "text": ["Pflichtfeld."],
        "count": ["Keine ganze Zahl."],
        "other": ["Unbekanntes Feld."],
    }


def test_the_page_that_is_rendered_again_has_them_too(client: ActionsClient) -> None:
    assert form_in(submit(client, text="a", count="x")).errors == {
        "text": "Mindestens 3 Zeichen.",
        "count": "Keine ganze Zahl.",
    }


def test_wtforms_speaks_by_its_own_translations(client: ActionsClient) -> None:
    assert problem_of(client.call_action("note"))["errors"] == {"note": ["Dieses Feld wird benötigt."]}


def test_a_stale_form_is_told_in_the_visitors_language(client: ActionsClient) -> None:
    stale = submit(client, csrf_token="void", text="eggs")
    assert (stale.status_code, form_in(stale).message) == (
        400,
        GERMAN[OPEN_TOO_LONG],
    )


def test_the_built_in_page_is_in_the_visitors_language_and_says_which(client: ActionsClient) -> None:
    form = form_in(client.get("/", headers={"Accept": "text/html"}))
    answer = client.post(form.on("/gone"), data={**form.values, "text": "a"}, headers={"Accept": "text/html"}).text
    assert '<html lang="de">' in answer
    for text in ("Nicht verarbeitbar", "Zurück zur Seite", "Was Sie gesendet haben", "text: Mindestens 3 Zeichen."):
        assert text in answer


def test_a_method_that_is_not_there_is_told_with_its_variables(client: ActionsClient) -> None:
    refused = problem_of(client.put("/api/things/1", headers={"Accept": "application/json"}))
    assert refused["detail"] == "PUT geht hier nicht. Es geht: GET, HEAD, OPTIONS."


def test_what_the_app_does_not_translate_is_in_our_catalogue(client: ActionsClient) -> None:
    answer = client.post("/_actions/add/wrong", headers={"Accept": "application/json"})
    assert problem_of(answer)["detail"].startswith("Diese Aktion gibt es nicht")


def test_the_apps_own_texts_are_translated_by_the_app_alone(app: Flask, client: ActionsClient) -> None:
    ordered = client.call_action("count_later", locale="de")
    assert ordered.json is not None
    ended = client.get(ordered.json["job"]["url"], headers={"Accept": "text/event-stream"}).text
    assert '"detail": "Too much."' in ended.replace('":"', '": "')


def ended_job(client: ActionsClient, **arguments: Any) -> Any:
    """Order a job as a German, and return its end as it is told to an English visitor."""
    ordered = client.call_action("count_lazily", **arguments)
    assert ordered.json is not None
    url, english = ordered.json["job"]["url"], {"Accept-Language": "en"}
    assert client.get(url, headers={"Accept": "text/event-stream", **english}).text
    return client.get(url, headers={"Accept": "application/json", **english}).json


def test_a_job_speaks_the_language_of_who_ordered_it(client: ActionsClient) -> None:
    job = ended_job(client, most=1)
    assert job["message"] == "Zählt"
    assert job["data"] == {"lazy": "Zu viel.", "day": "31.01.2026"}
    assert ended_job(client, most=-1)["error"]["detail"] == "Zu viel."


def test_the_page_of_a_job_is_in_the_language_of_who_ordered_it(client: ActionsClient) -> None:
    with client.page_request():
        url, token = action_url("count_later"), generate_csrf()
    headers = {"Accept": "text/html"}
    waiting = client.post(url, data={"_action": "", "locale": "de", "csrf_token": token}, headers=headers)
    assert '<html lang="de">' in waiting.text
    assert "<h1>In Arbeit</h1>" in waiting.text
    assert "Nachsehen" in waiting.text
    assert client.get(waiting.location, headers={"Accept": "text/event-stream"}).text
    failed = client.get(waiting.location, headers={**headers, "Accept-Language": "en"}).text
    assert "<h1>Nicht verarbeitbar</h1>" in failed


def test_dates_in_json_have_no_language(client: ActionsClient) -> None:
    answer = client.call_action("add", text="eggs")
    assert answer.json is not None
    assert answer.json["data"] == {"day": "Sat, 31 Jan 2026 00:00:00 GMT"}
    assert client.get("/api/things/1").json == {"day": "31.01.2026"}


# Another gettext


def client_of(**config: Any) -> tuple[Flask, ActionsClient]:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="of the tests", **config)
    app.test_client_class = ActionsClient

    @ServerActions(app).register
    def add_one(count: int) -> None: ...

    return app, app.test_client()  # type: ignore[return-value]  # the class that is set above


def test_our_texts_can_be_translated_by_any_function() -> None:
    _, client = client_of(SERVERACTIONS_GETTEXT=lambda text: text.replace("a valid integer", "a whole number"))
    assert problem_of(client.call_action("add_one", count="x"))["errors"] == {"count": ["Not a whole number."]}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Please fill in this field."),
        ("de_AT", "Bitte füllen Sie dieses Feld aus."),
        ("pt_BR", "Preencha este campo."),
        ("zh_Hans_CN", "请填写此字段。"),
        ("fi", "Please fill in this field."),
    ],
)
def test_an_app_without_a_catalogue_has_ours(language: str, expected: str) -> None:
    app, client = client_of()
    Babel(app, locale_selector=lambda: language)
    assert problem_of(client.call_action("add_one"))["errors"] == {"count": [expected]}


def test_what_programs_read_is_english_without_the_apps_translation(client: ActionsClient) -> None:
    with client.page_request():
        url, token = action_url("add"), generate_csrf()
    answer = client.post(url, data="x", headers={"X-CSRFToken": token, "Content-Type": "image/png"})
    assert problem_of(answer)["detail"] == "Send a form or JSON."


def test_str_leaves_our_texts_as_they_are(app: Flask) -> None:
    english, client = client_of(
        SERVERACTIONS_GETTEXT=str, BABEL_TRANSLATION_DIRECTORIES=app.config["BABEL_TRANSLATION_DIRECTORIES"]
    )
    Babel(english, locale_selector=lambda: "de")
    assert problem_of(client.call_action("add_one"))["errors"] == {"count": ["Please fill in this field."]}


LABELLED = """{% call(form) action_form("paint") %}{{ form.fields() }}{% endcall %}"""


def test_labels_hints_and_options_are_in_the_language_of_each_visitor(app: Flask) -> None:
    app.add_url_rule("/paint", "paint", lambda: render_template_string(LABELLED))
    client = app.test_client()
    english, german = (client.get("/paint", headers={"Accept-Language": each}).text for each in ("en", "de"))
    assert [text in english for text in (">Your colour<", ">As you like.<", ">Red<")] == [True, True, True]
    assert [text in german for text in (">Ihre Farbe<", ">Wie Sie wollen.<", ">Rot<")] == [True, True, True]


CHAPTER = Path(__file__).parents[2] / "docs" / "neighbours" / "flask-babel.rst"


def test_the_commands_of_the_page_find_the_apps_texts_lazy_ones_too_and_ours(tmp_path: Path) -> None:
    blocks = blocks_of(CHAPTER)
    program = next(block.code for block in blocks if block.language == "python")
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    outputs_of(commands_of(blocks), tmp_path, "")
    with (tmp_path / "translations/de/LC_MESSAGES/messages.po").open("rb") as file:
        found = read_po(file)
    assert {"You already have that one.", "At least {min} characters.", "Please fill in this field."} <= {
        message.id for message in found
    }
    assert (tmp_path / "translations/de/LC_MESSAGES/messages.mo").exists()
