"""What a method raises is heard by what is around its view, and by what comes after the request, as in Flask."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, abort, render_template_string
from werkzeug.exceptions import HTTPException, NotFound

from flask_serveractions import ActionError, MethodRoute, ServerActions
from tests.callers import BROWSER, SCRIPT, form_in, submit

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class OutOfStock(Exception):
    """An exception of the app's own, for which no error handler is registered."""


class Ledger:
    """A decorator that keeps what a view has done, unless the view raises something."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def kept(*args: Any, **kwargs: Any) -> Any:
            try:
                returned = view(*args, **kwargs)
            except Exception as error:
                self.entries.append(f"rolled back: {type(error).__name__}")
                raise
            self.entries.append("committed")
            return returned

        return kept


def telling_what_is_out_of_stock(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except OutOfStock as error:
            return {"missing": str(error)}, 410

    return told


class Item(MethodRoute):
    def get(self, name: str) -> str:
        return self.answer(name)

    def post(self, name: str, amount: int) -> str:
        return self.answer(name)

    def answer(self, name: str) -> str:
        if name == "none":
            raise OutOfStock("none")
        if name == "refused":
            raise ActionError("Not today.", status=409)
        if name == "aborted":
            abort(403)
        if name == "broken":
            raise ZeroDivisionError
        return name


def in_decorators(around: Decorator) -> Any:
    class Decorated(Item):
        decorators = [around]

    return Decorated.as_view("item")


def around_the_view(around: Decorator) -> Any:
    return around(Item.as_view("item"))


def in_dispatch_request(around: Decorator) -> Any:
    class Around(Item):
        def dispatch_request(self, **values: Any) -> Any:
            return around(super().dispatch_request)(**values)

    return Around.as_view("item")


PLACES = (in_decorators, around_the_view, in_dispatch_request)


def serve(app: Flask, view: Any) -> Any:
    app.add_url_rule("/items/<name>", view_func=view, methods=["GET", "POST"])
    return app.test_client()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("name", "entry", "status"),
    [
        ("milk", "committed", 200),
        ("none", "rolled back: OutOfStock", 500),
        ("refused", "rolled back: ActionError", 409),
        ("aborted", "rolled back: Forbidden", 403),
        ("broken", "rolled back: ZeroDivisionError", 500),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_what_is_around_a_view_hears_what_its_method_raises(
    app: Flask, place: Callable[[Decorator], Any], name: str, entry: str, status: int, accept: str
) -> None:
    ledger = Ledger()
    response = serve(app, place(ledger)).get(f"/items/{name}", headers={"Accept": accept})
    assert (ledger.entries, response.status_code) == ([entry], status)
    is_problem = status >= 400 and accept == "application/json"
    assert (response.mimetype == "application/problem+json") == is_problem


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_it_answers_itself_is_the_answer(app: Flask, place: Callable[[Decorator], Any], method: str) -> None:
    client = serve(app, place(telling_what_is_out_of_stock))
    response = client.open("/items/none", method=method, data={"amount": "1"})
    assert (response.status_code, response.json) == (410, {"missing": "none"})
    assert client.open("/items/refused", method=method, data={"amount": "1"}).json["detail"] == "Not today."


@pytest.mark.parametrize("place", PLACES)
def test_what_is_refused_before_the_method_runs_is_no_exception_to_it(
    app: Flask, place: Callable[[Decorator], Any]
) -> None:
    ledger = Ledger()
    response = serve(app, place(ledger)).post("/items/milk", json={"amount": "many"})
    assert (response.status_code, response.json["errors"].keys()) == (422, {"amount"})
    assert ledger.entries == ["committed"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_can_t_be_written_is_no_exception_of_the_method_s(app: Flask, method: str) -> None:
    ledger = Ledger()

    class Unwritable(MethodRoute):
        decorators = [ledger]

        def get(self, name: str) -> Any:
            return object()

        post = get

    response = serve(app, Unwritable.as_view("item")).open("/items/milk", method=method)
    assert (ledger.entries, response.status_code) == (["committed"], 500)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_exception_that_is_one_for_all_requests_is_answered_in_each(app: Flask, method: str) -> None:
    answers, missing = [], NotFound("There is none.")

    def ask(name: str) -> None:
        answers.append(app.test_client().open(f"/items/{name}", method=method))

    def asking_for_another(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def asked(**values: Any) -> Any:
            try:
                return view(**values)
            except NotFound:
                if values["name"] == "outer":
                    ask("inner")
                raise

        return asked

    class Missing(MethodRoute):
        decorators = [asking_for_another]

        def get(self, name: str) -> None:
            raise missing

        post = get

    serve(app, Missing.as_view("item"))
    ask("outer")
    assert [(each.status_code, each.mimetype) for each in answers] == [(404, "application/problem+json")] * 2


def test_an_exception_that_is_raised_in_another_s_place_is_the_app_s_to_answer(app: Flask) -> None:
    def translating(view: Callable[..., Any]) -> Callable[..., Any]:
        def translated(**values: Any) -> Any:
            try:
                return view(**values)
            except OutOfStock as error:
                raise LookupError("no such thing") from error

        return translated

    app.register_error_handler(LookupError, lambda error: (f"The app says: {error.args[0]}.", 404))
    client = serve(app, around_the_view(translating))
    assert client.get("/items/none").text == "The app says: no such thing."


def test_an_error_handler_of_the_app_s_own_classes_still_wins(app: Flask) -> None:
    app.register_error_handler(OutOfStock, lambda error: ("The app says: none left.", 410))
    client = serve(app, in_decorators(Ledger()))
    assert client.get("/items/none").text == "The app says: none left."


# After the request


def teller_of(app: Flask) -> list[str]:
    told: list[str] = []
    app.teardown_request(lambda error: told.append(f"request: {type(error).__name__}"))
    app.teardown_appcontext(lambda error: told.append(f"context: {type(error).__name__}"))
    return told


@pytest.mark.parametrize(
    ("name", "kind"),
    [("milk", "NoneType"), ("refused", "NoneType"), ("aborted", "NoneType"), ("broken", "ZeroDivisionError")],
)
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_teardown_functions_are_given_a_bug_as_in_flask(app: Flask, name: str, kind: str, accept: str) -> None:
    told = teller_of(app)
    serve(app, Item.as_view("item")).get(f"/items/{name}", headers={"Accept": accept})
    assert told == [f"request: {kind}", f"context: {kind}"]


@pytest.mark.parametrize(("answered", "kind"), [(Exception, "NoneType"), (500, "ZeroDivisionError")])
def test_they_are_given_none_that_a_blueprints_handler_answers_as_in_flask(answered: Any, kind: str) -> None:
    app = Flask(__name__)
    ServerActions(app)
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/items/<name>", view_func=Item.as_view("item"), methods=["GET"])
    shop.register_error_handler(answered, lambda error: ("the shop says", 500))
    app.register_blueprint(shop)
    told = teller_of(app)
    assert app.test_client().get("/items/broken").text == "the shop says"
    assert told == [f"request: {kind}", f"context: {kind}"]


@pytest.mark.parametrize("headers", [SCRIPT, BROWSER])
def test_they_are_given_the_bug_of_an_action(headers: dict[str, str]) -> None:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    actions = ServerActions(app)

    @actions.register
    def divide() -> float:
        return 1 / 0

    app.add_url_rule("/", "index", lambda: render_template_string("{% call action_form('divide') %}{% endcall %}"))
    told = teller_of(app)
    client = app.test_client()
    form = form_in(client.get("/"))
    told.clear()
    assert submit(client, form, headers).status_code == 500
    assert told == ["request: ZeroDivisionError", "context: ZeroDivisionError"]


def test_a_browser_s_handler_for_every_exception_is_given_the_bug_itself(app: Flask) -> None:
    """So it tells a bug from a refusal, as Flask's documentation shows."""

    @app.errorhandler(Exception)
    def own_page(error: Exception) -> Any:
        return error if isinstance(error, HTTPException) else (f"Our page for a {type(error).__name__}", 500)

    client = serve(app, Item.as_view("item"))
    told = [client.get(f"/items/{name}", headers=BROWSER).text for name in ("broken", "aborted")]
    assert told[0] == "Our page for a ZeroDivisionError"
    assert "<h1>Forbidden</h1>" in told[1]
