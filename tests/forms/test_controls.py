"""What the signature says of an input element."""

from __future__ import annotations

import datetime as dt
import enum
import inspect
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, MultipleFileField
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from marshmallow.validate import URL, And, Email, Length, Range
from werkzeug.datastructures import FileStorage
from wtforms import FieldList, Form, FormField, IntegerField, PasswordField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, NumberRange
from wtforms.validators import Length as WtfLength

from flask_serveractions.forms.controls import declared_names, describe, has_files, secrets_of
from flask_serveractions.forms.form_state import FormState
from flask_serveractions.forms.inputs import Input, Kind
from flask_serveractions.operation import Operation
from flask_serveractions.schemas.signature import compile_operation
from tests.calling import function_of, make_app


class Colour(enum.Enum):
    RED = "red"


class AccountSchema(Schema):
    name = fields.String(required=True)
    pin = fields.Integer(load_only=True)


class PersonSchema(Schema):
    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=Length(max=30))
    born = fields.Date(data_key="date-of-birth", validate=Range(min=dt.date(1900, 1, 1)))
    member = fields.Boolean(required=True)
    account = fields.Nested(AccountSchema, required=True)
    old = fields.Nested(AccountSchema)
    hidden = fields.Nested(AccountSchema, load_only=True)
    accounts = fields.List(fields.Nested(AccountSchema))
    more = fields.Nested(AccountSchema, many=True)
    prices = fields.Dict(values=fields.Integer(validate=Range(max=9)))
    motto = fields.String(metadata={"type": "password"})


@dataclass
class Address:
    city: Annotated[str, Length(max=30)]
    number: int
    zip: str = ""
    main: bool = False


class Line(Form):
    text = StringField(validators=[DataRequired(), WtfLength(max=5)])
    word = PasswordField()


class OrderForm(FlaskForm):
    name = StringField(validators=[DataRequired()])
    count = IntegerField(validators=[NumberRange(1, 9)])
    kinds = SelectMultipleField(choices=["a"])
    first = FormField(Line)
    lines = FieldList(FormField(Line))
    words = FieldList(PasswordField())


def compiled(function: Callable[..., Any]) -> Operation:
    return compile_operation(function, name="act", kind="action", method="POST")


def described(annotation: Any, name: str = "value", *default: Any) -> Input:
    """Return the description of an input in a form app's own request, which WTForms needs."""
    app, _ = make_app()
    with app.test_request_context():
        return describe(compiled(function_of(annotation, *default)), name)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, None),
        (int, "number"),
        (float, "number"),
        (Decimal, "number"),
        (dt.timedelta, "number"),
        (bool, "checkbox"),
        (dt.date, "date"),
        (dt.datetime, "datetime-local"),
        (Annotated[dt.datetime, Range(min=dt.datetime(2026, 1, 1))], "datetime-local"),
        (Annotated[dt.datetime, Range(min=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc))], None),
        (dt.time, "time"),
        (uuid.UUID, None),
        (Colour, None),
        (Literal["a"], None),
        (list[int], "number"),
        (Annotated[str, fields.Email()], "email"),
        (Annotated[str, fields.Url()], "url"),
        (Annotated[str, fields.Url(relative=True)], None),
        (Annotated[str, Email()], "email"),
        (Annotated[str | None, And(Length(max=99), Email())], "email"),
        (list[Annotated[str, URL()]], "url"),
        (Annotated[str, URL(relative=True)], None),
        (Annotated[str, fields.String(load_only=True)], "password"),
        (Annotated[str, fields.String(metadata={"type": "search"})], "search"),
        (FileStorage, "file"),
        (list[FileStorage], "file"),
    ],
)
def test_the_type_of_an_input_follows_from_the_type_of_the_parameter(annotation: Any, kind: str | None) -> None:
    assert described(annotation).type == kind


@pytest.mark.parametrize(
    ("annotation", "name", "kind"),
    [
        (Annotated[str, Length(max=250)], "text", Kind.AREA),
        (Annotated[str, Length(max=254), Email()], "mail", Kind.TEXT),
        (Annotated[str, fields.Url(validate=Length(max=2000))], "page", Kind.TEXT),
        (Annotated[str, fields.String(metadata={"type": "search"}, validate=Length(max=500))], "words", Kind.TEXT),
        (Annotated[str, Length(max=500)], "password", Kind.TEXT),
        (Annotated[str, fields.String(metadata={"type": "textarea"})], "token", Kind.AREA),
    ],
)
def test_a_long_text_has_an_area_unless_it_is_an_address_or_a_password(annotation: Any, name: str, kind: Kind) -> None:
    def act(**values: Any) -> None: ...

    act.__annotations__[name] = annotation
    act.__signature__ = inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)])  # type: ignore[attr-defined]  # read by inspect
    assert describe(compiled(act), name).kind is kind


@pytest.mark.parametrize(
    ("annotation", "default", "required"),
    [
        (str, (), True),
        (str, ("x",), False),
        (int | None, (), False),
        (bool, (), False),
        (list[str], (), False),
        (Colour, (), True),
        (FileStorage, (), True),
        (FileStorage | None, (None,), False),
        (list[FileStorage], (), False),
    ],
)
def test_an_input_is_required_where_its_absence_is_an_error(annotation: Any, default: Any, required: bool) -> None:
    assert described(annotation, "value", *default).required is required


def test_a_nested_input_is_required_by_its_own_field_and_by_all_around_it() -> None:
    names = {name: described(Address, f"value.{name}").required for name in ("city", "number", "zip", "main")}
    assert names == {"city": True, "number": True, "zip": False, "main": False}
    assert described(Address | None, "value.city").required is False
    assert described(list[Address], "value.3.city").required is True
    person = Annotated[dict, PersonSchema()]
    names = {name: described(person, name).required for name in ("name", "member", "account.name", "old.name")}
    assert names == {"name": True, "member": False, "account.name": True, "old.name": False}


@pytest.mark.parametrize(
    ("validators", "expected"),
    [
        ([Range(1, 9)], (1, 9, None)),
        ([Range(min=1), Range(3, 20), Range(max=10)], (3, 10, None)),
        ([And(Range(min=2), Range(max=4))], (2, 4, None)),
        ([Range(min=dt.date(2026, 1, 31))], ("2026-01-31", None, None)),
        ([Range(min=dt.datetime(2026, 1, 31, 9, 30))], ("2026-01-31T09:30:00", None, None)),
        ([Range(max=dt.time(9, 30))], (None, "09:30:00", None)),
        ([Range(max=dt.timedelta(minutes=2))], (None, 120.0, None)),
        ([Range(max=Decimal("1.50"))], (None, Decimal("1.50"), None)),
        ([Length(1, 200)], (None, None, 200)),
        ([Length(max=5), Length(max=3), Length(min=1)], (None, None, 3)),
        ([Length(equal=4)], (None, None, 4)),
    ],
)
def test_the_limits_of_an_input_are_those_of_all_its_validators(validators: list[Any], expected: Any) -> None:
    made = described(Annotated[str, fields.String(validate=validators)])
    assert (made.min, made.max, made.maxlength) == expected


def test_the_length_of_a_list_is_no_limit_of_its_input() -> None:
    made = described(Annotated[list[str], Length(max=3)])
    assert (made.maxlength, made.multiple) == (None, True)


def test_names_lead_through_objects_lists_and_mappings() -> None:
    person = Annotated[dict, PersonSchema()]
    assert described(person, "name").maxlength == 30
    assert described(person, "date-of-birth").min == "1900-01-01"
    assert described(person, "accounts.0.pin").type == "number"
    assert described(person, "more.0.pin").type == "number"
    assert described(person, "prices.milk").max == 9
    assert described(list[Address], "value.0.city").maxlength == 30
    assert described(dict[str, Address], "value.home.number").type == "number"
    for name in ("account", "prices"):
        assert described(person, name).type is None
    for name in ("nothing", "name.x", "accounts.x.pin", "account.other", "born"):
        with pytest.raises(LookupError, match=re.escape(f"takes no {name!r}")):
            described(person, name)


def test_names_of_a_schema_for_many_begin_with_an_index() -> None:
    people = Annotated[list[dict], PersonSchema(many=True)]
    assert described(people, "0.name").maxlength == 30
    assert described(people, "3.account.pin").secret is True


def test_a_name_that_nests_without_end_is_nobody_s() -> None:
    @dataclass
    class Tree:
        child: Tree | None = None
        children: list[Tree] = dataclass_field(default_factory=list)

    for step in ("child.", "children.0."):
        assert described(Tree, "value." + step * 10 + "child").secret is False
        with pytest.raises(LookupError):
            described(Tree, "value." + step * 100_000 + "token")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("name", False),
        ("motto", True),
        ("account.pin", True),
        ("accounts.5.pin", True),
        ("account.name", False),
        ("hidden.name", True),
    ],
)
def test_a_secret_is_load_only_or_says_so_at_any_depth(name: str, secret: bool) -> None:
    assert described(Annotated[dict, PersonSchema()], name).secret is secret


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("name", Input(required=True)),
        ("count", Input(type="number", min=1, max=9)),
        ("kinds", Input(multiple=True)),
        ("first-text", Input(required=True, maxlength=5)),
        ("first-word", Input(type="password", secret=True)),
        ("lines-0-text", Input(required=True, maxlength=5)),
        ("lines-17-word", Input(type="password", secret=True)),
        ("words-3", Input(type="password", secret=True)),
    ],
)
def test_a_flask_form_describes_its_inputs_at_every_depth(name: str, expected: Input) -> None:
    made = described(OrderForm, name)
    wanted = ("type", "required", "maxlength", "min", "max", "secret")
    assert {key: getattr(made, key) for key in wanted} == {key: getattr(expected, key) for key in wanted}


@pytest.mark.parametrize("name", ["lines-x-text", "first-other", "other", "other_password"])
def test_a_name_that_a_flask_form_does_not_have_is_an_error_that_says_which_it_has(name: str) -> None:
    with pytest.raises(LookupError, match="The names of its form are: name, count"):
        described(OrderForm, name)


@dataclass
class Tree:
    pin: Annotated[str, fields.String(load_only=True)]
    left: Tree | None = None
    children: list[Tree] = dataclass_field(default_factory=list)


STEPS = ("0", "7", "x", "account", "more", "accounts", "pin", "hidden", "motto", "prices", "tree", "left", "children")
PLACES = st.lists(st.sampled_from(STEPS), min_size=1, max_size=6).map(".".join)


@pytest.mark.parametrize(
    "annotation",
    [Annotated[dict, PersonSchema()], Annotated[list, PersonSchema(many=True)], Tree],
    ids=["schema", "many", "dataclass"],
)
def test_which_of_many_names_are_secrets_is_what_each_of_their_inputs_says(annotation: Any) -> None:
    operation = compiled(function_of(annotation))

    @given(st.lists(PLACES, max_size=20))
    @settings(deadline=None)
    def hold(names: list[str]) -> None:
        is_secret = secrets_of(operation)
        for name in names:
            assert is_secret(name) == says_secret(operation, name)

    hold()


def says_secret(operation: Operation, name: str) -> bool:
    try:
        return describe(operation, name).secret
    except LookupError:
        return False


def test_a_thousand_names_below_one_list_are_one_place() -> None:
    class Counted(fields.Nested):
        copies = 0

        def __copy__(self) -> Any:
            Counted.copies += 1
            item = Counted(self.nested)
            item.__dict__.update(self.__dict__)
            return item

    schema = Schema.from_dict({"rows": Counted(AccountSchema, many=True)})
    is_secret = secrets_of(compiled(function_of(Annotated[dict, schema()])))
    Counted.copies = 0
    assert [name for name in ("name", "pin") for _ in range(500) if is_secret(f"rows.3.{name}")] == ["pin"] * 500
    assert Counted.copies == 1


def test_a_thousand_rows_of_a_flask_form_are_one_place() -> None:
    class Word(PasswordField):
        made = 0

        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            Word.made += 1

    class WordsForm(FlaskForm):
        words = FieldList(Word())

    app, _ = make_app()
    with app.test_request_context():
        is_secret = secrets_of(compiled(function_of(WordsForm)))
        Word.made = 0
        assert all(is_secret(f"words-{number}") for number in range(1000))
    assert Word.made == 1


@pytest.mark.parametrize("name", ["new_password", "PASSWD", "api_token", "secrets", "client_secret"])
def test_a_name_may_say_that_it_is_a_secret(name: str) -> None:
    assert described(Annotated[dict, Schema.from_dict({name: fields.String()})()], name).secret is True


def test_a_form_is_multipart_where_something_in_it_is_a_file() -> None:
    class Inner(Form):
        file = FileField()

    class Nested(FlaskForm):
        inner = FormField(Inner)

    class Listed(FlaskForm):
        files = FieldList(FileField())

    class Plain(FlaskForm):
        files = MultipleFileField()

    app, _ = make_app()
    with app.test_request_context():
        cases = [str, OrderForm, FileStorage, list[FileStorage], Nested, Listed, Plain]
        assert [has_files(compiled(function_of(each))) for each in cases] == [
            False,
            False,
            True,
            True,
            True,
            True,
            True,
        ]


def test_declared_names_are_those_that_an_operation_takes() -> None:
    def taking(text: str, address: Address, file: FileStorage) -> None: ...

    app, _ = make_app()
    with app.test_request_context():
        assert declared_names(compiled(taking)) == {"text", "address", "file"}
        person = compiled(function_of(Annotated[dict, PersonSchema()]))
        assert {"name", "date-of-birth", "account"} <= declared_names(person)
        assert not {"id", "born"} & declared_names(person)
        assert {"name", "first", "lines"} <= declared_names(compiled(function_of(OrderForm)))


# Groups of boxes, lists


def state(annotation: Any, **parts: Any) -> FormState:
    operation = compiled(function_of(annotation))
    return FormState(id="act", describe=lambda name: describe(operation, name), submitted=bool(parts), **parts)


def test_a_group_of_boxes_keeps_its_values_and_what_was_ticked() -> None:
    for sent, ticked in [(["a", "c"], ["a", "c"]), ("b", ["b"]), (None, [])]:
        form = state(list[str], values={} if sent is None else {"value": sent}, summary="x")
        made = {value: str(form.attrs("value", type="checkbox", value=value)) for value in "abc"}
        assert [value for value in "abc" if "checked" in made[value]] == ticked
        assert all(f'value="{value}"' in text and "multiple" not in text for value, text in made.items())


def test_a_group_of_radio_buttons_keeps_its_values_and_what_was_chosen() -> None:
    form = state(Literal["a", "b"], values={"value": "b"}, summary="x")
    first, second = (str(form.attrs("value", type="radio", value=value, checked=value == "a")) for value in "ab")
    assert 'value="a"' in first
    assert "checked" not in first
    assert 'value="b"' in second
    assert "checked" in second
    clean = str(state(Literal["a", "b"]).attrs("value", type="radio", value="a", checked=True))
    assert "checked" in clean


@pytest.mark.parametrize(
    ("sent", "ticked"), [(True, True), ("on", True), ("true", True), (False, False), (None, False)]
)
def test_a_box_shows_what_was_sent_whatever_the_template_began_with(sent: Any, ticked: bool) -> None:
    form = state(bool, values={"value": sent}, summary="x")
    assert ("checked" in str(form.attrs("value", checked=not ticked))) is ticked


def test_a_truth_from_json_is_text_in_a_text_field() -> None:
    form = state(str, values={"value": True}, summary="x")
    assert 'value="true"' in str(form.attrs("value"))


def test_the_template_s_own_description_stands_behind_the_error() -> None:
    made = str(state(str).attrs("value", aria_describedby="hint more"))
    assert 'aria-describedby="act-value-error hint more"' in made


def test_messages_of_items_are_shown_at_the_input_that_sends_them() -> None:
    form = state(list[int], errors={"value.1": ["No number."], "value.2": ["Too low."], "value.x": ["?"]}, summary="x")
    assert "No number. Too low." in form.error("value")
    assert 'aria-invalid="true"' in form.attrs("value")
    assert form.unplaced_error() == "x value.x: ?"


def test_messages_of_nested_objects_stay_at_their_own_names() -> None:
    form = state(list[Address], errors={"value.1.city": ["Too long."]}, summary="x")
    assert "Too long." not in form.error("value")
    assert "Too long." in form.error("value.1.city")
