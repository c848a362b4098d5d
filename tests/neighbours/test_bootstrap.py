"""Bootstrap-Flask: its macros render ``form.wtf``, in a form of ours or as a whole form."""

from __future__ import annotations

import io
import re
from typing import Annotated, Any

import pytest
from flask import Flask, render_template_string
from flask_bootstrap import Bootstrap4, Bootstrap5
from flask_wtf import FlaskForm
from flask_wtf.file import FileAllowed, FileField, MultipleFileField
from werkzeug.test import TestResponse
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import DataRequired, Length

from flask_serveractions import ActionError, Bound, ServerActions
from flask_serveractions.testing import ActionsClient


class PostForm(FlaskForm):
    title = StringField(validators=[DataRequired(), Length(max=10)], description="Short, please.")
    body = TextAreaField()
    category = SelectField(coerce=int)
    kind = RadioField(choices=["news", "opinion"], default="news")
    pinned = BooleanField(default=True)
    picture = FileField(validators=[FileAllowed(["png"], "Pictures, please.")])
    papers = MultipleFileField()
    origin = HiddenField(default="list")
    send = SubmitField()


def make_form(blog_id: int, **kwargs: Any) -> PostForm:
    form = PostForm(**kwargs)
    form.category.choices = [(1, "News"), (2, f"Blog {blog_id}")]
    return form


PAGES = {
    "render_form in action_form": (
        '{% call(form) action_form("post", blog_id=7) %}{{ render_form(form.wtf) }}{% endcall %}'
    ),
    "render_form on its own": (
        '{% set form = action_state("post", blog_id=7) %}'
        '{{ render_form(form.wtf, action=action_url("post", blog_id=7), id=form.id ~ "-form") }}'
    ),
    "render_field": (
        '{% call(form) action_form("post", blog_id=7) %}{{ form.wtf.hidden_tag() }}'
        "{% for field in form.wtf if not bootstrap_is_hidden_field(field) %}{{ render_field(field) }}{% endfor %}"
        "{% endcall %}"
    ),
}
got: list[Any] = []


@pytest.fixture(params=[Bootstrap4, Bootstrap5], ids=["Bootstrap 4", "Bootstrap 5"])
def bootstrap(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=PAGES.values(), ids=PAGES)
def client(bootstrap: Any, request: pytest.FixtureRequest) -> ActionsClient:
    got.clear()
    app = Flask(__name__)
    app.secret_key = "of the tests"
    app.test_client_class = ActionsClient
    bootstrap(app)
    actions = ServerActions(app)

    @actions.register
    def post(form: Annotated[PostForm, make_form], blog_id: Bound[int]) -> None:
        if form.title.data == "taken":
            raise ActionError("You have that one.", field="title")
        got.append((form.data, blog_id))

    names = f"bootstrap{bootstrap.__name__[-1]}/form.html"
    page = f'{{% from "{names}" import render_form, render_field with context %}}{request.param}'
    app.add_url_rule("/", "index", lambda: render_template_string(page))
    client = app.test_client()
    assert isinstance(client, ActionsClient)
    return client


def tags(page: TestResponse, name: str) -> list[str]:
    return re.findall(rf'<[a-z]+ [^>]*name="{name}"[^>]*>', page.text)


def test_a_page_has_one_form_with_all_that_an_action_needs(client: ActionsClient) -> None:
    page = client.get("/")
    assert page.text.count("<form") == page.text.count("</form>") == 1
    assert 'enctype="multipart/form-data"' in page.text
    for name in ("_action", "csrf_token", "origin", "title"):
        assert len(tags(page, name)) == 1
    assert "Blog 7" in page.text


def test_it_is_sent_with_files(client: ActionsClient) -> None:
    files = {"picture": (io.BytesIO(b"1"), "a.png"), "papers": [(io.BytesIO(b"2"), "b"), (io.BytesIO(b"3"), "c")]}
    sent = {"title": "T", "body": "one\ntwo", "category": "2", "kind": "opinion", "pinned": False}
    assert client.submit(client.get("/"), "post", **sent, **files).status_code == 303
    [(data, blog_id)] = got
    assert blog_id == 7
    assert {name: data[name] for name in ("title", "body", "category", "kind", "pinned", "origin")} == {
        **sent,
        "category": 2,
        "origin": "list",
    }
    assert [data["picture"].filename, *(each.filename for each in data["papers"])] == ["a.png", "b", "c"]


def test_a_refusal_shows_the_errors_and_what_was_sent(client: ActionsClient) -> None:
    sent = {"title": "far too long", "body": "one\ntwo", "category": "2", "kind": "opinion", "pinned": False}
    refused = client.submit(client.get("/"), "post", **sent, picture=(io.BytesIO(b"1"), "a.exe"))
    assert refused.status_code == 422
    assert got == []
    assert "Field cannot be longer than 10 characters." in refused.text
    assert "Pictures, please." in refused.text
    assert 'value="far too long"' in tags(refused, "title")[0]
    assert "is-invalid" in tags(refused, "title")[0]
    assert "one\ntwo" in refused.text
    assert re.search(r'<option selected value="2"|<option value="2" selected', refused.text)
    assert " checked" not in tags(refused, "pinned")[0]
    assert [" checked" in tag for tag in tags(refused, "kind")] == [False, True]
    assert client.submit(refused, "post", title="T").status_code == 303
    assert (got[0][0]["category"], got[0][0]["kind"], got[0][0]["pinned"]) == (2, "opinion", False)


def test_what_the_function_refuses_stands_at_its_field(client: ActionsClient) -> None:
    refused = client.submit(client.get("/"), "post", title="taken", category="1")
    assert refused.status_code == 422
    assert re.search(r"invalid-feedback[^>]*>You have that one\.<", refused.text)
