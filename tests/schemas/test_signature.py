"""The signature is the contract: where each argument comes from, and which signatures can't work."""

from __future__ import annotations

import functools
from io import BytesIO
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, Range
from werkzeug.datastructures import FileStorage, MultiDict

from flask_serveractions import Body, Bound, Cookie, Header, Query
from flask_serveractions.schemas.signature import compile_operation
from tests.calling import Door, door_of, errors_of, function_of
from tests.generated_signatures import as_json, as_pairs, typed


class TodoSchema(Schema):
    text = fields.String(required=True, validate=Length(1, 200))
    done = fields.Boolean(load_default=False)


TodoIn = Annotated[dict, TodoSchema()]


# Where arguments come from


def test_an_action_s_arguments_come_from_the_body() -> None:
    door = door_of(int)
    url, headers = door.signed()
    answer = door.client.post(f"{url}&value=5", headers=headers)
    assert list(answer.json["errors"]) == ["value"]
    assert door.form({"value": "5"}).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_arguments_of_post_put_and_patch_come_from_the_body(method: str) -> None:
    door = Door()
    door.route(function_of(int), method)
    send = getattr(door.client, method)
    assert send("/resource?value=5", json={}).status_code == 422
    assert send("/resource", json={"value": 5}).status_code == 204
    assert send("/resource", data={"value": "6"}).status_code == 204
    assert door.calls == [{"value": 5}, {"value": 6}]


@pytest.mark.parametrize("method", ["get", "delete"])
def test_arguments_of_get_and_delete_come_from_the_query(method: str) -> None:
    door = Door()
    door.route(function_of(int), method)
    send = getattr(door.client, method)
    assert send("/resource", json={"value": 5}).status_code == 422
    assert send("/resource?value=5").status_code == 204
    assert door.calls == [{"value": 5}]


def test_head_takes_its_arguments_from_the_query_as_get_does() -> None:
    door = Door()
    door.route(function_of(int))
    assert door.client.head("/resource?value=5").status_code == 204
    assert door.last == {"value": 5}


def test_what_the_url_rule_names_comes_from_the_path() -> None:
    def taking(*, value: int, other: str) -> None: ...

    door = Door()
    door.route(taking, "post", "/resource/<int:value>")
    assert door.client.post("/resource/5?value=6", json={"other": "a"}).status_code == 204
    assert door.last == {"value": 5, "other": "a"}
    assert door.client.post("/resource/5", json={"other": "a", "value": 6}).status_code == 422


@pytest.mark.parametrize(
    ("annotation", "request_"),
    [
        (Query[int], {"query_string": {"value": "5"}}),
        (Header[int], {"headers": {"Value": "5"}}),
        (Cookie[int], {"headers": {"Cookie": "value=5"}}),
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_a_named_place_holds_whatever_the_method(annotation: Any, request_: dict[str, Any], method: str) -> None:
    door = Door()
    door.route(function_of(annotation), method)
    client = door.app.test_client(use_cookies=False)
    assert getattr(client, method)("/resource", **request_).status_code == 204
    assert door.last == {"value": 5}


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_body_holds_whatever_the_method(method: str) -> None:
    door = Door()
    door.route(function_of(Body[int]), method)
    send = getattr(door.client, method)
    assert send("/resource", json={"value": 5}).status_code == 204
    assert send("/resource", data={"value": "6"}).status_code == 204
    assert send("/resource?value=5").status_code == 422
    assert door.calls == [{"value": 5}, {"value": 6}]


def test_an_action_takes_from_every_place_at_once() -> None:
    def taking(*, a: Bound[int], b: int, c: Query[int], x_d: Header[int], e: Cookie[int]) -> None: ...

    door = Door(taking)
    url, headers = door.signed(a=1)
    door.client.set_cookie("e", "5")
    door.client.post(f"{url}&c=3", data={"b": "2"}, headers={**headers, "X-D": "4"})
    assert door.last == {"a": 1, "b": 2, "c": 3, "x_d": 4, "e": 5}


def test_a_header_reads_underscores_as_hyphens_and_errors_use_the_parameter_s_name() -> None:
    door = Door()
    door.route(function_of(Header[int], name="x_request_id"))
    assert errors_of(door.client.get("/resource")) == {"x_request_id": ["Please fill in this field."]}
    assert errors_of(door.client.get("/resource", headers={"X-Request-Id": "x"})) == {
        "x_request_id": ["Not a valid integer."]
    }
    door.client.get("/resource", headers={"X-Request-Id": "5"})
    assert door.last == {"x_request_id": 5}


def test_a_list_in_a_header_is_parted_by_commas() -> None:
    door = Door()
    door.route(function_of(Header[list[int]]))
    door.client.get("/resource", headers={"Value": "1, 2,3"})
    assert door.last == {"value": [1, 2, 3]}
    door.client.get("/resource")
    assert door.last == {"value": []}


def test_a_place_may_stand_inside_or_outside_of_optional() -> None:
    for annotation in (Query[int] | None, Query[int | None], Annotated[int | None, Range(1)]):
        door = Door()
        door.route(function_of(annotation))
        assert door.client.get("/resource").status_code == 204
        assert door.last == {"value": None}
        door.client.get("/resource?value=5")
        assert door.last == {"value": 5}


# Schemas of the whole


@pytest.mark.parametrize("schema", [TodoSchema, TodoSchema()], ids=["class", "instance"])
def test_a_schema_loads_the_whole_body(schema: Any) -> None:
    door = door_of(Annotated[dict, schema])
    door.json({"text": "milk"})
    door.form({"text": "eggs", "done": "on"})
    assert door.calls == [{"value": {"text": "milk", "done": False}}, {"value": {"text": "eggs", "done": True}}]
    assert errors_of(door.form({"text": ""})) == {"text": ["Length must be between 1 and 200 characters."]}


def test_a_schema_loads_the_whole_query_of_a_get() -> None:
    door = Door()
    door.route(function_of(TodoIn))
    door.client.get("/resource?text=milk&other=1")
    assert door.last == {"value": {"text": "milk", "done": False}}
    assert errors_of(door.client.get("/resource")) == {"text": ["Please fill in this field."]}


def test_a_schema_of_the_query_stands_beside_one_of_the_body() -> None:
    class Filter(Schema):
        page = fields.Integer(load_default=1)

    def taking(*, todo: TodoIn, where: Query[Annotated[dict, Filter()]]) -> None: ...

    taking.__annotations__["where"] = Query[Annotated[dict, Filter()]]
    door = Door()
    door.route(taking, "post")
    assert door.client.post("/resource?page=2", json={"text": "a"}).status_code == 204
    assert door.last == {"todo": {"text": "a", "done": False}, "where": {"page": 2}}
    assert set(errors_of(door.client.post("/resource?page=x", json={}))) == {"text", "page"}


def test_a_schema_of_many_loads_a_list() -> None:
    for annotation in (Annotated[list[dict], TodoSchema(many=True)], Annotated[list[dict], TodoSchema]):
        door = door_of(annotation)
        door.json([{"text": "a"}, {"text": "b"}])
        door.form({"0.text": "a", "1.text": "b"})
        assert door.calls == [{"value": [{"text": "a", "done": False}, {"text": "b", "done": False}]}] * 2
        assert errors_of(door.json([{"text": "a"}, {}])) == {"1.text": ["Please fill in this field."]}
        assert list(errors_of(door.form({"0.text": "a", "3.text": ""}))) == ["3.text"]


def test_a_list_of_schemas_is_one_field_of_the_body() -> None:
    door = door_of(list[TodoIn])
    door.json({"value": [{"text": "a"}]})
    door.form({"value.0.text": "a", "value.0.done": "on"})
    assert door.calls == [{"value": [{"text": "a", "done": False}]}, {"value": [{"text": "a", "done": True}]}]


def test_an_optional_schema_is_none_where_nothing_is_sent() -> None:
    for annotation in (TodoIn | None, Annotated[dict | None, TodoSchema()]):
        door = door_of(annotation, default=None)
        door.form({})
        door.json(None)
        door.post(content_type="application/json")
        assert door.calls == [{"value": None}] * 3
        assert list(errors_of(door.json({}))) == ["text"]


def test_validators_beside_a_schema_check_what_it_loaded() -> None:
    def not_both(todo: dict[str, Any]) -> None:
        if todo["done"] and todo["text"] == "new":
            raise ValidationError("A new one can't be done.")

    door = door_of(Annotated[dict, TodoSchema(), not_both])
    assert errors_of(door.json({"text": "new", "done": True})) == {"_schema": ["A new one can't be done."]}
    assert door.json({"text": "new"}).status_code == 200


# Annotated


def test_validators_are_marshmallow_s() -> None:
    door = door_of(Annotated[str, Length(1, 3)])
    for answer in (door.form({"value": "long"}), door.json({"value": "long"})):
        assert errors_of(answer) == {"value": ["Length must be between 1 and 3 characters."]}


class Even:
    def __call__(self, value: int) -> None:
        if value % 2:
            raise ValidationError("Odd.")


def at_least(low: int, value: int) -> None:
    if value < low:
        raise ValidationError("Too low.")


@pytest.mark.parametrize("validator", [Even(), functools.partial(at_least, 2), lambda value: at_least(2, value)])
def test_every_callable_beside_a_type_validates(validator: Any) -> None:
    door = door_of(Annotated[int, validator])
    assert door.form({"value": "2"}).status_code == 200
    assert list(errors_of(door.form({"value": "1"}))) == ["value"]


def test_validators_at_an_item_and_at_its_list_both_hold() -> None:
    door = door_of(Annotated[list[Annotated[str, Length(1)]], Length(max=1)])
    assert errors_of(door.json({"value": ["a", "b"]})) == {"value": ["At most 1 entry."]}
    assert errors_of(door.json({"value": [""]})) == {"value.0": ["At least 1 character."]}


@pytest.mark.parametrize("field", [fields.Email, fields.Email(error_messages={"invalid": "No."})])
def test_an_exact_field_loads_in_place_of_the_type_s(field: Any) -> None:
    door = door_of(Annotated[str, field])
    assert door.form({"value": "a@example.org"}).status_code == 200
    for answer in (door.form({"value": "x"}), door.json({"value": "x"})):
        assert list(errors_of(answer)) == ["value"]


def test_validators_beside_an_exact_field_hold_too() -> None:
    door = door_of(Annotated[str, fields.String(validate=Length(min=2)), Length(max=3)])
    assert [door.form({"value": text}).status_code for text in ("a", "ab", "abc", "abcd")] == [422, 200, 200, 422]


def test_an_exact_field_s_default_and_key_hold() -> None:
    door = door_of(Annotated[int, fields.Integer(load_default=7, data_key="the-value")])
    door.form({})
    door.form({"the-value": "8"})
    assert door.calls == [{"value": 7}, {"value": 8}]
    assert list(errors_of(door.json({"the-value": "x"}))) == ["the-value"]


def test_an_exact_field_s_default_is_made_anew_where_it_is_a_function() -> None:
    door = door_of(Annotated[list, fields.List(fields.String(), load_default=list)])
    door.form({})
    door.form({})
    assert door.calls[0] == {"value": []}
    assert door.calls[0]["value"] is not door.calls[1]["value"]


def test_an_exact_field_may_be_none_where_the_type_says_so() -> None:
    door = door_of(list[Annotated[int, fields.Integer()] | None])
    door.json({"value": [1, None]})
    assert door.last == {"value": [1, None]}


def test_a_status_beside_a_type_is_no_validator() -> None:
    door = door_of(Annotated[int, 201])
    assert door.form({"value": "5"}).status_code == 200


def test_a_file_is_validated_too() -> None:
    def named_txt(file: FileStorage) -> None:
        if not str(file.filename).endswith(".txt"):
            raise ValidationError("Send a text.")

    door = door_of(Annotated[FileStorage, named_txt])
    assert errors_of(door.form({"value": (BytesIO(b"x"), "a.exe")})) == {"value": ["Send a text."]}
    assert door.form({"value": (BytesIO(b"x"), "a.txt")}).status_code == 200


def test_each_of_several_files_is_validated_and_so_are_all_together() -> None:
    def named_txt(file: FileStorage) -> None:
        if not str(file.filename).endswith(".txt"):
            raise ValidationError(f"{file.filename} is no text.")

    door = door_of(Annotated[list[Annotated[FileStorage, named_txt]], Length(1, 2)])
    names = {"one": ["a.txt"], "bad": ["a.txt", "b.exe"], "three": ["a.txt"] * 3, "none": []}
    sent = {case: door.form({"value": [(BytesIO(b"x"), each) for each in names[case]]}) for case in names}
    assert sent["one"].status_code == 200
    assert errors_of(sent["bad"]) == {"value": ["b.exe is no text."]}
    assert sent["three"].status_code == sent["none"].status_code == 422


# Defaults


def test_a_default_of_the_signature_is_passed_where_nothing_is_sent() -> None:
    door = door_of(int, default=7)
    assert [door.form({}).status_code, door.json({}).status_code] == [200, 200]
    assert door.calls == [{"value": 7}] * 2


def test_what_a_partial_has_set_is_no_caller_s_to_change() -> None:
    def taking(*, amount: int, account: str) -> None: ...

    door = Door(functools.partial(taking, account="ada"))
    assert errors_of(door.json({"amount": 3, "account": "eve"})) == {"account": ["Unknown field."]}
    door.form({"amount": "3", "account": "eve"})
    assert door.last == {"amount": 3}


@pytest.mark.parametrize("by_place", [False, True])
def test_so_it_is_where_a_partial_is_given_out_as_its_function(by_place: bool) -> None:
    def taking(account: str, amount: int = 1) -> None: ...

    part = functools.partial(taking, "ada") if by_place else functools.partial(taking, account="ada")
    named = functools.update_wrapper(part, taking)

    @functools.wraps(named)
    def decorated(**kwargs: Any) -> None:
        return named(**kwargs)

    for function in (named, decorated):
        door = Door(function)
        assert errors_of(door.json({"amount": 3, "account": "eve"})) == {"account": ["Unknown field."]}
        door.form({"amount": "3", "account": "eve"})
        assert door.last == {"amount": 3}


def test_a_list_that_is_the_default_is_never_shared() -> None:
    door = door_of(list[str], default=["a"])
    door.form({})
    door.last["value"].append("b")
    door.form({})
    assert door.last == {"value": ["a"]}


# Whatever the signature

SETTINGS = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))


@given(typed())
@SETTINGS
def test_every_value_comes_whole_through_form_json_query_and_signed_id(drawn: tuple[Any, Any]) -> None:
    annotation, value = drawn

    def taking(*, value: Any, signed: Any) -> None: ...

    taking.__annotations__ = {"value": annotation, "signed": Bound[annotation]}
    door = Door(taking)
    door.route(function_of(annotation))
    pairs = list(as_pairs("value", as_json(value), is_form=True))
    answers = [door.form(pairs, signed=value), door.json({"value": as_json(value)}, signed=value)]
    answers.append(
        door.client.get("/resource", query_string=MultiDict(as_pairs("value", as_json(value), is_form=False)))
    )
    assert [answer.status_code for answer in answers] == [200, 200, 204], answers[0].text
    assert door.calls == [{"value": value, "signed": value}] * 2 + [{"value": value}]
    assert {type(each) for call in door.calls for each in call.values()} == {type(value)}


def test_a_plain_default_says_the_type_of_a_parameter_without_annotation() -> None:
    def save(text="", count=1, on=False): ...  # type: ignore[no-untyped-def]

    operation = compile_operation(save, name="save", kind="action", method="POST")
    found = {each.name: type(each.text).__name__ for each in operation.parameters}
    assert found == {"text": "String", "count": "Integer", "on": "Boolean"}
