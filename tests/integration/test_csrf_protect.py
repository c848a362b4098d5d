"""``CSRFProtect`` leaves our own views to their rules, and guards every other one, however near that is to ours."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request
from flask_wtf import CSRFProtect

from flask_serveractions import MethodRoute, ServerActions, cached
from flask_serveractions.testing import ActionsClient
from flask_serveractions.wsgi.page_urls import CATCH_ALL

FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}

View = Callable[..., Any]
done: list[str] = []


class Todos(MethodRoute):
    def get(self) -> list[str]:
        return []

    def post(self) -> None:
        done.append("posted")


def act() -> None:
    done.append("acted")


def deleting(view: View) -> View:
    """A view of the app's own, which changes something and then shows what another view does."""

    def page() -> Any:
        if request.method == "POST":
            done.append("deleted")
            return "done"
        return view()

    return page


def holding(view: View) -> View:
    class Page:
        def __init__(self) -> None:
            self.view = view

        def show(self) -> Any:
            return deleting(self.view)()

    return Page().show


def with_default(view: View) -> View:
    def page(view: View = view) -> Any:
        return deleting(view)()

    return page


def with_its_class(view: View) -> View:
    page = deleting(view)
    page.view_class = Todos  # type: ignore[attr-defined]
    return page


MENTIONS: dict[str, Callable[[View], View]] = {
    "a closure": deleting,
    "a default": with_default,
    "an object": holding,
    "a decorator of ours": lambda view: cached()(deleting(view)),
    "its class": with_its_class,
    "its attributes": lambda view: functools.update_wrapper(deleting(view), view, assigned=()),
    "its names": lambda view: functools.update_wrapper(deleting(view), view, updated=()),
    "a decorator that says so": lambda view: functools.wraps(view)(deleting(view)),
}


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests", SERVERACTIONS_OPENAPI_URL=None)
    CSRFProtect(app)
    ServerActions(app).register(act)
    return app


@pytest.mark.parametrize("mention", MENTIONS.values(), ids=MENTIONS)
@pytest.mark.parametrize("own", ["a resource's", "an action's", "the catch-all's"])
def test_a_view_that_mentions_one_of_ours_is_protected(app: Flask, mention: Callable[[View], View], own: str) -> None:
    views = {
        "a resource's": Todos.as_view("todos"),
        "an action's": app.view_functions["actions.act"],
        "the catch-all's": app.view_functions[CATCH_ALL],
    }
    app.add_url_rule("/page", "page", mention(views[own]), methods=["GET", "POST"])
    assert app.test_client().post("/page", headers=FOREIGN).status_code in (400, 403)
    assert done == []


def passing(view: View) -> View:
    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def test_our_views_are_exempted_with_the_decorators_that_say_what_they_wrap(app: Flask) -> None:
    class Decorated(Todos):
        decorators = [deleting, passing]

    app.add_url_rule("/plain", view_func=Todos.as_view("plain"))
    app.add_url_rule("/wrapped", view_func=passing(Todos.as_view("wrapped")))
    app.add_url_rule("/decorated", view_func=Decorated.as_view("decorated"))
    app.view_functions["actions.act"] = passing(app.view_functions["actions.act"])
    client = ActionsClient(app, app.response_class)
    assert [client.post(path).status_code for path in ("/plain", "/wrapped", "/decorated")] == [204, 204, 200]
    assert client.call_action("act").status_code == 200
    assert done == ["posted", "posted", "deleted", "acted"]


def test_what_decorates_one_of_ours_is_held_to_its_rule_before_it_runs(app: Flask) -> None:
    class Decorated(Todos):
        decorators = [deleting]

    app.add_url_rule("/decorated", view_func=Decorated.as_view("decorated"))
    assert app.test_client().post("/decorated", headers=FOREIGN).status_code == 403
    assert done == []


def test_a_view_that_is_put_in_the_place_of_ours_later_is_protected(app: Flask) -> None:
    app.add_url_rule("/todos", view_func=Todos.as_view("todos"))
    client = app.test_client()
    assert client.post("/todos").status_code == 204
    app.view_functions["todos"] = deleting(app.view_functions["todos"])
    assert client.post("/todos").status_code == 400
