"""A body is read whole, or nothing runs: by the test client, and by raw sockets to a real server."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Any
from urllib.parse import unquote

import pytest
from flask import Request, request
from marshmallow import Schema, fields
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from flask_serveractions.arguments.bodies import receive, unescaped
from flask_serveractions.errors import Refusal
from tests.arguments.sent_bodies import part, reading_first, taking
from tests.calling import Door, door_of, errors_of, function_of

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
JSON = "application/json"
LIMIT = 1024 * 1024


WHOLE_FORM = (part("value", "milk") + "--b--\r\n").encode()


@pytest.fixture
def door() -> Door:
    return Door(taking)


def send(door: Door, body: bytes, content_type: str, **headers: str) -> TestResponse:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    length = {"CONTENT_LENGTH": str(len(body))}
    return door.post(headers=given, input_stream=BytesIO(body), content_type=content_type, environ_overrides=length)


def refused(door: Door, body: bytes, content_type: str, status: int = 400, **headers: str) -> str:
    """Return what a refusal says; nothing ran."""
    answer = send(door, body, content_type, **headers)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert door.calls == []
    assert "Serveractions-Stale" not in answer.headers
    detail: str = answer.json["detail"]  # type: ignore[index]
    return detail


# What can be read


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"value=milk", URLENCODED),
        (b"value=milk", URLENCODED + "; charset=UTF-8"),
        (b"value=milk", "Application/X-WWW-Form-Urlencoded"),
        (WHOLE_FORM, MULTIPART),
        (b"a preamble\r\n" + WHOLE_FORM + b"an epilogue", MULTIPART),
        (WHOLE_FORM, 'multipart/form-data; boundary="b"'),
        (b'{"value": "milk"}', "application/json"),
        (b' \n{"value": "milk"}\n ', "application/json; charset=utf-8"),
        (b'{"value": "milk"}', "application/vnd.shop+json"),
    ],
)
def test_urlencoded_multipart_and_json_are_read(door: Door, body: bytes, content_type: str) -> None:
    assert send(door, body, content_type).status_code == 200
    assert door.last["value"] == "milk"


def test_a_body_in_the_charset_that_it_declares_is_read(door: Door) -> None:
    send(door, "value=é".encode("latin-1"), URLENCODED + "; charset=iso-8859-1")
    send(door, b"value=%E9", URLENCODED + "; charset=latin-1")
    send(door, '{"value": "é"}'.encode("latin-1"), "application/json; charset=iso-8859-1")
    inner = part("value", "é").replace("\r\n\r\n", "\r\nContent-Type: text/plain; charset=latin-1\r\n\r\n", 1)
    send(door, inner.encode("latin-1") + b"--b--\r\n", MULTIPART)
    assert [call["value"] for call in door.calls] == ["é"] * 4


def test_no_body_at_all_is_an_empty_form(door: Door) -> None:
    assert door.post().status_code == 200
    assert door.last == {"value": "nothing", "done": False}


def test_an_empty_multipart_form_is_a_form(door: Door) -> None:
    assert send(door, b"--b--\r\n", MULTIPART).status_code == 200


def test_json_without_a_body_is_an_empty_object() -> None:
    door = door_of(int)
    assert errors_of(send(door, b"", "application/json")) == {"value": ["Please fill in this field."]}


def test_what_was_read_is_what_flask_s_request_says_too(door: Door) -> None:
    seen: list[Any] = []

    @door.app.after_request
    def look(response: Any) -> Any:
        if request.method == "POST":
            seen.append((dict(request.form), request.get_json(silent=True), list(request.files)))
        return response

    send(door, b"value=milk", URLENCODED)
    send(door, b'{"value": "milk"}', "application/json")
    form = part("value", "milk") + part("file", "x", '; filename="a.txt"') + "--b--\r\n"
    send(door, form.encode(), MULTIPART)
    assert seen == [({"value": "milk"}, None, []), ({}, {"value": "milk"}, []), ({"value": "milk"}, None, ["file"])]


# What can't


@pytest.mark.parametrize("size", range(len(WHOLE_FORM) - len("--\r\n")))
def test_a_multipart_form_cut_off_anywhere_is_a_400(door: Door, size: int) -> None:
    refused(door, WHOLE_FORM[:size], MULTIPART)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=other",
    ],
)
def test_a_multipart_form_without_its_boundary_is_a_400(door: Door, content_type: str) -> None:
    refused(door, WHOLE_FORM, content_type)


def test_a_part_without_a_name_is_a_400(door: Door) -> None:
    refused(door, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", MULTIPART)
    refused(door, b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n", MULTIPART)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"value=\xff", URLENCODED),
        (b"value=%ff", URLENCODED),
        (b"value=%C3", URLENCODED),
        (b"%ff=value", URLENCODED),
        (b"value=%ED%A0%80", URLENCODED),
        (b"value=%E9", URLENCODED + "; charset=ascii"),
        (part("value", "é").encode("latin-1") + b"--b--\r\n", MULTIPART),
        (part("valué", "e").encode("latin-1") + b"--b--\r\n", MULTIPART),
        (b'{"value": "\xff"}', "application/json"),
        (b'{"value": "\xe9"}', "application/json; charset=us-ascii"),
        ('{"value": "milk"}'.encode("utf-16"), "application/json"),
    ],
)
def test_bytes_that_are_not_in_the_declared_charset_are_a_400(door: Door, body: bytes, content_type: str) -> None:
    refused(door, body, content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"value": "milk"',
        b'{"value": "milk"} x',
        b"{'value': 1}",
        b"\x00",
        b" ",
        b'{"value": "\n"}',
        b'{"value": NaN}',
        b'{"value": Infinity}',
        b'{"value": -Infinity}',
        b'[{"x": NaN}]',
        b'{"value": 1e999}',
        b'{"value": -1e999}',
        b'{"value": ' + b"9" * 5000 + b"}",
        b"value=milk",
    ],
)
def test_json_that_does_not_parse_is_a_400(door: Door, body: bytes) -> None:
    refused(door, body, "application/json")


@pytest.mark.parametrize("depth", [201, 400, 900, 1000, 3000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_that_nests_too_deep_is_a_400(door: Door, depth: int, opening: bytes, closing: bytes) -> None:
    refused(door, opening * depth + b"1" + closing * depth, "application/json")
    refused(door, opening * depth, "application/json")


def test_json_that_nests_deep_is_read_and_shown_again() -> None:
    door = door_of(Any)
    deep: Any = 1
    for _ in range(198):
        deep = [deep]
    door.json({"value": deep})
    assert door.last == {"value": deep}
    url, headers = door.signed()
    again = door.client.post(
        url, headers={**headers, "Prefer": "return=representation"}, json={"value": deep, "x": deep}
    )
    assert errors_of(again) == {"x": ["Unknown field."]}


def test_json_that_nests_deeper_than_its_schema_can_follow_is_a_400() -> None:
    class Tree(Schema):
        child = fields.Nested(lambda: Tree())

        class Meta:
            unknown = "include"

    door = door_of(Annotated[dict, Tree()])
    deep: Any = {}
    for _ in range(195):
        deep = {"child": deep}
    assert door.json(deep).status_code in (200, 400)
    assert door.json({"child": {"child": {}}}).status_code == 200


def test_many_brackets_that_do_not_nest_are_read() -> None:
    door = door_of(list[list])
    assert door.json({"value": [[]] * 5000}).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/mixed; boundary=b", "", "json"])
def test_any_other_type_is_a_415_that_says_what_is_taken(door: Door, content_type: str) -> None:
    answer = send(door, b"value=milk", content_type)
    assert answer.status_code == 415
    assert "application/json" in answer.headers["Accept-Post"]
    assert door.calls == []


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "idna", "x", "unicode_escape"])
def test_a_charset_that_is_not_known_is_a_415(door: Door, charset: str) -> None:
    for content_type in (URLENCODED, "application/json"):
        refused(door, b"{}", f"{content_type}; charset={charset}", status=415)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "GZIP", "identity, gzip"])
@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART, "application/json"])
def test_a_content_encoding_is_a_415(door: Door, encoding: str, content_type: str) -> None:
    refused(door, b"\x1f\x8b\x08", content_type, status=415, Content_Encoding=encoding)
    assert send(door, b"", content_type, Content_Encoding=encoding).status_code == 415


def test_the_identity_encoding_is_none(door: Door) -> None:
    assert send(door, b"value=milk", URLENCODED, Content_Encoding="identity").status_code == 200


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "a\ud83d"])
def test_nul_and_lone_surrogates_in_text_are_a_422(text: str) -> None:
    for annotation in (str, Any, list[str], dict, list[dict[str, str]]):
        door = door_of(annotation)
        value: Any = {str: text, Any: text, list[str]: ["a", text], dict: {"k": [text]}}.get(annotation, [{"k": text}])
        errors = errors_of(door.json({"value": value}))
        assert {message for messages in errors.values() for message in messages} == {
            "Must not hold NUL or half a surrogate pair."
        }
        assert all(name.split(".")[0] == "value" for name in errors)
        assert door.calls == []


def test_nul_in_a_form_a_query_a_cookie_and_a_schema_is_a_422() -> None:
    from flask_serveractions import Cookie, Query

    class Note(Schema):
        text = fields.String()
        data = fields.Dict()

    assert list(errors_of(door_of(str).form({"value": "a\0"}))) == ["value"]
    note = door_of(Annotated[dict, Note()])
    assert list(errors_of(note.form({"text": "a\0"}))) == ["text"]
    assert list(errors_of(note.json({"text": "a\0"}))) == ["text"]
    assert list(errors_of(note.json({"data": {"\0": 1}}))) == ["data.\\x00"]
    assert note.form({"text": "a", "undeclared": "\0"}).status_code == 200
    door = Door()
    door.route(function_of(Query[str]))
    assert list(errors_of(door.client.get("/resource?value=%00"))) == ["value"]
    door = Door()
    door.route(function_of(Cookie[str]))
    client = door.app.test_client(use_cookies=False)
    assert client.get("/resource", environ_overrides={"HTTP_COOKIE": "value=\0"}).status_code in (400, 422)


def test_an_unknown_key_with_half_a_surrogate_pair_is_named_in_ascii(door: Door) -> None:
    door.app.json.ensure_ascii = False  # type: ignore[attr-defined]
    assert errors_of(send(door, b'{"a\\ud800": 1}', JSON)) == {"a\\ud800": ["Unknown field."]}


# How much


@pytest.mark.parametrize("count", [1000, 1001, 5000])
def test_more_than_1000_fields_or_parts_are_a_413(count: int) -> None:
    status = 200 if count <= 1000 else 413
    names = [f"n{number}" for number in range(count)]
    urlencoded = "&".join(f"{name}=1" for name in names).encode()
    multipart = ("".join(part(name, "1") for name in names) + "--b--\r\n").encode()
    files = ("".join(part(name, "1", '; filename="a"') for name in names) + "--b--\r\n").encode()
    for body, content_type in [(urlencoded, URLENCODED), (multipart, MULTIPART), (files, MULTIPART)]:
        door = Door(taking)
        assert send(door, body, content_type).status_code == status
        assert len(door.calls) == (status == 200)


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART, "application/json", "text/plain"])
def test_a_body_over_the_limit_is_a_413_before_it_is_read(content_type: str) -> None:
    door = Door(taking, SERVERACTIONS_MAX_CONTENT_LENGTH=1000)
    url, headers = door.signed()
    stream = Untouched()
    answer = door.client.post(
        url,
        headers=headers,
        content_type=content_type,
        input_stream=stream,
        environ_overrides={"CONTENT_LENGTH": "1001"},
    )
    assert answer.status_code == 413
    assert door.calls == []


class Untouched(BytesIO):
    """A body that must not be read."""

    def read(self, *size: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = readinto = read  # type: ignore[assignment]


def test_multipart_text_beyond_werkzeug_s_500_kb_is_read_up_to_the_limit(door: Door) -> None:
    text = "x" * (LIMIT - 1000)
    send(door, (part("value", text) + "--b--\r\n").encode(), MULTIPART)
    assert door.last["value"] == text


def test_many_texts_of_multipart_are_read_up_to_the_limit() -> None:
    door = door_of(list[str])
    send(door, (part("value", "x" * 100_000) * 9 + "--b--\r\n").encode(), MULTIPART)
    assert [len(each) for each in door.last["value"]] == [100_000] * 9


def test_an_action_may_raise_its_own_limit() -> None:
    door = Door(SERVERACTIONS_MAX_CONTENT_LENGTH=100)
    door.register(taking, max_content_length=10_000)
    assert door.form({"value": "x" * 5000}).status_code == 200
    assert door.form({"value": "x" * 50_000}).status_code == 413


def test_a_method_route_shares_the_limit() -> None:
    door = Door(SERVERACTIONS_MAX_CONTENT_LENGTH=100)
    door.route(function_of(str), "post")
    assert door.client.post("/resource", json={"value": "x" * 200}).status_code == 413
    assert door.client.post("/resource", data={"value": "x" * 200}).status_code == 413
    assert door.client.post("/resource", json={"value": "x"}).status_code == 204


@pytest.mark.parametrize("digits", [20, 5000])
def test_a_length_of_very_many_digits_is_too_large(door: Door, digits: int) -> None:
    url, headers = door.signed()
    length = {"CONTENT_LENGTH": "9" * digits}
    answer = door.client.post(
        url, headers=headers, data=b"value=milk", content_type=URLENCODED, environ_overrides=length
    )
    assert answer.status_code == 413
    assert door.calls == []


def test_the_limit_holds_for_the_body_of_a_get_too() -> None:
    from flask_serveractions import Body

    door = Door(SERVERACTIONS_MAX_CONTENT_LENGTH=100)
    door.route(function_of(Body[str]))
    assert door.client.get("/resource", json={"value": "x" * 200}).status_code == 413


@pytest.mark.parametrize("length", ["abc", "-5", "1.5", "٣", "5, 5"])
def test_a_length_that_is_no_number_is_a_400(door: Door, length: str) -> None:
    url, headers = door.signed()
    answer = door.client.post(
        url, headers=headers, data=b"value=milk", content_type=URLENCODED, environ_overrides={"CONTENT_LENGTH": length}
    )
    assert answer.status_code == 400
    assert door.calls == []


def test_a_chunked_body_whose_end_the_server_does_not_know_is_a_400(door: Door) -> None:
    url, headers = door.signed()
    answer = door.client.post(
        url,
        headers={**headers, "Transfer-Encoding": "chunked"},
        input_stream=BytesIO(b"value=milk"),
        content_type=URLENCODED,
        environ_overrides={"wsgi.input_terminated": False},
    )
    assert answer.status_code == 400
    assert door.calls == []


def test_files_are_uploaded_beside_fields() -> None:
    door = Door()

    def upload(*, name: str, file: FileStorage, more: list[FileStorage], other: FileStorage | None = None) -> Any:
        return {"name": name, "file": file.read().decode(), "more": [each.filename for each in more], "other": other}

    door.name = "upload"
    door.actions.register(upload)
    files = {"file": (BytesIO(b"a"), "a.txt"), "more": [(BytesIO(b"b"), "b.txt"), (BytesIO(b"c"), "c.txt")]}
    answer = door.form({"name": "x", **files})
    assert answer.json["data"] == {"name": "x", "file": "a", "more": ["b.txt", "c.txt"], "other": None}
    assert errors_of(door.form({"name": "x"})) == {"file": ["Please fill in this field."]}


def test_an_empty_file_input_is_no_file() -> None:
    door = door_of(FileStorage | None, default=None)
    door.form({"value": (BytesIO(b""), "")})
    body = part("value", "", '; filename=""').encode() + b"--b--\r\n"
    send(door, body, MULTIPART)
    assert door.calls == [{"value": None}] * 2


# Somebody else read it first


def test_a_form_that_a_before_request_function_read_is_still_loaded(door: Door) -> None:
    reading_first(door, lambda: request.form)
    assert send(door, b"value=milk", URLENCODED).status_code == 200
    assert send(door, WHOLE_FORM, MULTIPART).status_code == 200
    assert [call["value"] for call in door.calls] == ["milk", "milk"]


@pytest.mark.parametrize(
    "read", [lambda: request.form, lambda: request.get_data(), lambda: request.get_data(cache=False)]
)
def test_a_broken_form_that_a_before_request_function_read_is_still_a_400(door: Door, read: Any) -> None:
    reading_first(door, read)
    refused(door, WHOLE_FORM[:-10], MULTIPART)
    refused(door, WHOLE_FORM, "multipart/form-data")
    refused(door, b"value=\xff", URLENCODED)


def test_bytes_that_a_before_request_function_read_are_loaded(door: Door) -> None:
    reading_first(door, lambda: request.get_data())
    send(door, b"value=milk", URLENCODED)
    send(door, WHOLE_FORM, MULTIPART)
    send(door, b'{"value": "milk"}', "application/json")
    assert [call["value"] for call in door.calls] == ["milk"] * 3


def test_json_that_a_before_request_function_read_is_loaded(door: Door) -> None:
    reading_first(door, lambda: request.get_json(silent=True))
    send(door, b'{"value": "milk"}', "application/json")
    assert door.last["value"] == "milk"
    door.calls.clear()
    refused(door, b'{"value": NaN}', "application/json")


def test_more_than_1000_fields_are_a_413_whoever_read_them_first(door: Door) -> None:
    reading_first(door, lambda: request.form)
    assert send(door, "&".join(f"n{number}=1" for number in range(1001)).encode(), URLENCODED).status_code == 413
    assert door.calls == []


@pytest.mark.parametrize(("method", "header"), [("POST", "Accept-Post"), ("PATCH", "Accept-Patch"), ("PUT", "Accept")])
def test_a_415_says_what_this_very_method_takes(method: str, header: str) -> None:
    request = Request.from_values(method=method, data=b"a,b", content_type="text/csv")
    with pytest.raises(Refusal) as caught:
        receive(request, 100)
    assert dict(caught.value.headers) == {
        header: "application/x-www-form-urlencoded, multipart/form-data, application/json"
    }


ESCAPED = ["a%20b", "%3A", "%", "%%41", "%4", "%zz%41", "é%C3%A9", "%C3%A9é", "%E9", "%C3é", "€%80", "%E2%82€"]


@pytest.mark.parametrize("charset", ["utf-8", "ascii", "latin-1", "windows-1252"])
@pytest.mark.parametrize("text", ESCAPED)
def test_escapes_are_read_as_the_standard_library_reads_them(text: str, charset: str) -> None:
    text = text.encode(charset, "ignore").decode(charset)
    try:
        known = unquote(text, charset, "strict")
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            unescaped(text, charset)
    else:
        assert unescaped(text, charset) == known
