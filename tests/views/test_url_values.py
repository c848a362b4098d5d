"""``url_value_preprocessor``: what it takes out of the path values, or puts in, counts at resources as at views."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask, abort, g
from flask.testing import FlaskClient

from flask_serveractions import MethodRoute, ServerActions, public


class Project:
    def __init__(self, number: int) -> None:
        self.number = number


class Things(MethodRoute):
    def get(self, number: int, verbose: bool = False) -> dict[str, Any]:
        return {"lang": g.lang, "number": number, "verbose": verbose}

    def put(self, number: int, text: str) -> dict[str, Any]:
        return {"lang": g.lang, "number": number, "text": text}


class Tasks(MethodRoute):
    def get(self, project: Project, lang: str = "none") -> dict[str, Any]:
        return {"project": project.number, "lang": lang}

    def put(self, project: Project, lang: str, text: str) -> dict[str, Any]:
        return {"project": project.number, "lang": lang, "text": text}


def take_lang(endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.lang = (values or {}).pop("lang", None)


def find_project(endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None and "project_id" in values:
        number = values.pop("project_id")
        values["project"] = Project(number) if number < 9 else abort(404)
        values["lang"] = "de"


def of_blueprint() -> FlaskClient:
    app = Flask(__name__)
    ServerActions(app)
    api = Blueprint("api", __name__, url_prefix="/<lang>")
    api.url_value_preprocessor(take_lang)
    api.add_url_rule("/things/<int:number>", view_func=Things.as_view("things"))
    app.register_blueprint(api)
    return app.test_client()


def of_app() -> FlaskClient:
    app = Flask(__name__)
    actions = ServerActions(app)
    app.url_value_preprocessor(take_lang)
    actions.route("/<lang>/things/<int:number>")(Things)
    return app.test_client()


def of_named_blueprint() -> FlaskClient:
    app = Flask(__name__)
    api = Blueprint("api", __name__)
    api.url_value_preprocessor(take_lang)
    actions = ServerActions(app)
    actions.route("/<lang>/things/<int:number>", blueprint=api)(Things)
    app.register_blueprint(api)
    return app.test_client()


@pytest.mark.parametrize("made", [of_blueprint, of_app, of_named_blueprint])
def test_a_value_that_is_taken_out_is_no_argument(made: Any) -> None:
    client = made()
    for _ in range(2):
        assert client.get("/de/things/7?verbose=1").json == {"lang": "de", "number": 7, "verbose": True}
        assert client.head("/de/things/7").status_code == 200
        assert client.put("/fr/things/8", json={"text": "a"}).json == {"lang": "fr", "number": 8, "text": "a"}
        assert client.put("/fr/things/8", json={}).json["errors"] == {"text": ["Please fill in this field."]}
    tag = client.get("/de/things/7").headers["ETag"]
    assert client.put("/de/things/7", json={"text": "a"}, headers={"If-Match": tag}).status_code == 200
    assert client.put("/fr/things/7", json={"text": "a"}, headers={"If-Match": tag}).status_code == 412


def projects_app(**marks: Any) -> Flask:
    app = Flask(__name__)
    actions = ServerActions(app)
    app.url_value_preprocessor(find_project)

    @actions.auth_hook
    def nobody(operation: Any) -> None:
        return None

    actions.route("/projects/<int:project_id>/tasks")(public(type("Open", (Tasks,), {})))
    actions.route("/projects/<int:project_id>/closed")(type("Closed", (Tasks,), {}))
    return app


def test_a_value_that_is_put_in_is_an_argument() -> None:
    client = projects_app().test_client()
    assert client.get("/projects/7/tasks").json == {"project": 7, "lang": "de"}
    assert client.get("/projects/7/tasks?lang=fr").json["lang"] == "de"
    changed = client.put("/projects/7/tasks", json={"text": "a"}, headers={"If-Match": "*"})
    assert changed.json == {"project": 7, "lang": "de", "text": "a"}
    assert client.get("/projects/9/tasks").status_code == 404


def test_marks_and_the_hook_count_for_it_too() -> None:
    assert projects_app().test_client().get("/projects/7/closed").status_code == 401


def test_a_value_that_nobody_takes_is_a_bug_that_names_it(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    actions = ServerActions(app)
    app.url_value_preprocessor(lambda endpoint, values: values.update(stray=1) if values else None)
    actions.route("/<lang>/things/<int:number>")(Things)
    assert app.test_client().get("/de/things/7").status_code == 500
    assert "'lang'" in caplog.text or "'stray'" in caplog.text


def test_without_a_preprocessor_a_value_that_nobody_takes_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="url_value_preprocessor"):
        ServerActions(Flask(__name__)).route("/<lang>/things/<int:number>")(Things)
