"""A request that is over is gone at once, with its body and its session: nothing of ours waits for the collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any
from weakref import ref

import pytest
from flask import Flask, Request, render_template_string, request, request_started
from marshmallow.validate import Length
from werkzeug.test import Client

from flask_serveractions import ActionError, Bound, MethodRoute, ServerActions, revalidate_path
from tests.callers import BROWSER, SCRIPT, form_in

Text = Annotated[str, Length(1, 20)]

PAGE = """{% call region("panel") %}{% call(form) action_form("rename", todo_id=1) %}
<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}{% endcall %}{{ serveractions_script() }}"""


def app_of_two_doors() -> Flask:
    app = Flask(__name__, subdomain_matching=True)
    app.config.update(SECRET_KEY="a key of this test", SERVER_NAME="localhost")
    actions = ServerActions(app)

    @actions.register
    def rename(todo_id: Bound[int], text: Text) -> None:
        if text == "taken":
            raise ActionError("You have that one.", field="text")
        revalidate_path(request.path)

    @actions.route("/todos")
    class Todos(MethodRoute):
        def get(self) -> list[dict[str, Any]]:
            return [{"id": 1}]

        def post(self, text: Text) -> dict[str, Any]:
            if text == "taken":
                raise ActionError("You have that one.", field="text")
            return {"text": text}

    @app.get("/")
    def index() -> str:
        return render_template_string(PAGE)

    return app


@contextmanager
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.fixture
def seen() -> Iterator[list[ref[Request]]]:
    """Every request that began, weakly; the pages that go into answers too."""
    found: list[ref[Request]] = []

    def note(sender: Flask, **_: Any) -> None:
        found.append(ref(request._get_current_object()))  # type: ignore[attr-defined]

    with request_started.connected_to(note), without_collector():
        yield found


def visitor() -> Client:
    """Return a client that keeps no contexts, as Flask's own does."""
    return Client(app_of_two_doors())


def gone(seen: list[ref[Request]]) -> bool:
    return bool(seen) and all(each() is None for each in seen)


@pytest.mark.parametrize("headers", [BROWSER, SCRIPT], ids=["a browser", "a script"])
@pytest.mark.parametrize("text", ["milk", "taken", ""], ids=["done", "refused", "wrong"])
def test_a_call_of_an_action_and_its_page_are_gone(
    seen: list[ref[Request]], text: str, headers: Mapping[str, str]
) -> None:
    client = visitor()
    form = form_in(client.get("/").text)
    status = client.post(form.url, data={**form.values, "text": text}, headers=headers).status_code
    assert status == (422 if text != "milk" else 303 if headers is BROWSER else 200)
    has_page = (headers is SCRIPT) == (text == "milk")  # in the answer, or in its place
    assert len(seen) == 2 + has_page
    assert gone(seen)


def test_a_call_without_a_page_on_another_host_of_the_app_is_gone(seen: list[ref[Request]]) -> None:
    client = visitor()
    form = form_in(client.get("/").text)
    there = client.post(form.direct, base_url="http://eu.localhost", data=form.values, headers=SCRIPT)
    assert there.headers["Serveractions"] == "1"
    assert there.status_code == 403  # it says that it comes from here
    assert gone(seen)


@pytest.mark.parametrize("text", ["milk", "taken", ""], ids=["done", "refused", "wrong"])
@pytest.mark.parametrize("sent", ["json", "data"])
def test_a_call_of_a_resource_is_gone(seen: list[ref[Request]], text: str, sent: Any) -> None:
    status = visitor().post("/todos", **{sent: {"text": text}}).status_code
    assert status == (200 if text == "milk" else 422)
    assert gone(seen)


def test_a_form_that_cannot_be_read_is_gone(seen: list[ref[Request]]) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert visitor().post("/todos", data=b"--x\r\n", headers=kind).status_code == 400
    assert gone(seen)
