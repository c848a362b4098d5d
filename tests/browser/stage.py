"""A stage for scenarios: a real app, really served, whose pages and actions a test brings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template_string, request, send_from_directory
from playwright.sync_api import ConsoleMessage, Page, expect

from flask_serveractions import ServerActions
from flask_serveractions.http.page_arguments import ActionArgument

POLICY = "script-src 'self'; require-trusted-types-for 'script'; trusted-types serveractions"
NODE_MODULES = Path(__file__).parent / "node_modules"
#: how Chromium notes each answer from 400 up, and an upload that is led to another site, where none may go
ANSWERED = ("Failed to load resource", "Access to XMLHttpRequest at")
BLOCKED_SECONDS = 60.0

# Each event of ours, with its action and what it carries; and how many have come, where a test can wait for it
SPY = """
window.events = [];
for (const type of ["start", "progress", "success", "error", "finish"])
  document.addEventListener("action:" + type, ({ target, detail }) => {
    const { action, progress, data, error } = detail;
    const carried = type === "start" ? null : progress ?? error?.message ?? data ?? null;
    window.events.push([type, action, target.localName ?? "document", carried]);
    document.documentElement.setAttribute("data-" + type, window.events.filter(([t]) => t === type).length);
  });
"""

#: what makes a response an answer to the client
OURS = {"Serveractions": "1"}

HEAD = "<!doctype html><html lang=en><head><title>{}</title>{}</head><body>{}</body></html>"


@dataclass(frozen=True)
class Sent:
    """A request that reached an action's URL."""

    action: str
    signature: str
    headers: Mapping[str, str]


class Stage:
    """Pages are templates, actions are functions; ``calls`` tells what was asked of them.

    :param folder: an empty one, for the store.
    :param config: of the app.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update({"SECRET_KEY": "of the tests", **config})
        self.actions = ServerActions(self.app)
        self.policy, self.head = POLICY, ""
        self.calls: list[Sent] = []
        self.visits: list[str] = []
        self.gates: dict[str, threading.Event] = {}
        self.scripts: dict[str, str] = {}
        self.instead: dict[str, tuple[int, dict[str, str], str]] = {}
        self.app.before_request(self.note)
        self.app.after_request(self.add_policy)
        self.app.add_url_rule("/npm/<path:path>", "npm", lambda path: send_from_directory(NODE_MODULES, path))
        self.app.add_url_rule("/own/<name>.js", "own", self.own_script)
        self.app.wsgi_app = Proxy(self.app.wsgi_app, self.instead)  # type: ignore[method-assign]

    def note(self) -> None:
        called = request.environ.get(ActionArgument.KEY)
        if called is not None:
            headers = {key.lower(): value for key, value in request.headers}
            self.calls.append(Sent(called.name, called.signed, headers))

    def add_policy(self, response: Response) -> Response:
        if response.mimetype == "text/html" and self.policy:
            response.headers["Content-Security-Policy"] = self.policy
        return response

    def own_script(self, name: str) -> Response:
        return Response(self.scripts[name], mimetype="text/javascript")

    def page(self, path: str, body: str, title: str = "Page", *, scripts: Iterable[str] = (), **context: Any) -> None:
        """Serve a template; what is callable in its context is called anew for each page.

        :param scripts: the names of the actions that scripts may call.
        """
        template = body + "{{ serveractions_script(*callable_by_scripts) }}"

        def view() -> str:
            self.visits.append(path)
            values = {name: value() if callable(value) else value for name, value in context.items()}
            body = render_template_string(template, callable_by_scripts=scripts, **values)
            return HEAD.format(render_template_string(title, **values), self.head, body)

        self.app.add_url_rule(path, path, view)

    def gate(self, name: str) -> threading.Event:
        return self.gates.setdefault(name, threading.Event())

    def wait(self, name: str) -> None:
        """Hold a function until the test opens the gate."""
        assert self.gate(name).wait(BLOCKED_SECONDS), f"the gate {name!r} was never opened"

    def open_gates(self) -> None:
        for gate in self.gates.values():
            gate.set()


class Proxy:
    """Stands before an app, and answers in its place where a test says so."""

    def __init__(self, app: Callable[..., Any], instead: Mapping[str, tuple[int, dict[str, str], str]]) -> None:
        self.app, self.instead = app, instead

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        name = environ["QUERY_STRING"].partition("_action=")[2].partition("/")[0]
        if environ["REQUEST_METHOD"] != "POST" or name not in self.instead:
            return self.app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, headers, body = self.instead[name]
        return Response(body, status, headers)(environ, start_response)


def watch(page: Page) -> list[str]:
    """Note what goes wrong in a page: uncaught errors, console errors, violations of its policy."""
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ANSWERED):
            problems.append(message.text)

    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", note)
    page.add_init_script(SPY)
    return problems


def open_page(page: Page, path: str) -> None:
    """Open a page and wait until the client has run."""
    page.goto(path, wait_until="load")  # modules run before it


def press(page: Page, n: int = 1) -> None:
    """Press the button, and wait for the page that says ``n``."""
    page.evaluate("document.querySelector('#go').click()")
    expect(page.locator(f'main[data-n="{n}"]')).to_have_count(1)


def await_events(page: Page, kind: str, count: int) -> None:
    expect(page.locator("html")).to_have_attribute(f"data-{kind}", str(count))


def events(page: Page) -> list[list[Any]]:
    """Return the events that reached document: kind, action, element, what it carried."""
    return page.evaluate("window.events")


def kinds(page: Page) -> list[str]:
    return [kind for kind, *_ in events(page)]
