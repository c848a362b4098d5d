"""A program for an environment that holds nothing but an installed Flask-ServerActions: what must work there.

Run from outside the checkout: ``python smoke.py``.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path

from flask import Flask, render_template_string

import flask_serveractions
from flask_serveractions import Bound, MethodRoute, ServerActions, cached, public

BROWSER = {"Accept": "text/html", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
PAGE = """<!doctype html>{% call(form) action_form("add", number=1) %}<input {{ form.attrs("text") }}>
{{ form.error("text") }}{% endcall %}{{ serveractions_script() }}"""
#: what is installed by an extra alone, and what asks for it
EXTRAS = {
    "redis": {"SERVERACTIONS_STORE_URL": "redis://127.0.0.1:1/0"},
    "openapi": {"SERVERACTIONS_DOCS": "/docs"},
}


def make_app(folder: str, **config: object) -> Flask:
    app = Flask("smoke", instance_path=folder)
    app.config.update(SECRET_KEY="of the smoke test", **config)
    actions = ServerActions(app)
    app.add_url_rule("/", "index", lambda: render_template_string(PAGE))

    @actions.register
    @public
    def add(number: Bound[int], text: str) -> str:
        return text * number

    @actions.register(once=True)
    @public
    def add_once(text: str) -> str:
        return text

    @actions.register
    async def later() -> None: ...

    @actions.route("/api/numbers/<int:number>")
    class Numbers(MethodRoute):
        def get(self, number: int) -> list[int]:
            return numbers(number)

    return app


@cached(tags=("numbers",))
def numbers(largest: int) -> list[int]:
    return list(range(largest))


def check(what: str, value: object, expected: object) -> None:
    if value != expected:
        sys.exit(f"{what}: {value!r}, where {expected!r} was expected")


def check_package(checkout: str | None) -> None:
    folder = Path(flask_serveractions.__file__).parent
    check("typed", (folder / "py.typed").exists(), True)
    check("from the checkout", bool(checkout) and Path(str(checkout)) in folder.parents, False)


def check_pages(folder: str) -> None:
    client = make_app(folder).test_client()
    page = client.get("/", headers=BROWSER).text
    url = page.partition('action="')[2].partition('"')[0]
    sent = {name: page.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("_action", "csrf_token")}
    check("a form", client.post(url, data={**sent, "text": "a"}, headers=BROWSER).status_code, 303)
    again = client.post(url, data=sent, headers=BROWSER)
    check("a form again", (again.status_code, "Please fill in this field." in again.text), (422, True))
    check("a resource", client.get("/api/numbers/3").json, [0, 1, 2])
    script = page.partition('src="')[2].partition('"')[0]
    check("the client", client.get(script).mimetype, "text/javascript")


def check_commands(folder: str) -> None:
    runner = make_app(folder).test_cli_runner()
    for command in (["list"], ["list", "--json"], ["audit"], ["cache"], ["--help"]):
        result = runner.invoke(args=["actions", *command])
        check(
            f"flask actions {command[0]}",
            (result.exit_code, result.exception if result.exit_code else None)[0] < 2,
            True,
        )
        check(f"a traceback of flask actions {command[0]}", "Traceback" in result.output, False)


def complaint(folder: str, extra: str) -> str:
    """Return what is said where an extra is missing."""
    try:
        app = make_app(folder, **EXTRAS[extra])
        app.test_client().get("/api/numbers/3")
        with app.app_context():
            app.extensions["serveractions.state"].store  # noqa: B018 opens it
    except Exception as error:
        return str(error)
    return ""


def check_extras(folder: str) -> None:
    """Check that what an extra brings is missed by that extra's name."""
    for extra, module in (("redis", "redis"), ("openapi", "apispec")):
        if importlib.util.find_spec(module) is None:
            said = complaint(folder, extra)
            check(f"what is said without {extra} ({said})", f"flask-serveractions[{extra}]" in said.lower(), True)
    for command, extra in (("openapi", "openapi"), ("typescript", "openapi")):
        if importlib.util.find_spec("apispec") is None:
            result = make_app(folder).test_cli_runner().invoke(args=["actions", command])
            told = f"flask-serveractions[{extra}]" in result.output.lower()
            check(f"flask actions {command} without {extra} ({result.output})", (result.exit_code, told), (1, True))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_package(sys.argv[1] if len(sys.argv) > 1 else None)
        check_pages(folder)
        check_commands(folder)
        check_extras(folder)
    sys.stdout.write(f"Flask-ServerActions {flask_serveractions.__version__} works in {sys.prefix}\n")


if __name__ == "__main__":
    main()
