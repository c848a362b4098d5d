"""Resources by ``as_view``, on apps and blueprints: each rule brings its own variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Blueprint, Flask

from flask_serveractions import MethodRoute, ServerActions
from flask_serveractions.testing import ActionsClient
from tests.callers import client_of
from tests.views.todo_resources import make_app


@pytest.fixture
def client() -> ActionsClient:
    return client_of(make_app())


# By as_view, on apps and blueprints


def test_one_class_under_several_rules_takes_each_argument_from_where_its_rule_has_it() -> None:
    class Notes(MethodRoute):
        def get(self, note_id: int | None = None, lang: str = "en") -> list[Any]:
            return [note_id, lang]

    app = make_app()
    view = Notes.as_view("notes")
    app.add_url_rule("/notes", view_func=view)
    app.add_url_rule("/notes/<int:note_id>", view_func=view)
    app.add_url_rule("/<lang>/notes", view_func=view)
    app.add_url_rule("/first", defaults={"note_id": 1}, view_func=view)
    client = client_of(app)
    urls = [
        "/notes",
        "/notes?note_id=2&lang=de",
        "/notes/3?note_id=4&lang=de",
        "/fr/notes?note_id=5&lang=de",
        "/first?note_id=6",
    ]
    assert [client.get(url).json for url in urls] == [[None, "en"], [2, "de"], [3, "de"], [5, "fr"], [1, "en"]]


def test_rules_with_hosts_and_subdomains_bring_their_variables() -> None:
    class Shops(MethodRoute):
        def get(self, shop: str = "none") -> str:
            return shop

    app = Flask(__name__, subdomain_matching=True)
    app.config.update(SERVER_NAME="shops.example", SECRET_KEY="a key for tests")
    ServerActions(app)
    view = Shops.as_view("shops")
    app.add_url_rule("/", view_func=view)
    app.add_url_rule("/", subdomain="<shop>", view_func=view)
    client = app.test_client()
    assert client.get("/", base_url="http://shops.example").text == "none"
    assert client.get("/", base_url="http://milk.shops.example").text == "milk"
    assert client.get("/?shop=bread", base_url="http://shops.example").text == "bread"


def test_a_blueprint_brings_its_prefix_with_variables() -> None:
    blueprint = Blueprint("shop", __name__, url_prefix="/<int:shop_id>")

    class Prices(MethodRoute):
        def get(self, shop_id: int, price: int) -> list[int]:
            return [shop_id, price]

    blueprint.add_url_rule("/prices/<int:price>", view_func=Prices.as_view("prices"))
    app = make_app()
    app.register_blueprint(blueprint, url_prefix="/shops/<int:shop_id>")
    app.register_blueprint(blueprint, name="other", url_prefix="/others/<int:shop_id>")
    client = client_of(app)
    assert [client.get(each).json for each in ("/shops/1/prices/2", "/others/3/prices/4")] == [[1, 2], [3, 4]]


def test_a_forward_reference_that_nobody_knows_is_an_error_of_as_view() -> None:
    class Odd(MethodRoute):
        def get(self, thing: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821, UP037

    with pytest.raises(TypeError, match=r"Odd\.get.*Nowhere"):
        Odd.as_view("odd")


def test_types_that_are_local_to_a_function_are_known() -> None:
    def create_app() -> Flask:
        @dataclass
        class Point:
            x: int
            y: int = 0

        class Points(MethodRoute):
            def post(self, point: Point) -> list[int]:
                return [point.x, point.y]

        return make_app(("/points", Points))

    assert client_of(create_app()).post("/points", json={"point": {"x": 7}}).json == [7, 0]


def test_a_resource_works_below_a_mount_point(client: ActionsClient) -> None:
    assert client.get("/api/todos/7", base_url="http://localhost/mount").json["id"] == 7  # type: ignore[index]


def test_a_resource_reads_and_writes_no_session(client: ActionsClient) -> None:
    response = client.put("/api/todos/7", json={"text": "x"})
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")
