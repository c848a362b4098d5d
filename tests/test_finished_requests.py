"""A request that is over is gone at once, with its body and its session: nothing of ours waits for the collector."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar
from weakref import ref

import pytest
from flask import Flask, Request, render_template_string, request, request_started
from marshmallow.validate import Length
from werkzeug.test import Client

from flask_serveractions import ActionError, Bound, MethodRoute, ServerActions, revalidate_path
from tests.callers import BROWSER, INSTANCE, SCRIPT, form_in

Text = Annotated[str, Length(1, 20)]

PAGE = """{% call region("panel") %}{% call(form) action_form("rename", todo_id=1) %}
<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}{% endcall %}{{ serveractions_script() }}"""


def forgiving(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def forgive(**values: Any) -> Any:
        try:
            return view(**values)
        except LookupError:
            return "forgiven"

    return forgive


class Wrapped(MethodRoute):
    decorators: ClassVar[list[Any]] = [forgiving]

    def get(self, kind: str) -> str:
        raise {"swallowed": LookupError, "a bug": ArithmeticError, "refused": ActionError}[kind](kind)

    def post(self, kind: str, text: str = "") -> str:
        return self.get(kind)


def app_of_two_doors() -> Flask:
    app = Flask(__name__, instance_path=INSTANCE.name, subdomain_matching=True)
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

        def delete(self) -> None:
            raise ArithmeticError

        def post(self, text: Text) -> dict[str, Any]:
            if text == "taken":
                raise ActionError("You have that one.", field="text")
            return {"text": text}

    app.add_url_rule("/wrapped/<kind>", view_func=Wrapped.as_view("wrapped"))
    app.logger.disabled = True  # what keeps records, as pytest does, keeps what a bug has seen

    @app.get("/")
    def index() -> str:
        return render_template_string(PAGE)

    return app


class Visitor(Client):
    """A client that keeps no contexts, as Flask's own does, and notes each request of its app: those of pages too."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.seen: list[ref[Request]] = []
        request_started.connect(self.note, app)

    def note(self, sender: Flask, **_: Any) -> None:
        self.seen.append(ref(request._get_current_object()))  # type: ignore[attr-defined]

    @property
    def is_forgotten(self) -> bool:
        """Whether there were requests, and nothing is left of them."""
        return bool(self.seen) and all(each() is None for each in self.seen)


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """Yield a visitor while nothing is collected."""
    gc.collect()
    gc.disable()
    try:
        yield Visitor(app_of_two_doors())
    finally:
        gc.enable()


@pytest.mark.parametrize("headers", [BROWSER, SCRIPT], ids=["a browser", "a script"])
@pytest.mark.parametrize("text", ["milk", "taken", ""], ids=["done", "refused", "wrong"])
def test_a_call_of_an_action_and_its_page_are_gone(visitor: Visitor, text: str, headers: Mapping[str, str]) -> None:
    form = form_in(visitor.get("/").text)
    status = visitor.post(form.url, data={**form.values, "text": text}, headers=headers).status_code
    assert status == (422 if text != "milk" else 303 if headers is BROWSER else 200)
    has_page = (headers is SCRIPT) == (text == "milk")  # in the answer, or in its place
    assert len(visitor.seen) == 2 + has_page
    assert visitor.is_forgotten


def test_a_call_without_a_page_on_another_host_of_the_app_is_gone(visitor: Visitor) -> None:
    form = form_in(visitor.get("/").text)
    there = visitor.post(form.direct, base_url="http://eu.localhost", data=form.values, headers=SCRIPT)
    assert there.headers["Serveractions"] == "1"
    assert there.status_code == 403  # it says that it comes from here
    assert visitor.is_forgotten


@pytest.mark.parametrize("text", ["milk", "taken", ""], ids=["done", "refused", "wrong"])
@pytest.mark.parametrize("sent", ["json", "data"])
def test_a_call_of_a_resource_is_gone(visitor: Visitor, text: str, sent: Any) -> None:
    status = visitor.post("/todos", **{sent: {"text": text}}).status_code
    assert status == (200 if text == "milk" else 422)
    assert visitor.is_forgotten


@pytest.mark.parametrize(("kind", "status"), [("swallowed", 200), ("a bug", 500), ("refused", 422)])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_raised_through_a_decorator_is_gone(visitor: Visitor, kind: str, status: int, method: str) -> None:
    assert visitor.open(f"/wrapped/{kind}", method=method).status_code == status
    assert visitor.is_forgotten


def test_a_bug_of_a_resource_is_gone(visitor: Visitor) -> None:
    assert visitor.delete("/todos").status_code == 500
    assert visitor.is_forgotten


def test_a_form_that_cannot_be_read_is_gone(visitor: Visitor) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert visitor.post("/todos", data=b"--x\r\n", headers=kind).status_code == 400
    assert visitor.is_forgotten
