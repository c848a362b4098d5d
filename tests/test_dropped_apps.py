"""An app that nobody holds any more is gone, and so is what was compiled for it: factories make many."""

from __future__ import annotations

import gc
import tracemalloc
from tempfile import TemporaryDirectory
from typing import Annotated
from weakref import ref

from flask import Blueprint, Flask, render_template_string
from marshmallow.validate import Length

from flask_serveractions import ActionError, Bound, MethodRoute, ServerActions
from flask_serveractions.testing import ActionsClient

INSTANCE = TemporaryDirectory()  # our own: a warning of another app in one store would hold ours in the log

FORM = """{% call(form) action_form("rename", todo_id=1) %}
<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}{{ serveractions_script() }}"""

of_many_apps = Blueprint("of_many_apps", __name__, url_prefix="/shop")


def serve(blueprint: Blueprint | None = None) -> ref[Flask]:
    """Make an app, let it serve both doors, and let it go."""
    app = Flask(__name__, instance_path=INSTANCE.name)
    app.secret_key = "a key of this test"
    actions = ServerActions(app)

    @actions.register(blueprint=blueprint)
    def rename(todo_id: Bound[int], text: Annotated[str, Length(1, 200)]) -> None:
        raise ActionError(f"{app.name} can't.", field="text")

    @actions.route("/todos", blueprint=blueprint)
    class Todos(MethodRoute):
        def get(self, done: bool | None = None) -> list[dict]:  # type: ignore[type-arg]
            return [{"app": app.name}]

    @app.route("/", methods=["GET", "POST"])
    def index() -> str:
        return render_template_string(FORM)

    if blueprint is not None:
        app.register_blueprint(blueprint)
    client = ActionsClient(app)
    page = client.get("/")
    assert client.submit(page, "rename", text="milk").status_code == 422
    assert client.get("/todos" if blueprint is None else "/shop/todos").status_code == 200
    return ref(app)


def collected(app: ref[Flask]) -> bool:
    gc.collect()
    return app() is None


def test_an_app_that_served_is_gone_when_it_is_dropped() -> None:
    assert collected(serve())


def test_a_blueprint_that_outlives_apps_does_not_hold_them() -> None:
    assert collected(serve(of_many_apps))


def test_dropped_apps_leave_no_memory() -> None:
    for _ in range(3):
        serve()  # what is made once for all
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            serve()
        gc.collect()
        left = (tracemalloc.get_traced_memory()[0] - before) / 5
    finally:
        tracemalloc.stop()
    assert left < 16 * 1024  # bytes: an app has ten times as much; caches of Python and Jinja breathe
