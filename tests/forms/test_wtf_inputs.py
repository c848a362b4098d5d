"""What a WTForms field says of its control, as WTForms' own widget would write it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_wtf import FlaskForm
from flask_wtf.file import FileAllowed, FileField
from wtforms import (
    DecimalField,
    DecimalRangeField,
    Field,
    FieldList,
    FloatField,
    Form,
    FormField,
    IntegerField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Disabled, InputRequired, Length, NumberRange, Optional, ReadOnly
from wtforms.widgets import NumberInput, PasswordInput, TextInput

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient

PAGE = """{% call(form) action_form("save") %}{{ form.fields() }}<button>Save</button>{% endcall %}"""


def client_of(field: Any, got: list[Any] | None = None) -> ActionsClient:
    """Return a visitor of an app with the form of one field, ``"value"``, and of another, ``"text"``."""

    class OneForm(FlaskForm):
        value = field
        text = StringField(validators=[Optional(), Length(max=5)])

    app = Flask(__name__)
    app.secret_key = "of the tests"
    actions = ServerActions(app)

    @actions.register
    def save(form: OneForm) -> None:
        if got is not None:
            got.append(form.value.data)

    app.add_url_rule("/", "index", lambda: render_template_string(PAGE))
    return ActionsClient(app, app.response_class)


def control_of(field: Field) -> str:
    """Return the control of a field, as ``form.fields`` writes it."""
    found = re.search(r'<\w+ [^>]*name="value"[^>]*>', client_of(field).get("/").text)
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("field", "attributes"),
    [
        (DecimalField(validators=[NumberRange(min=0)]), 'type="number" min="0" step="any"'),
        (FloatField(widget=NumberInput(step="any")), 'type="number" step="any"'),  # its own from WTForms 3.3 on
        (DecimalRangeField(), 'type="range" step="any"'),
        (DecimalField(widget=NumberInput(step="0.25", min=1, max=2)), 'type="number" min="1" max="2" step="0.25"'),
        (IntegerField(validators=[NumberRange(1, 9)]), 'type="number" min="1" max="9"'),
        (IntegerField(validators=[NumberRange(lambda: 3, lambda: 4)]), 'type="number" min="3" max="4"'),
        (IntegerField(render_kw={"min": 2, "step": 2}), 'type="number" min="2" step="2"'),
        (StringField(render_kw={"type": "tel", "autocomplete": "tel"}), 'type="tel" autocomplete="tel"'),
        (StringField(render_kw={"class_": "wide", "data_kind": "x", "id": "own"}), 'class="wide" data-kind="x"'),
        (StringField(validators=[InputRequired()], render_kw={"required": False}), ""),
        (StringField(validators=[Disabled()]), "disabled"),
        (StringField(validators=[ReadOnly()]), 'readonly'),
        (TextAreaField(render_kw={"rows": 7}), 'rows="7"'),
        (FileField(render_kw={"accept": "image/*"}), 'type="file" accept="image/*"'),
        (FileField(validators=[FileAllowed(["a"])], render_kw={"accept": "b/c"}), 'type="file" accept="b/c"'),
        (FileField(validators=[FileAllowed(["png"])]), 'type="file" accept=".png"'),
        (SelectField(choices=["a"], render_kw={"autofocus": True}), "autofocus"),
    ],
)  # fmt: skip
def test_a_control_has_the_attributes_that_wtforms_writes(field: Field, attributes: str) -> None:
    written = control_of(field).split(">")[0].split(" ", 1)[1]
    ours = r'(name|id|aria-describedby)="[^"]*"'
    assert " ".join(re.sub(ours, "", written).split()) == attributes
    assert 'id="save-value"' in written


def test_what_the_template_says_wins_over_what_the_form_says() -> None:
    app = client_of(StringField(render_kw={"placeholder": "Ada"})).application
    with app.test_request_context("/"):
        page = render_template_string(
            """{% call(form) action_form("save") %}<input {{ form.attrs("value", placeholder="Eve") }}>{% endcall %}"""
        )
    assert 'placeholder="Eve"' in page
    assert "Ada" not in page


def test_a_field_that_is_disabled_is_not_sent_and_so_can_not_be_refused() -> None:
    got: list[Any] = []
    client = client_of(StringField(default="fixed", render_kw={"disabled": True}), got)
    page = client.get("/")
    assert " disabled " in page.text
    assert client.submit(page, "save", text="t").status_code == 303
    assert len(got) == 1


@pytest.mark.parametrize(
    "field",
    [
        PasswordField(),
        StringField(widget=PasswordInput()),
        StringField(render_kw={"type": "password"}),
        PasswordField(widget=TextInput()),
    ],
    ids=["a password's field", "its widget", "its type", "its field with another widget"],
)
def test_what_was_typed_into_a_password_s_control_never_comes_back(field: Field) -> None:
    client = client_of(field)
    refused = client.submit(client.get("/"), "save", value="s3same", text="t" * 9)
    assert refused.status_code == 422
    assert 'value="ttttttttt"' in refused.text
    assert "s3same" not in refused.text


def rows_of(page: str) -> list[str]:
    return re.findall(r'name="value-(\d+)"', re.sub("<template.*?</template>", "", page, flags=re.DOTALL))


@pytest.mark.parametrize(
    ("field", "rows", "has_template"),
    [
        (FieldList(StringField(), min_entries=2, max_entries=2), ["0", "1"], False),
        (FieldList(StringField(), min_entries=2, max_entries=3), ["0", "1"], True),
        (FieldList(StringField(), min_entries=2), ["0", "1"], True),
        (FieldList(StringField(), max_entries=1), [], True),
        (FieldList(StringField(), default=["a", "b"], max_entries=2), ["0", "1"], False),
    ],
    ids=["as many as there may be", "one fewer", "any number", "none yet", "all by default"],
)
def test_a_list_offers_no_more_rows_than_it_takes(field: Field, rows: list[str], has_template: bool) -> None:
    page = client_of(field).get("/").text
    assert rows_of(page) == rows
    assert ("<template data-row=" in page) is has_template


def test_a_template_that_asks_for_more_rows_than_a_list_takes_gets_those_that_it_takes() -> None:
    app = client_of(FieldList(StringField(), min_entries=1, max_entries=2)).application
    with app.test_request_context("/"):
        page = render_template_string(
            """{% call(form) action_form("save") %}{{ form.field("value", empty_rows=3) }}{% endcall %}"""
        )
    assert rows_of(page) == ["0", "1"]
    assert "<template" not in page


def test_rows_of_a_list_that_is_full_are_read_back() -> None:
    class Phone(Form):
        number = StringField(validators=[InputRequired()])

    got: list[Any] = []
    client = client_of(FieldList(FormField(Phone), min_entries=2, max_entries=2), got)
    page = client.get("/")
    assert client.submit(page, "save", **{"value-0-number": "1", "value-1-number": "2"}).status_code == 303
    assert got == [[{"number": "1"}, {"number": "2"}]]
