"""Whatever a signature says, the document says what the door takes, and what it answers with."""

from __future__ import annotations

from typing import Any

from flask import Flask
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from flask_serveractions import MethodRoute, ServerActions
from flask_serveractions.openapi import document
from tests.generated_signatures import KEYS, Typed, as_json, as_pairs, typed

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS | st.sampled_from("xy"), inner, max_size=2),
    max_leaves=4,
)
SETTINGS = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def app_of(annotation: Any, returned: Any = None) -> Flask:
    """Return an app that takes ``it`` in a body and in a query, and answers with a value of its type."""
    app = Flask(__name__)
    app.secret_key = "a key for tests"

    class Things(MethodRoute):
        def post(self, it) -> dict[str, bool]:  # type: ignore[no-untyped-def]
            return {"taken": True}

        def get(self, it) -> dict[str, bool]:  # type: ignore[no-untyped-def]
            return {"taken": True}

        def put(self):  # type: ignore[no-untyped-def]
            return returned

    Things.post.__annotations__["it"] = Things.get.__annotations__["it"] = annotation
    Things.put.__annotations__["return"] = annotation
    ServerActions(app).route("/things")(Things)
    return app


def validator(made: Any, schema: Any) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": made["components"]})


def body_validator(made: Any) -> Draft202012Validator:
    return validator(made, made["paths"]["/things"]["post"]["requestBody"]["content"]["application/json"]["schema"])


@SETTINGS
@given(pair=typed())
def test_what_a_type_can_hold_is_taken_and_fits_the_document(pair: Typed) -> None:
    annotation, value = pair
    app, sent = app_of(annotation), {"it": as_json(value)}
    made = document(app)
    assert list(body_validator(made).iter_errors(sent)) == []
    assert app.test_client().post("/things", json=sent).status_code == 200
    pairs = list(as_pairs("it", as_json(value), is_form=False))
    named = {each["name"] for each in made["paths"]["/things"]["get"]["parameters"] if "name" in each}
    answered = app.test_client().get("/things", query_string=pairs)
    assert str(answered.status_code) in made["paths"]["/things"]["get"]["responses"]
    assert {name for name, _ in pairs if "." not in name} <= named


@SETTINGS
@given(pair=typed(), odd=ODD, extra=st.booleans())
def test_what_the_door_takes_fits_the_document(pair: Typed, odd: Any, extra: bool) -> None:
    app = app_of(pair[0])
    made, sent = document(app), {"it": odd, **({"more": 1} if extra else {})}
    answered = app.test_client().post("/things", json=sent)
    fits = not list(body_validator(made).iter_errors(sent))
    assert str(answered.status_code) in made["paths"]["/things"]["post"]["responses"]
    assert answered.status_code == 422 or fits


@SETTINGS
@given(pair=typed())
def test_what_the_door_answers_fits_the_document(pair: Typed) -> None:
    annotation, value = pair
    app = app_of(annotation, value)
    try:
        app.json.dumps(value)
    except TypeError:
        assume(False)  # a value that Flask has no JSON for, such as an Enum's
    made = document(app)
    answered = app.test_client().put("/things")
    response = made["paths"]["/things"]["put"]["responses"][str(answered.status_code)]
    if answered.is_json:
        errors = validator(made, response["content"]["application/json"].get("schema", {})).iter_errors(answered.json)
        assert list(errors) == []
    else:
        assert answered.mimetype in response.get("content", {None: {}})
