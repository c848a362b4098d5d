"""A MethodView becomes a MethodRoute by changing its base class: what Flask promises of one holds of the other."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, jsonify, make_response, request, url_for
from flask.testing import FlaskClient
from flask.views import MethodView
from werkzeug.http import parse_set_header

from flask_serveractions import MethodRoute, ServerActions


class Word(MethodRoute):
    """Answers with the method that was asked for, as plain MethodViews do in Flask's documentation."""

    def get(self):
        return "GET"

    def post(self):
        return "POST"


def allowed(response: Any) -> list[str]:
    return sorted(parse_set_header(response.headers["Allow"]))


def answers_get_and_post_alone(client: FlaskClient) -> bool:
    texts = (client.get("/").data, client.post("/").data)
    return (
        texts == (b"GET", b"POST")
        and client.put("/").status_code == 405
        and allowed(client.options("/")) == ["GET", "HEAD", "OPTIONS", "POST"]
    )


def test_each_method_is_answered_by_its_namesake_and_others_are_refused(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/", view_func=Word.as_view("word"))
    assert answers_get_and_post_alone(client)


def test_another_class_can_be_put_behind_a_view(app: Flask, client: FlaskClient) -> None:
    class Broken(MethodRoute):
        def get(self):
            raise ZeroDivisionError

        def post(self):
            raise ZeroDivisionError

    view = Broken.as_view("word")
    view.view_class = Word  # type: ignore[attr-defined]
    app.add_url_rule("/", view_func=view)
    assert answers_get_and_post_alone(client)


def test_another_class_can_be_put_behind_a_view_between_two_requests(app: Flask, client: FlaskClient) -> None:
    class Other(MethodRoute):
        def get(self, name: str = "nobody") -> str:
            return f"GET {name}"

        def post(self):
            return "POST"

    view = Word.as_view("word")
    app.add_url_rule("/", view_func=view)
    assert client.get("/?name=Ada").data == b"GET"
    view.view_class = Other  # type: ignore[attr-defined]
    assert client.get("/?name=Ada").data == b"GET Ada"


def test_a_subclass_adds_methods(app: Flask, client: FlaskClient) -> None:
    class More(Word):
        def delete(self):
            return "DELETE"

    app.add_url_rule("/", view_func=More.as_view("word"))
    assert allowed(client.options("/")) == ["DELETE", "GET", "HEAD", "OPTIONS", "POST"]
    assert client.delete("/").data == b"DELETE"
    assert client.get("/").data == b"GET"


def test_several_base_classes_bring_their_methods(app: Flask, client: FlaskClient) -> None:
    class Getting(MethodRoute):
        def get(self):
            return "GET"

    class Deleting(MethodRoute):
        def delete(self):
            return "DELETE"

    class Both(Getting, Deleting):
        pass

    app.add_url_rule("/", view_func=Both.as_view("word"))
    assert client.get("/").data == b"GET"
    assert client.delete("/").data == b"DELETE"
    assert sorted(Both.methods or ()) == ["DELETE", "GET"]


def test_a_mixin_that_is_no_view_brings_its_methods(app: Flask, client: FlaskClient) -> None:
    class Patching:
        def patch(self):
            return "PATCH"

    class Mixed(Patching, MethodRoute):
        pass

    app.add_url_rule("/", view_func=Mixed.as_view("word"))
    assert client.patch("/").data == b"PATCH"


def test_methods_removes_what_a_parent_has(app: Flask, client: FlaskClient) -> None:
    class Less(Word):
        methods = ["GET"]

    app.add_url_rule("/", view_func=Less.as_view("word"))
    assert client.get("/").data == b"GET"
    assert client.post("/").status_code == 405
    assert sorted(Less.methods or ()) == ["GET"]


def test_methods_is_inherited_and_may_hold_any_verb(app: Flask, client: FlaskClient) -> None:
    class Base(MethodRoute):
        methods = ["GET", "PROPFIND"]

    class Child(Base):
        def get(self):
            return "GET"

        def propfind(self):
            return "PROPFIND"

    app.add_url_rule("/", view_func=Child.as_view("word"))
    assert client.get("/").data == b"GET"
    assert client.open("/", method="PROPFIND").data == b"PROPFIND"
    assert set(Child.methods or ()) == {"GET", "PROPFIND"}


def test_a_rule_may_name_a_method_that_the_class_does_not_list(app: Flask, client: FlaskClient) -> None:
    class Child(Word):
        def propfind(self):
            return "PROPFIND"

    app.add_url_rule("/", view_func=Child.as_view("word"), methods=["PROPFIND"])
    assert client.open("/", method="PROPFIND").data == b"PROPFIND"


def test_decorators_of_the_class_wrap_the_view_the_last_one_outermost(app: Flask, client: FlaskClient) -> None:
    def adding(name: str) -> Callable[[Any], Any]:
        def decorate(view: Any) -> Any:
            def decorated(*args: Any, **kwargs: Any) -> Response:
                response = make_response(view(*args, **kwargs))
                response.headers["X-Order"] = response.headers.get("X-Order", "") + name
                return response

            return decorated

        return decorate

    class Decorated(MethodRoute):
        decorators = [adding("a"), adding("b")]

        def get(self):
            return "Awesome"

    app.add_url_rule("/", view_func=Decorated.as_view("decorated"))
    response = client.get("/")
    assert (response.headers["X-Order"], response.data) == ("ab", b"Awesome")


def test_a_view_that_a_plain_function_wraps_still_answers(app: Flask, client: FlaskClient) -> None:
    view = Word.as_view("word")

    def wrapped(**kwargs: Any) -> Any:
        return view(**kwargs)

    app.add_url_rule("/", "word", wrapped, methods=["GET", "POST"])
    assert answers_get_and_post_alone(client)


def test_head_is_answered_by_get_without_its_body(app: Flask, client: FlaskClient) -> None:
    class Getting(MethodRoute):
        def get(self):
            return Response("Blub", headers={"X-Method": request.method})

    app.add_url_rule("/", view_func=Getting.as_view("getting"))
    assert client.get("/").headers["X-Method"] == "GET"
    response = client.head("/")
    assert (response.headers["X-Method"], response.data) == ("HEAD", b"")


def test_a_head_of_its_own_wins_over_get(app: Flask, client: FlaskClient) -> None:
    class Getting(MethodRoute):
        def get(self):
            return "GET"

        def head(self):
            return Response("", headers={"X-Method": "HEAD"})

    app.add_url_rule("/", view_func=Getting.as_view("getting"))
    response = client.head("/")
    assert (response.headers["X-Method"], response.data) == ("HEAD", b"")


def test_options_of_its_own_wins_over_the_automatic_one(app: Flask, client: FlaskClient) -> None:
    class Asked(MethodRoute):
        def options(self):
            return "", {"X-Test": "test"}

    app.add_url_rule("/", view_func=Asked.as_view("asked"))
    assert client.options("/").headers["X-Test"] == "test"


def test_a_class_may_do_without_automatic_options(app: Flask, client: FlaskClient) -> None:
    class Silent(Word):
        provide_automatic_options = False

    app.add_url_rule("/", view_func=Silent.as_view("silent"))
    assert client.options("/").status_code == 405


def test_a_class_may_have_automatic_options_where_the_app_has_not(app: Flask, client: FlaskClient) -> None:
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False

    class Plain(MethodView):
        provide_automatic_options = True

        def get(self):
            return "GET"

    class Ours(MethodRoute):
        provide_automatic_options = True

        def get(self):
            return "GET"

    app.add_url_rule("/plain", view_func=Plain.as_view("plain"))
    app.add_url_rule("/ours", view_func=Ours.as_view("ours"))
    assert allowed(client.options("/ours")) == allowed(client.options("/plain"))


def test_an_endpoint_stands_for_one_view(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/", view_func=Word.as_view("word"))
    with pytest.raises(AssertionError, match="word"):
        app.add_url_rule("/other", view_func=Word.as_view("word"))
    assert answers_get_and_post_alone(client)


@pytest.mark.parametrize(("every_request", "expected"), [(True, [b"1", b"2"]), (False, [b"1", b"1"])])
def test_an_instance_is_made_for_each_request_or_once(
    app: Flask, client: FlaskClient, every_request: bool, expected: list[bytes]
) -> None:
    made = 0

    class Counted(MethodRoute):
        init_every_request = every_request

        def __init__(self) -> None:
            nonlocal made
            made += 1

        def get(self):
            return str(made)

    app.add_url_rule("/", view_func=Counted.as_view("counted"))
    assert [client.get("/").data, client.get("/").data] == expected


def test_as_view_passes_its_arguments_to_the_class(app: Flask, client: FlaskClient) -> None:
    class Greeting(MethodRoute):
        def __init__(self, word: str, *, mark: str) -> None:
            self.word, self.mark = word, mark

        def get(self):
            return f"{self.word}{self.mark}"

    app.add_url_rule("/hello", view_func=Greeting.as_view("hello", "Hello", mark="!"))
    app.add_url_rule("/bye", view_func=Greeting.as_view("bye", "Bye", mark="."))
    assert [client.get("/hello").data, client.get("/bye").data] == [b"Hello!", b"Bye."]


def test_a_view_carries_its_class_and_its_name(app: Flask) -> None:
    view = Word.as_view("word")
    assert view.view_class is Word  # type: ignore[attr-defined]
    assert (view.__name__, view.__module__, view.__doc__) == ("word", Word.__module__, Word.__doc__)


def test_url_variables_are_passed_by_name_unchanged(app: Flask, client: FlaskClient) -> None:
    class Shown(MethodRoute):
        def get(self, todo_id, part):
            return jsonify([todo_id, part])

    app.add_url_rule("/<int:todo_id>/<path:part>", view_func=Shown.as_view("shown"))
    assert client.get("/7/a/b").json == [7, "a/b"]


def test_url_variables_may_be_collected_in_kwargs(app: Flask, client: FlaskClient) -> None:
    class Shown(MethodRoute):
        def get(self, **values):
            return values

    app.add_url_rule("/<int:a>/<b>", view_func=Shown.as_view("shown"))
    assert client.get("/7/x").json == {"a": 7, "b": "x"}


def test_one_class_serves_a_list_and_its_items_as_flask_documents_it(app: Flask, client: FlaskClient) -> None:
    class Users(MethodRoute):
        def get(self, user_id):
            return "all" if user_id is None else f"user {user_id}"

        def post(self):
            return "made"

        def delete(self, user_id):
            return f"gone {user_id}"

    view = Users.as_view("users")
    app.add_url_rule("/users/", defaults={"user_id": None}, view_func=view, methods=["GET"])
    app.add_url_rule("/users/", view_func=view, methods=["POST"])
    app.add_url_rule("/users/<int:user_id>", view_func=view, methods=["GET", "DELETE"])
    texts = [client.get("/users/"), client.post("/users/"), client.get("/users/3"), client.delete("/users/3")]
    assert [each.text for each in texts] == ["all", "made", "user 3", "gone 3"]


class Numbered(MethodRoute):
    def get(self, number: int) -> str:
        return f"word {number}"

    def put(self, number: int, text: str) -> str:
        return f"word {number} is {text}"

    def post(self) -> str:
        return "made"


def test_another_view_may_call_a_view_with_values_of_its_own(app: Flask, client: FlaskClient) -> None:
    view = Numbered.as_view("word")
    app.add_url_rule("/words/<int:number>", view_func=view, methods=["GET", "PUT"])

    @app.get("/first")
    def first() -> Any:
        return view(number=1)

    @app.route("/old/<int:old>", methods=["GET", "PUT"])
    def called_by_its_old_name(old: int) -> Any:
        return view(number=old)

    class Older(MethodRoute):
        def get(self, old: int) -> Any:
            return Numbered().dispatch_request(number=old)

    app.add_url_rule("/older/<int:old>", view_func=Older.as_view("older"))
    assert [client.get(path).text for path in ("/words/3", "/first", "/old/4", "/older/5", "/words/6")] == [
        "word 3",
        "word 1",
        "word 4",
        "word 5",
        "word 6",
    ]
    assert client.put("/old/4", json={"text": "misspelt"}).text == "word 4 is misspelt"
    assert client.put("/old/4", json={"text": 4}).json["errors"].keys() == {"text"}
    tag = client.get("/old/4").headers["ETag"]
    assert client.put("/old/4", json={"text": "a"}, headers={"If-Match": '"another"'}).status_code == 412
    assert client.put("/old/4", json={"text": "a"}, headers={"If-Match": tag}).status_code == 200


def test_a_view_may_be_called_where_no_url_leads_to_it(app: Flask) -> None:
    view = Numbered.as_view("word")
    with app.test_request_context("/nowhere"):
        assert view(number=1).data == b"word 1"
    with app.test_request_context("/nowhere", method="POST"):
        assert view().data == b"made"


def test_who_calls_a_view_from_another_one_is_asked_for_as_well() -> None:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    actions = ServerActions(app)
    actions.auth_hook(lambda operation: None)
    view = Numbered.as_view("word")
    app.add_url_rule("/words/<int:number>", view_func=view, methods=["GET", "PUT"])
    app.add_url_rule("/first", "first", lambda: view(number=1))
    assert [app.test_client().get(path).status_code for path in ("/words/3", "/first")] == [401, 401]


def test_a_view_stands_on_a_blueprint(app: Flask, client: FlaskClient) -> None:
    class Where(MethodRoute):
        def get(self, name):
            return f"{request.blueprint} {request.endpoint} {url_for('.where', name=name)}"

    blueprint = Blueprint("api", __name__, url_prefix="/api")
    blueprint.add_url_rule("/<name>", view_func=Where.as_view("where"))
    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="again", url_prefix="/again")
    assert client.get("/api/x").text == "api api.where /api/x"
    assert client.get("/again/x").text == "again again.where /again/x"


def test_an_async_method_is_awaited(app: Flask, client: FlaskClient) -> None:
    class Slow(MethodRoute):
        async def get(self):
            await asyncio.sleep(0)
            return "awaited"

    app.add_url_rule("/", view_func=Slow.as_view("slow"))
    assert client.get("/").data == b"awaited"


def test_a_subclass_may_do_something_around_every_method(app: Flask, client: FlaskClient) -> None:
    class Around(Word):
        def dispatch_request(self, **kwargs: Any) -> Any:
            response = make_response(super().dispatch_request(**kwargs))
            response.headers["X-Around"] = request.method
            return response

    app.add_url_rule("/", view_func=Around.as_view("around"))
    response = client.post("/")
    assert (response.headers["X-Around"], response.data) == ("POST", b"POST")


def test_methods_may_be_static_and_class_methods(app: Flask, client: FlaskClient) -> None:
    class Odd(MethodRoute):
        @staticmethod
        def get(name):
            return name

        @classmethod
        def post(cls, name):
            return f"{cls.__name__} {name}"

    app.add_url_rule("/<name>", view_func=Odd.as_view("odd"))
    assert [client.get("/x").text, client.post("/x").text] == ["x", "Odd x"]


def test_a_method_reads_the_request_by_itself(app: Flask, client: FlaskClient) -> None:
    class Echo(MethodRoute):
        def post(self):
            return {"json": request.get_json(silent=True), "form": request.form.to_dict(), "query": dict(request.args)}

    app.add_url_rule("/", view_func=Echo.as_view("echo"))
    assert client.post("/?q=1", json={"a": 1}).json == {"json": {"a": 1}, "form": {}, "query": {"q": "1"}}
    assert client.post("/", data={"b": "2"}).json == {"json": None, "form": {"b": "2"}, "query": {}}
    assert client.post("/", data=b"\xff", content_type="application/x-own").status_code == 200


def test_a_listed_method_that_nobody_wrote_is_a_server_error(app: Flask, client: FlaskClient) -> None:
    class Hollow(MethodRoute):
        methods = ["GET", "POST"]

        def get(self):
            return "GET"

    app.add_url_rule("/", view_func=Hollow.as_view("hollow"))
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(AssertionError, match="POST"):
        client.post("/")


def test_a_partial_method_takes_what_it_has_not_set(client: FlaskClient, app: Flask) -> None:
    class Word(MethodRoute):
        async def delete(self, number: int, hard: bool, why: str = "") -> list[Any]:
            return [number, hard, why]

        put = functools.partialmethod(delete, hard=False)

    app.add_url_rule("/words/<int:number>", view_func=Word.as_view("word"))
    assert client.put("/words/3", json={"why": "misspelt"}).json == [3, False, "misspelt"]
    assert client.put("/words/3", json={"why": 1}).status_code == 422
    assert client.put("/words/3", json={"hard": True}).status_code == 422
    assert client.delete("/words/3?hard=1").json == [3, True, ""]
