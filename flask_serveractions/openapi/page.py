"""The OpenAPI document: served, printed, and shown on a page to read and try it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, NamedTuple

import click
from flask import Flask, Response, current_app, request
from flask.cli import with_appcontext
from jinja2 import Environment

from ..app_state import AppState, state_of
from ..http.negotiation import HTML_UTF8, JSON
from ..scope import running_app
from ..security.signing import digest
from ..startup import start
from ..views.served_files import ASKED_EACH_TIME, CSS, FOR_GOOD, SCRIPT, STATIC, file_answer, is_asked_for

EXTRA = "pip install 'flask-serveractions[openapi]'"
MODULES = ("docs.js", "elements.js", "requests.js", "schemas.js")
ASSETS = {"docs.css": CSS, "icon.svg": "image/svg+xml", **dict.fromkeys(MODULES, SCRIPT)}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def is_installed() -> bool:
    """Whether apispec, which makes the document, is there."""
    return find_spec("apispec") is not None


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an app, JSON-ready. From now on nothing more can be registered.

    :param app: one with a :class:`~flask_serveractions.ServerActions`.
    :raises RuntimeError: apispec is not installed, or the app can't start as it is.
    """
    if not is_installed():
        raise RuntimeError(f"The OpenAPI document needs apispec: {EXTRA}.")
    from .builder import build

    state = state_of(app)
    start(app, state)
    return build(app, state)


def mount(app: Flask, state: AppState) -> None:
    """Serve the document, and the page to read it, where the settings say.

    :raises ValueError: a page without apispec, without a document, or at the document's URL.
    """
    url, docs = state.settings.openapi_url, state.settings.docs
    if docs is not None and not is_installed():
        raise ValueError(f"SERVERACTIONS_DOCS is {docs!r}, and the page needs apispec: {EXTRA}. Or set None.")
    if docs is not None and url is None:
        raise ValueError(f"SERVERACTIONS_DOCS is {docs!r}, and SERVERACTIONS_OPENAPI_URL is None. The page reads it.")
    if docs is not None and docs == url:
        raise ValueError(f"SERVERACTIONS_DOCS is {docs!r}, and so is SERVERACTIONS_OPENAPI_URL. Give two paths.")
    if url is not None and is_installed():
        app.add_url_rule(url, "serveractions-openapi", document_view(app))
    if docs is not None:
        app.add_url_rule(docs, "serveractions-docs", page)
        app.add_url_rule(f"{docs}/<any({','.join(map(repr, ASSETS))}):name>", "serveractions-docs-asset", asset)


def document_view(app: Flask) -> Callable[[], Response]:
    """Return a view of the document, which is made at its first request."""

    @lru_cache(maxsize=8)  # mount points, of which a server knows one or two
    def served(root_path: str) -> tuple[str, str]:
        made = {**document(app), "servers": [{"url": root_path or "/"}]}
        body = json.dumps(made, separators=(",", ":"), ensure_ascii=False)
        return body, digest(body, 20)

    def openapi() -> Response:
        body, tag = served(request.root_path)
        return file_answer(body, JSON, ASKED_EACH_TIME, tag)

    return openapi


class Asset(NamedTuple):
    content: bytes
    version: str


@cache
def read_asset(name: str) -> Asset:
    content = STATIC.joinpath("docs").joinpath(name).read_bytes()
    return Asset(content, digest(content.decode(), 12))


@cache
def template() -> Any:
    source = files("flask_serveractions").joinpath("templates").joinpath("docs.html").read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(source)  # not the app's, which may write templates otherwise


def page() -> Response:
    """Show the document."""
    settings = state_of(current_app).settings
    urls = {name: f"{request.root_path}{settings.docs}/{name}?v={read_asset(name).version}" for name in ASSETS}
    body = template().render(
        title=current_app.name,
        document=f"{request.root_path}{settings.openapi_url}",
        icon=urls["icon.svg"],
        style=urls["docs.css"],
        script=urls["docs.js"],
    )
    response = file_answer(body, HTML_UTF8, ASKED_EACH_TIME)
    response.headers.setdefault("Content-Security-Policy", POLICY)
    return response


def asset(name: str) -> Response:
    """Serve the page's scripts, style and icon."""
    found = read_asset(name)
    return file_answer(found.content, ASSETS[name], FOR_GOOD if is_asked_for(found.version) else ASKED_EACH_TIME)


output_option = click.option(
    "--output", type=click.Path(allow_dash=True), metavar="FILENAME", default="-", help="Write it there instead."
)


def write(output: str, text_of: Callable[[Flask], str]) -> None:
    """Write what is made of the running command's app; what can't be made, or written, is told in one line.

    :param output: a file, or ``-``.
    """
    app = running_app()
    try:
        text = text_of(app)
    except (RuntimeError, TypeError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    try:
        with click.open_file(output, "w", encoding="utf-8") as stream:
            stream.write(text)
    except BrokenPipeError:  # whoever read it wants no more: click ends quietly
        raise
    except OSError as error:
        raise click.ClickException(f"{output!r} can't be written: {error.strerror}.") from error


def document_text(app: Flask) -> str:
    return json.dumps(document(app), indent=2, ensure_ascii=False) + "\n"


@click.command("openapi")
@output_option
@with_appcontext
def openapi_command(output: str) -> None:
    """Print the OpenAPI 3.1 document of actions and resources.

    \b
    Example:
      flask actions openapi --output openapi.json

    \b
    Exit codes:
      0  it is written
      1  apispec is missing, the app can't start, or the file can't be written
      2  the command line is wrong
    """
    write(output, document_text)
