"""A FlaskForm as a parameter: the whole body as that form, validated."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DecimalField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    PasswordField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from flask_serveractions import Bound, Query
from tests.calling import Door, door_of, errors_of, function_of

REQUIRED = ["This field is required."]


class Line(Form):
    text = StringField(validators=[DataRequired(), Length(max=5)])
    pin = PasswordField(validators=[Optional()])


class OrderForm(FlaskForm):
    name = StringField(validators=[DataRequired()])
    count = IntegerField(validators=[Optional()])
    gift = BooleanField()
    password = PasswordField()
    first = FormField(Line)
    lines = FieldList(FormField(Line), max_entries=5)
    tags = FieldList(StringField(validators=[Length(max=3)]))
    kinds = SelectMultipleField(choices=["a", "b"])

    def validate_name(self, field: Any) -> None:
        if field.data == "taken":
            raise ValidationError("Taken.")


class FileForm(FlaskForm):
    file = FileField(validators=[FileRequired()])


GOOD = {"name": "x", "first-text": "a"}


@pytest.fixture
def door() -> Door:
    return door_of(OrderForm)


def test_a_form_is_the_whole_body_as_that_form(door: Door) -> None:
    pairs = [*GOOD.items(), ("count", "5"), ("gift", "y"), ("lines-0-text", "b"), ("lines-1-text", "c")]
    pairs += [("tags-0", "d"), ("kinds", "a"), ("kinds", "b")]
    assert door.form(pairs).status_code == 200
    form = door.last["value"]
    assert isinstance(form, OrderForm)
    assert (form.name.data, form.count.data, form.gift.data, form.first.text.data) == ("x", 5, True, "a")
    assert [line["text"] for line in form.lines.data] == ["b", "c"]
    assert (form.tags.data, form.kinds.data) == (["d"], ["a", "b"])


def test_json_fills_a_form_as_its_inputs_would(door: Door) -> None:
    body = {"name": "x", "count": 5, "gift": True, "first": {"text": "a"}, "lines": [{"text": "b"}, {"text": "c"}]}
    assert door.json({**body, "tags": ["d", "e"], "kinds": ["a"], "password": None}).status_code == 200
    form = door.last["value"]
    assert (form.name.data, form.count.data, form.gift.data, form.first.text.data) == ("x", 5, True, "a")
    assert [line["text"] for line in form.lines.data] == ["b", "c"]
    assert (form.tags.data, form.kinds.data) == (["d", "e"], ["a"])


def test_false_of_json_is_a_box_that_is_not_ticked(door: Door) -> None:
    door.json({"name": "x", "first": {"text": "a"}, "gift": False})
    assert door.last["value"].gift.data is False


def test_its_own_csrf_is_off_because_the_door_has_checked(door: Door) -> None:
    assert door.form(GOOD).status_code == 200
    assert "csrf_token" not in door.last["value"]
    url, headers = door.signed()
    del headers["X-CSRFToken"]
    assert door.client.post(url, headers=headers, data=GOOD).status_code == 400


def test_the_csrf_of_nested_flask_forms_is_off_too() -> None:
    class Inner(FlaskForm):
        city = StringField()

    class Outer(FlaskForm):
        inner = FormField(Inner)
        more = FieldList(FormField(Inner))

    door = door_of(Outer)
    assert door.form({"inner-city": "a", "more-0-city": "b"}).status_code == 200
    assert door.json({"inner": {"city": "a"}, "more": [{"city": "b"}]}).status_code == 200
    assert door.last["value"].data == {"inner": {"city": "a"}, "more": [{"city": "b"}]}


def test_all_errors_come_at_once_by_the_names_of_the_inputs(door: Door) -> None:
    pairs = {"name": "taken", "count": "x", "lines-0-text": "", "tags-0": "long!", "kinds": "c"}
    errors = errors_of(door.form(pairs))
    assert set(errors) == {"name", "count", "first-text", "lines-0-text", "tags-0", "kinds"}
    assert errors["name"] == ["Taken."]
    assert door.calls == []


def test_errors_of_items_carry_the_index_that_the_form_had(door: Door) -> None:
    pairs = {**GOOD, "lines-2-text": "a", "lines-7-text": "", "tags-4": "a", "tags-9": "long!"}
    assert set(errors_of(door.form(pairs))) == {"lines-7-text", "tags-9"}


def test_errors_of_json_stand_at_its_own_paths(door: Door) -> None:
    body = {"name": "x", "first": {"text": ""}, "lines": [{"text": "a"}, {"text": "too long"}], "tags": ["a", "long!"]}
    assert set(errors_of(door.json(body))) == {"first.text", "lines.1.text", "tags.1"}


def test_an_unknown_key_of_json_is_named_and_one_of_a_form_is_ignored(door: Door) -> None:
    body = {"name": "x", "first": {"text": "a", "more": 1}, "lines": [{"text": "b", "z": 1}], "x": 1, "y": {}, "w": []}
    assert set(errors_of(door.json(body))) == {"first.more", "lines.0.z", "x", "y", "w"}
    assert set(errors_of(door.json({"name": {"a": 1}, "first": {"text": "a"}}))) == {"name", "name.a"}
    assert door.form({**GOOD, "x": "1"}).status_code == 200


@pytest.mark.parametrize("body", [[], 5, "x", None])
def test_json_that_is_no_object_is_said_at_the_whole(door: Door, body: Any) -> None:
    assert errors_of(door.json(body)) == {"_schema": ["This does not have the expected form."]}


def test_nul_in_a_declared_field_is_a_422_and_elsewhere_ignored(door: Door) -> None:
    assert set(errors_of(door.form({**GOOD, "name": "a\0"}))) == {"name"}
    assert set(errors_of(door.form({**GOOD, "lines-3-text": "\0"}))) == {"lines-3-text"}
    assert door.form({**GOOD, "other": "\0"}).status_code == 200
    assert set(errors_of(door.json({"name": "\ud800", "first": {"text": "\0"}}))) == {"name", "first.text"}


def test_errors_of_the_whole_form_and_of_a_list_itself() -> None:
    class Checked(FlaskForm):
        tags = FieldList(StringField(), validators=[Length(max=1, message="Too many.")])

        def validate(self, extra_validators: Any = None) -> bool:
            valid = bool(super().validate(extra_validators))
            self.form_errors.append("Never.")
            return valid and False

    errors = errors_of(door_of(Checked).form({"tags-0": "a", "tags-1": "b"}))
    assert errors == {"_schema": ["Never."], "tags": ["Too many."]}


def test_a_form_that_says_no_without_a_word_is_still_an_error() -> None:
    class Silent(FlaskForm):
        def validate(self, extra_validators: Any = None) -> bool:
            return False

    assert errors_of(door_of(Silent).form({})) == {"_schema": ["Not valid."]}


def test_a_file_comes_in_a_form() -> None:
    door = door_of(FileForm)
    assert errors_of(door.form({})) == {"file": REQUIRED}
    assert errors_of(door.form({"file": (BytesIO(b""), "")})) == {"file": REQUIRED}
    door.form({"file": (BytesIO(b"x"), "a.txt")})
    assert door.last["value"].file.data.filename == "a.txt"


def test_a_form_stands_beside_bound_arguments_and_queries() -> None:
    def taking(*, form: OrderForm, todo_id: Bound[int], number: Query[int] = 1) -> None: ...

    door = Door(taking)
    door.form({**GOOD, "todo_id": "9"}, todo_id=5)
    assert (door.last["todo_id"], door.last["number"]) == (5, 1)
    door.json({"name": "x", "first": {"text": "a"}, "todo_id": 9}, todo_id=5)
    assert door.last["todo_id"] == 5


def test_a_form_of_a_get_comes_from_the_query() -> None:
    class Search(FlaskForm):
        text = StringField(validators=[InputRequired()])

    door = Door()
    door.route(function_of(Search))
    assert errors_of(door.client.get("/resource")) == {"text": REQUIRED}
    assert door.client.get("/resource?text=milk").status_code == 204
    assert door.last["value"].text.data == "milk"


def test_an_optional_form_is_none_where_nothing_of_it_is_sent() -> None:
    door = door_of(OrderForm | None, None)
    door.form({})
    door.form({"other": "x"})
    door.json(None)
    assert door.calls == [{"value": None}] * 3
    assert "name" in errors_of(door.form({"count": "5"}))


def test_a_form_in_a_method_route_is_read_too() -> None:
    door = Door()
    door.route(function_of(OrderForm), "put")
    assert door.client.put("/resource", data=GOOD).status_code == 204
    assert door.client.put("/resource", json={"name": "x", "first": {"text": "a"}}).status_code == 204
    assert set(errors_of(door.client.put("/resource", json={}))) == {"name", "first.text"}


@pytest.mark.parametrize("index", ["9" * 5_000, "²", "٣²"])
def test_an_index_that_is_no_number_is_a_400(door: Door, index: str) -> None:
    assert door.form({**GOOD, f"tags-{index}": "a"}).status_code == 400
    assert door.form({**GOOD, f"lines-{index}-text": "a"}).status_code == 400
    assert door.calls == []


def test_what_a_form_of_the_app_raises_by_itself_is_no_fault_of_the_names() -> None:
    class Faulty(FlaskForm):
        def __init__(self, **given: Any) -> None:
            raise ValueError("a mistake of the app")

    assert door_of(Faulty).form({"name": "x"}).status_code == 500


@pytest.mark.parametrize("text", ["sNaN", "-snan", "sNaN123"])
def test_a_signaling_nan_is_no_decimal(text: str) -> None:
    class Prices(FlaskForm):
        price = DecimalField(validators=[NumberRange(0, 100)])
        more = FieldList(DecimalField(validators=[NumberRange(0)]))

    door = door_of(Prices)
    assert set(errors_of(door.form({"price": text, "more-0": text}))) == {"price", "more-0"}
    assert set(errors_of(door.json({"price": text, "more": [text]}))) == {"price", "more.0"}


def test_more_rows_of_nested_forms_than_wtforms_can_make_in_time_are_a_413(door: Door) -> None:
    rows = {f"lines-{number}-text": "a" for number in range(251)}
    assert door.form({**GOOD, **rows}).status_code == 413
    assert door.form({**GOOD, **{f"tags-{number}": "a" for number in range(900)}}).status_code == 200


def test_json_for_a_form_holds_no_more_values_than_a_form(door: Door) -> None:
    for value in (["a"] * 1_001, [[]] * 1_001, [{}] * 1_001, {str(number): 1 for number in range(1_001)}):
        assert door.json({**GOOD, "tags": value}).status_code == 413
    assert door.json({"name": "x", "first": {"text": "a"}, "tags": ["a"] * 900}).status_code == 200


def test_an_integer_of_thousands_of_digits_is_none() -> None:
    class Counts(FlaskForm):
        count = IntegerField(validators=[NumberRange(0, 100)])

    door = door_of(Counts)
    assert set(errors_of(door.form({"count": "9" * 4_000}))) == {"count"}
    assert set(errors_of(door.json({"count": 10**4_000}))) == {"count"}
