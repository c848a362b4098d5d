"""The app that stands behind a shared cache in tests: pages with private data, and resources for all and for one.

Served by gunicorn behind nginx, also below a mount point that nginx keeps to itself (``X-Forwarded-Prefix``).
"""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, render_template_string, request, session
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_serveractions import (
    ActionError,
    Cookie,
    Header,
    MethodRoute,
    ServerActions,
    current_identity,
    public,
    revalidate_path,
)

PAGE = """<!doctype html><title>Notes</title><main><p id="who">{{ session.user }}</p>
<ul>{% for text in session.get("notes", ()) %}<li>{{ text }}</li>{% endfor %}</ul>
{% call(form) action_form("note") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}
{% call(form) action_form("sign_in") %}<input {{ form.attrs("name") }}>{% endcall %}
{% call(form) action_form("report") %}<button>Report</button>{% endcall %}
</main>{{ serveractions_script("note") }}"""
FOR_ALL = {"Cache-Control": "public, max-age=60"}

application = Flask(__name__, instance_path=os.environ["FAULTS_FOLDER"])
application.config["SECRET_KEY"] = "of the tests"
application.wsgi_app = ProxyFix(application.wsgi_app, x_host=1, x_prefix=1)  # type: ignore[method-assign]
actions = ServerActions(application)
made: set[str] = set()  # with one worker: what was put


@actions.auth_hook
def who(operation: Any) -> str | None:
    return session.get("user") or request.headers.get("Authorization", "").removeprefix("Bearer ")


@actions.register
@public
def sign_in(name: str) -> None:
    session["user"] = name


@actions.register
@public
def note(text: str = "") -> str:
    if text.startswith("bad"):
        raise ActionError(f"{text} is bad.", field="text")
    session["notes"] = [*session.get("notes", ()), text]
    revalidate_path("/page")
    return text


@actions.register(background=True)
def report() -> str:
    return f"{current_identity}'s report"


@application.get("/page")
def page() -> str:
    return render_template_string(PAGE)


@actions.route("/api/me")
class Me(MethodRoute):
    def get(self) -> dict[str, str]:
        return {"name": str(current_identity)}


@actions.route("/api/maybe")
@public
class Maybe(MethodRoute):
    def get(self) -> dict[str, str]:
        return {"name": str(current_identity or "nobody")}


@actions.route("/api/themed")
@public
class Themed(MethodRoute):
    def get(self, theme: Cookie[str] = "none", accept_language: Header[str] = "none") -> list[str]:
        return [theme, accept_language]


@actions.route("/api/things/<name>")
@public
class Thing(MethodRoute):
    def get(self, name: str) -> dict[str, str]:
        if name not in made:
            raise ActionError("There is none yet.", status=404)
        return {"name": name}

    def put(self, name: str) -> None:
        made.add(name)


@actions.route("/api/news")
@public
class News(MethodRoute):
    calls = 0

    def get(self, about: str = "") -> dict[str, Any]:
        News.calls += 1
        answer: Any = {"about": about, "call": News.calls}, 200, FOR_ALL
        return answer  # type: ignore[no-any-return]
