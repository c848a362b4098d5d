"""``form.wtf``: a FlaskForm with what was sent and its errors, and factories that set choices per request."""

from __future__ import annotations

import datetime as dt
import io
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, Any

import pytest
from flask import Flask, render_template_string
from flask_bootstrap import Bootstrap5
from flask_wtf import FlaskForm
from flask_wtf.file import FileAllowed, FileField, MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length

from flask_serveractions import Bound, ServerActions
from flask_serveractions.schemas.flask_forms import MAKE_CHOICE
from flask_serveractions.testing import ActionsClient
from tests.forms.form_clients import client_of_form

got: list[Any] = []
made: list[dict[str, Any]] = []


class LineForm(Form):
    text = StringField(validators=[Length(max=5)])
    done = BooleanField()


class PostForm(FlaskForm):
    title = StringField("The title", validators=[DataRequired()], description="Short, please.")
    body = TextAreaField()
    category = SelectField(coerce=int)
    tags = SelectMultipleField(choices=["a", "b"])
    kind = RadioField(choices=[MAKE_CHOICE("n", "News"), MAKE_CHOICE("o", "Opinion")], default="n")
    secret = PasswordField()
    picture = FileField(validators=[FileAllowed(["png", "jpg"])])
    papers = MultipleFileField()
    lines = FieldList(FormField(LineForm), min_entries=1)
    send = SubmitField()


def make_form(blog_id: int, **kwargs: Any) -> PostForm:
    made.append({"blog_id": blog_id, **kwargs})
    form = PostForm(**kwargs)
    form.category.choices = [MAKE_CHOICE(blog_id, f"Of {blog_id}"), MAKE_CHOICE(blog_id + 1, "Next")]
    return form


@pytest.fixture
def client() -> ActionsClient:
    got.clear()
    made.clear()
    app = Flask(__name__)
    app.secret_key = "of the tests"
    app.test_client_class = ActionsClient
    Bootstrap5(app)
    actions = ServerActions(app)

    @actions.register
    def post(form: Annotated[PostForm, make_form], blog_id: Bound[int]) -> None:
        got.append({**form.data, "blog_id": blog_id})

    assert made == []  # registering makes no form
    app.config["PAGE"] = "{{ form.fields() }}<button>Send</button>"

    @app.get("/")
    def index() -> str:
        page = '{% from "bootstrap5/form.html" import render_field %}'
        page += '{% call(form) action_form("post", blog_id=7) %}' + app.config["PAGE"] + "{% endcall %}"
        return render_template_string(page)

    client = app.test_client()
    assert isinstance(client, ActionsClient)
    return client


GOOD = {"title": "T", "body": "x\ny", "category": "8", "tags": ["a", "b"], "kind": "o", "lines-0-text": "one"}
PAGES = [
    "{{ form.fields() }}<button>Send</button>",
    "{% for field in form.wtf %}{{ render_field(field) }}{% endfor %}",
    "{% for field in form.wtf %}{{ field.label }}{{ field() }}{% endfor %}",
]


@pytest.mark.parametrize("page", PAGES, ids=["ours", "bootstrap", "by hand"])
def test_choices_that_are_set_per_request_are_there_and_count(client: ActionsClient, page: str) -> None:
    client.application.config["PAGE"] = page
    shown = client.get("/")
    assert "Of 7" in shown.text
    assert client.submit(shown, "post", **GOOD).status_code == 303
    [call] = got
    assert (call["title"], call["body"], call["category"], call["blog_id"]) == ("T", "x\ny", 8, 7)
    assert (call["tags"], call["kind"]) == (["a", "b"], "o")
    assert call["lines"] == [{"text": "one", "done": False}]


def test_a_choice_that_is_none_in_this_request_is_refused_and_still_shown(client: ActionsClient) -> None:
    answer = client.submit(client.get("/"), "post", **{**GOOD, "category": "99"})
    assert answer.status_code == 422
    assert got == []
    assert '<option value="99" selected>99</option>' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_one_form_is_made_for_a_request_and_payload(client: ActionsClient) -> None:
    client.get("/")
    assert [each["blog_id"] for each in made] == [7]


@pytest.mark.parametrize("page", PAGES[::2], ids=["ours", "by hand"])
def test_what_was_sent_and_its_errors_are_shown(client: ActionsClient, page: str) -> None:
    client.application.config["PAGE"] = page + "<p>{{ form.wtf.title.errors }} {{ form.wtf.lines[0].text.errors }}</p>"
    sent = {**GOOD, "title": "", "lines-0-text": "too long", "secret": "hidden away"}
    answer = client.submit(client.get("/"), "post", **sent)
    assert answer.status_code == 422
    assert "This field is required." in answer.text
    assert "Field cannot be longer than 5 characters." in answer.text
    assert 'value="too long"' in answer.text
    assert "x\ny" in answer.text
    assert "hidden away" not in answer.text


def test_files_come_with_their_form(client: ActionsClient) -> None:
    shown = client.get("/")
    assert 'enctype="multipart/form-data"' in shown.text
    assert 'accept=".png,.jpg"' in shown.text
    assert re.search(r"<input name=\"papers\"[^>]* multiple[ >]", shown.text)
    sent = {**GOOD, "picture": (io.BytesIO(b"1"), "a.png")}
    assert client.submit(shown, "post", **sent).status_code == 303
    assert isinstance(got[0]["picture"], FileStorage)


def test_labels_and_hints_are_the_form_s(client: ActionsClient) -> None:
    text = client.get("/").text
    assert ">The title</label>" in text
    assert ">Short, please.</small>" in text


def client_of(form: Any, page: str, **context: Any) -> ActionsClient:
    """Return a client of an app with one action, ``save``, that takes a form; ``got`` has what it was called with."""
    got.clear()

    def save(form) -> None:  # type: ignore[no-untyped-def]
        got.append(form.data)

    save.__annotations__["form"] = form
    return client_of_form(save, f"{page}<button>Send</button>", **context)


OURS = "{{ form.fields() }}"
BY_HAND = "{% for field in form.wtf %}{{ field() }}{{ field.errors }}{% endfor %}"


class NumberForm(FlaskForm):
    one = SelectField(coerce=int)
    many = SelectMultipleField(coerce=int)
    radio = RadioField(coerce=int)


def rows() -> list[Any]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        sql = "SELECT 1 AS id, 'One' AS name UNION SELECT 2, 'Two' UNION SELECT 3, 'Three'"
        return connection.execute(sql).fetchall()


CHOICES: dict[str, Callable[[], Any]] = {
    "pairs": lambda: [(1, "One"), (2, "Two"), (3, "Three")],
    "lists": lambda: [[1, "One"], [2, "Two"], [3, "Three"]],
    "rows of a database": rows,
    "numbers": lambda: [1, 2, 3],
    "WTForms' own": lambda: [MAKE_CHOICE(1, "One"), MAKE_CHOICE(2, "Two"), MAKE_CHOICE(3, "Three")],  # type: ignore[arg-type]
}


@pytest.mark.parametrize("page", [OURS, BY_HAND], ids=["ours", "by hand"])
@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
def test_numbers_are_chosen_from_what_a_factory_sets(choices: Callable[[], Any], page: str) -> None:
    def make_numbers(**kwargs: Any) -> NumberForm:
        form = NumberForm(**kwargs)
        form.one.choices = form.many.choices = form.radio.choices = choices()
        return form

    stored = {"one": 2, "many": [1, 3], "radio": 3}
    client = client_of(Annotated[NumberForm, make_numbers], page, values=stored)
    shown = client.get("/")
    assert client.submit(shown, "save").status_code == 303
    assert got == [stored]
    assert client.submit(shown, "save", one="1", many=["2"], radio="1").status_code == 303
    assert got[1] == {"one": 1, "many": [2], "radio": 1}
    assert client.submit(shown, "save", one="4").status_code == 422


def test_groups_of_choices_stay_groups() -> None:
    def make_numbers(**kwargs: Any) -> NumberForm:
        form = NumberForm(**kwargs)
        form.one.choices = {"Low": [1, 2], "High": [(9, "Nine")]}
        form.many.choices = form.radio.choices = [1]
        return form

    client = client_of(Annotated[NumberForm, make_numbers], "{{ form.wtf.one() }}{{ form.radios('radio') }}")
    shown = client.get("/")
    assert '<optgroup label="High"><option value="9">Nine</option>' in shown.text
    assert client.submit(shown, "save", one="9", radio="1").status_code == 303
    assert got[0]["one"] == 9


def test_choices_of_a_class_that_sets_them_itself_are_those_of_the_request() -> None:
    known = ["a"]

    class OwnForm(FlaskForm):
        letter = SelectField()

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.letter.choices = list(known)

    client = client_of(OwnForm, OURS)
    assert '<option value="b">' not in client.get("/").text
    known.append("b")
    shown = client.get("/")
    assert '<option value="b">' in shown.text
    assert client.submit(shown, "save", letter="b").status_code == 303


class PresetForm(FlaskForm):
    many = SelectMultipleField(choices=["a", "b"], default=["b"])
    one = SelectField(choices=["x", "y"], default="y")
    box = BooleanField(default=True)
    day = DateField(default=lambda: days[0])
    moment = DateTimeLocalField(default=dt.datetime(2026, 1, 31, 9, 30))
    number = IntegerField(default=0)
    lines = FieldList(FormField(LineForm), default=[{"text": "one", "done": True}, {"text": "two"}])


days = [dt.date(2026, 1, 1)]


@pytest.mark.parametrize("page", [OURS, BY_HAND], ids=["ours", "by hand"])
def test_a_clean_form_shows_what_its_fields_have_by_default(page: str) -> None:
    client = client_of(PresetForm, page)
    assert client.submit(client.get("/"), "save").status_code == 303
    lines = [{"text": "one", "done": True}, {"text": "two", "done": False}]
    moment = dt.datetime(2026, 1, 31, 9, 30)
    expected = {"many": ["b"], "one": "y", "box": True, "day": days[0], "moment": moment, "number": 0, "lines": lines}
    assert got == [expected]
    days[0] = dt.date(2026, 2, 2)  # as the next day comes
    client.submit(client.get("/"), "save")
    assert got[1]["day"] == dt.date(2026, 2, 2)


def test_a_box_that_is_ticked_by_default_can_be_unticked_and_stays_so() -> None:
    client = client_of(PresetForm, OURS)
    refused = client.submit(client.get("/"), "save", box=False, number="x", many=[])
    assert refused.status_code == 422
    assert client.submit(refused, "save", number="1").status_code == 303
    assert (got[0]["box"], got[0]["many"]) == (False, [])


def test_a_moment_of_wtforms_stands_in_the_browser_s_own_control() -> None:
    shown = client_of(PresetForm, "<input {{ form.attrs('moment') }}>").get("/").text
    assert 'type="datetime-local" value="2026-01-31T09:30:00"' in shown


def test_radio_buttons_of_wtforms_are_a_named_group() -> None:
    shown = client_of(NumberForm, "{{ form.field('radio', 'Which?', options=[1, 2]) }}").get("/").text
    assert 'role="radiogroup"' in shown
    assert "<legend>Which?</legend>" in shown
    assert shown.count('type="radio"') == 2


class AlbumForm(FlaskForm):
    title = StringField(validators=[DataRequired()])
    cover = FileField(validators=[FileAllowed(["png"], "Pictures, please.")])
    pages = MultipleFileField(validators=[FileAllowed(["txt"], "Texts, please.")])
    lines = FieldList(FormField(LineForm), min_entries=2)


@pytest.mark.parametrize("page", [OURS, BY_HAND], ids=["ours", "by hand"])
def test_a_refusal_with_files_and_rows_keeps_the_texts(page: str) -> None:
    client = client_of(AlbumForm, page)
    files = {"cover": (io.BytesIO(b"1"), "a.exe"), "pages": [(io.BytesIO(b"1"), "a.txt"), (io.BytesIO(b"2"), "b.png")]}
    sent = {"title": "Kept", "lines-0-text": "too long", "lines-1-text": "two", "lines-1-done": True}
    refused = client.submit(client.get("/"), "save", **files, **sent)
    assert refused.status_code == 422
    for text in ("Pictures, please.", "Texts, please.", 'value="Kept"', 'value="too long"', 'value="two"'):
        assert text in refused.text
    assert not re.search(r'type="file"[^>]* value=', refused.text)
    assert client.submit(refused, "save", **{"lines-0-text": "one"}).status_code == 303
    assert [(each["text"], each["done"]) for each in got[0]["lines"]] == [("one", False), ("two", True)]


class VersionedForm(FlaskForm):
    version = HiddenField(validators=[DataRequired()])
    title = StringField()
    send = SubmitField()


def save_version(form: VersionedForm) -> None:
    got.append(form.data)


def test_a_hidden_field_is_a_part_of_the_whole_form_and_has_no_label() -> None:
    got.clear()
    client = client_of_form(save_version, "{{ form.fields() }}", values={"version": 3, "title": "a"})
    page = client.get("/")
    assert re.search(r'<input name="version" [^>]*type="hidden"[^>]* value="3"', page.text)
    assert "<label" in page.text
    assert 'for="save_version-version"' not in page.text
    assert client.submit(page, save_version, title="b").status_code == 303
    assert got == [{"version": "3", "title": "b", "send": False}]


async def make_form_in_the_end(blog_id: int, **kwargs: Any) -> PostForm:
    return make_form(blog_id, **kwargs)


def test_a_factory_may_be_async() -> None:
    got.clear()
    app = Flask(__name__)
    app.secret_key = "of the tests"
    app.test_client_class = ActionsClient

    @ServerActions(app).register
    def post(form: Annotated[PostForm, make_form_in_the_end], blog_id: Bound[int]) -> None:
        got.append({**form.data, "blog_id": blog_id})

    page = '{% call(form) action_form("post", blog_id=7) %}{{ form.fields() }}{% endcall %}'
    app.add_url_rule("/", "index", lambda: render_template_string(page))
    client = app.test_client()
    assert client.submit(client.get("/"), "post", **{**GOOD, "category": "9"}).status_code == 422
    assert client.submit(client.get("/"), "post", **GOOD).status_code == 303
    assert (got[0]["category"], got[0]["blog_id"]) == (8, 7)
