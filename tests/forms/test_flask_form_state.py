"""``form.wtf``: a FlaskForm with what was sent and its errors, and factories that set choices per request."""

from __future__ import annotations

import io
import re
from typing import Annotated, Any

import pytest
from flask import Flask, render_template_string
from flask_bootstrap import Bootstrap5
from flask_wtf import FlaskForm
from flask_wtf.file import FileAllowed, FileField, MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from flask_serveractions import Bound, ServerActions
from flask_serveractions.testing import ActionsClient

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
    kind = RadioField(choices=[SelectChoice("n", "News"), SelectChoice("o", "Opinion")], default="n")
    secret = PasswordField()
    picture = FileField(validators=[FileAllowed(["png", "jpg"])])
    papers = MultipleFileField()
    lines = FieldList(FormField(LineForm), min_entries=1)
    send = SubmitField()


def make_form(blog_id: int, **kwargs: Any) -> PostForm:
    made.append({"blog_id": blog_id, **kwargs})
    form = PostForm(**kwargs)
    form.category.choices = [SelectChoice(blog_id, f"Of {blog_id}"), SelectChoice(blog_id + 1, "Next")]
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
