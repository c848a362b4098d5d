"""Pages that a real server serves: with a form of an action, and with a view of their own for other forms."""

from __future__ import annotations

from flask import Flask, Response, render_template_string, request
from werkzeug.datastructures import FileStorage

from flask_serveractions import ServerActions

PAGE = '{% call(form) action_form("keep") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}'


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    actions = ServerActions(app)

    @actions.register
    def keep(text: str, upload: FileStorage | None = None) -> dict[str, int]:
        return {"kept": len(text)}

    @app.route("/", methods=["GET", "POST"])
    @app.route("/admin/", methods=["GET", "POST"])
    def page() -> str | Response:
        if request.method == "GET":
            return render_template_string(PAGE)
        sizes = {name: len(each.read()) for name, each in request.files.items()} | request.form.to_dict()
        return Response(f"the page's own: {sizes}", mimetype="text/plain")

    return app
