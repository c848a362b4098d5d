"""Flask-Talisman's default policy in a real browser, over TLS: forms, the client, a job's page, the documentation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_talisman import Talisman
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from flask_serveractions import ActionError, MethodRoute, Progress, ServerActions, revalidate_tag

ANSWERED = "Failed to load resource"  # how Chromium notes each answer from 400 up
PAGE = """<!doctype html><html lang="en"><title>Todos</title><main><h1>Todos</h1>
<ul>{% for text in todos %}<li>{{ text }}</li>{% endfor %}</ul>
{% call(form) action_form("add") %}<input {{ form.attrs("text") }}> {{ form.error("text") }}
<button id="add" data-pending="Adding">Add</button>{% endcall %}
{% call(form) action_form("count") %}<button id="count">Count</button>{% endcall %}
{% call(form) action_form("report") %}<button id="report">Report</button>{% endcall %}
<button id="call">Call</button><output></output></main>
{{ serveractions_script("count", nonce=csp_nonce()) }}
{% if scripted %}<script type="module" nonce="{{ csp_nonce() }}">
import { call } from "/_actions/client.js";
document.getElementById("call").onclick = async () => {
  document.querySelector("output").textContent = await call("count", {});
};
</script>{% endif %}</html>"""
BY_NONCE = {"default-src": "'self'", "script-src": "'strict-dynamic'"}


class Stage:
    """An app behind Talisman.

    :param policy: None for Talisman's own; else scripts get in by a nonce.
    """

    def __init__(self, folder: Path, policy: dict[str, str] | None) -> None:
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_DOCS="/docs")
        if policy is None:
            Talisman(self.app)
        else:
            Talisman(self.app, content_security_policy=policy, content_security_policy_nonce_in=["script-src"])
        self.todos: list[str] = []
        self.gate = threading.Event()
        self.app.add_url_rule("/", "index", lambda: render_template_string(PAGE, todos=self.todos, scripted=policy))
        self.register(ServerActions(self.app))

    def register(self, actions: ServerActions) -> None:
        todos = self.todos

        @actions.register
        def add(text: str) -> None:
            if text in self.todos:
                raise ActionError("You already have that one.", field="text")
            self.todos.append(text)
            revalidate_tag("todos")

        @actions.register
        def count() -> Iterator[Progress]:
            yield Progress(1, 2, "Counting")
            return len(self.todos)

        @actions.register(background=True)
        def report() -> Iterator[Progress]:
            yield Progress(1, 2, "Writing")
            self.gate.wait(60)
            self.todos.append("the report")

        @actions.route("/api/todos")
        class Todos(MethodRoute):
            def get(self) -> list[str]:
                return todos


@contextmanager
def served_by_tls(app: Flask) -> Iterator[str]:
    """Serve an app on a free port, with a certificate of its own, and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context="adhoc")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def policy() -> dict[str, str] | None:
    """What Talisman is told; a test may say otherwise by a parameter."""
    return None


@pytest.fixture
def stage(tmp_path: Path, policy: dict[str, str] | None) -> Stage:
    return Stage(tmp_path, policy)


@pytest.fixture
def options() -> dict[str, Any]:
    """How the browser is opened; a test may say otherwise by a parameter."""
    return {}


@pytest.fixture
def page(browser: Browser, stage: Stage, options: dict[str, Any]) -> Iterator[Page]:
    """A page of a new visitor; at the end nothing has gone wrong in it, nor against its policy."""
    problems: list[str] = []
    with served_by_tls(stage.app) as address:
        context = browser.new_context(base_url=address, ignore_https_errors=True, **options)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        answer = page.goto("/")
        assert answer is not None
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        yield page
        stage.gate.set()
        context.close()
    assert [text for text in problems if not text.startswith(ANSWERED)] == []


NO_SCRIPTS = pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["scripts", "none"])


@NO_SCRIPTS
def test_forms_work(page: Page) -> None:
    for _ in range(2):
        page.fill("[name=text]", "milk")
        page.click("#add")
        expect(page.locator("li")).to_have_text(["milk"])
    expect(page.locator("[data-error=text]")).to_have_text("You already have that one.")
    expect(page.locator("[name=text]")).to_have_value("milk")


def test_the_client_sends_forms_without_loading_the_page(page: Page) -> None:
    page.evaluate("window.same = true")
    page.fill("[name=text]", "milk")
    page.click("#add")
    expect(page.locator("li")).to_have_text(["milk"])
    assert page.evaluate("window.same")


@pytest.mark.parametrize("policy", [BY_NONCE], ids=["nonce"])
def test_where_scripts_get_in_by_a_nonce_alone_the_client_does_too(page: Page) -> None:
    page.click("#call")
    expect(page.locator("output")).to_have_text("0")


@pytest.mark.parametrize("options", [{"java_script_enabled": False}], ids=["none"])
def test_a_jobs_page_looks_again_by_itself(stage: Stage, page: Page) -> None:
    page.click("#report")
    expect(page.locator("[role=status]")).to_have_text("Writing")
    stage.gate.set()
    expect(page.locator("li")).to_have_text(["the report"])


def test_the_documentation_page_works_and_tries_a_resource(page: Page) -> None:
    page.goto("/docs")
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
    operation = page.locator("[id='Todos.get']")
    operation.locator("> summary").click()
    operation.get_by_role("button", name="Send").click()
    expect(operation.locator("output .status")).to_have_text("200")
