"""``flask actions``: what looks at all operations of an app from the command line."""

from __future__ import annotations

import inspect
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext
from marshmallow import ValidationError, fields

from .app_state import AppState, state_of
from .arguments.bound_arguments import bound_payload
from .openapi.page import openapi_command
from .openapi.typescript import typescript_command
from .operation import ACTION, Operation, Parameter, Source
from .pages.templates import find
from .scope import running_app
from .security.signing import sign_id
from .shared.caching import Entry, entries
from .shared.revalidation import tag_names
from .startup import all_operations, compile_operations, start
from .stores.store import StoreUnavailable

ANYBODY, IDENTITY, REQUIREMENT, SENDER = "everybody", "any identity", "requires", "the sender, by its signature"
UNTAGGED = "-"
OPEN = "everybody: not marked @public"
NARROWEST = 8  # columns of a terminal
HINTS: Mapping[Source, str] = {
    Source.BOUND: "signed",
    Source.PATH: "path",
    Source.QUERY: "query",
    Source.HEADER: "header",
    Source.COOKIE: "cookie",
    Source.FILE: "file",
}

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

Row = tuple[str, ...]


def without_traceback(command: Callable[..., None]) -> Callable[..., None]:
    """Tell a mistake of the app in one line, without a traceback; the exit code is 1."""

    @wraps(command)
    def wrapper(**arguments: Any) -> None:
        try:
            command(**arguments)
        except (LookupError, RuntimeError, StoreUnavailable, TypeError, ValueError) as error:
            raise click.ClickException(str(error.args[0] if error.args else error)) from error

    return wrapper


@click.command("list")
@as_json
@with_appcontext
@without_traceback
def list_operations(as_json: bool) -> None:
    """List every action and every method of every resource.

    "signed" arguments come from the ID, which only a page of this app can make; one with "?" may be left out. On a
    terminal the table is as wide as that, and what is too long is cut; --json cuts nothing.

    \b
    Example:
      flask actions list --json

    \b
    Exit codes:
      0  they are listed
      1  the app has a mistake that keeps it from being compiled
      2  the command line is wrong
    """
    app, state = app_and_state()
    compile_operations(app, state)
    operations = all_operations(state)
    if as_json:
        print_json([operation_as_json(state, each) for each in operations])
    else:
        rows = [(*names_of(state, each), ", ".join(map(format_parameter, each.parameters))) for each in operations]
        print_table(("KIND", "NAME", "METHOD", "URL", "ARGUMENTS"), rows)


@click.command("audit")
@as_json
@with_appcontext
@without_traceback
def audit(as_json: bool) -> None:
    """Say who may call each action and resource.

    It fails where one is open that nobody marked @public: run it before each deployment.

    \b
    Example:
      flask actions audit

    \b
    Exit codes:
      0  each is closed, or marked @public
      1  one is open, or the app can't start as it is
      2  the command line is wrong
    """
    app, state = app_and_state()
    start(app, state)
    operations = all_operations(state)
    ajar = [each for each in operations if access_of(state, each) == OPEN]
    if as_json:
        shown = [
            {**operation_as_json(state, each), "who": access_of(state, each), "open": each in ajar}
            for each in operations
        ]
        print_json(shown)
    else:
        rows = [(*names_of(state, each), access_of(state, each)) for each in operations]
        print_table(("KIND", "NAME", "METHOD", "URL", "WHO MAY CALL"), rows)
    if ajar:
        raise click.ClickException(
            f"{len(ajar)} of {len(operations)} are open and not marked @public."
            " Close them by a hook, @actions.auth_hook, or mark them."
        )


@click.command("sign")
@click.argument("name")
@click.argument("bound", nargs=-1, metavar="[KEY=VALUE]...")
@as_json
@with_appcontext
@without_traceback
def sign(name: str, bound: Sequence[str], as_json: bool) -> None:
    """Make the URL of an action that belongs to no visitor.

    NAME is the action's, KEY=VALUE its bound arguments; a key may be repeated for a list. The app accepts such a URL
    only where SERVERACTIONS_BIND_SESSION is False; origin, CSRF token and auth hook are checked as for any other.

    \b
    Example:
      flask actions sign delete_todo todo_id=7

    \b
    Exit codes:
      0  the URL is made
      1  there is no such action, or the arguments are not those that are bound
      2  the command line is wrong
    """
    state, operation = find(name)
    payload = bound_payload(operation, bound_values(operation, bound))
    signed = sign_id(state.signing.ring, operation.name, payload, "", state.settings.max_age)
    url = f"{state.settings.url_prefix}/{operation.name}/{signed}"
    if as_json:
        print_json({"name": operation.name, "url": url, "accepted": not state.settings.bind_session})
    else:
        click.echo(url)
    if state.settings.bind_session:
        click.echo(
            "This app does not accept it: SERVERACTIONS_BIND_SESSION is True, and it belongs to no visitor.", err=True
        )


@click.command("cache")
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@click.option("--clear", is_flag=True, help="Forget what is stored, in every process at once.")
@as_json
@with_appcontext
@without_traceback
def cache(tags: Sequence[str], clear: bool, as_json: bool) -> None:
    """Show what @cached functions have stored.

    By tag: of the tags that are named, or of all. A value that is not fresh was revalidated: it is computed anew when
    it is asked for.

    \b
    Example:
      flask actions cache todos --clear

    \b
    Exit codes:
      0  it is shown, or cleared
      1  the store is away, or broken
      2  the command line is wrong
    """
    _, state = app_and_state()
    found = [entry for entry in entries(state.store) if not tags or set(tags) & set(entry.tags)]
    if clear:
        state.store.bump(tag_names(tags)) if tags else state.store.clear()
        print_json({"cleared": len(found)}) if as_json else click.echo(f"{len(found)} cleared.")
    elif as_json:
        print_json([entry._asdict() for entry in found])
    else:
        print_table(("TAG", "FUNCTION", "VALUES", "FRESH", "SIZE"), rows_by_tag(found, tags))


COMMANDS: Mapping[str, click.Command] = {
    command.name: command
    for command in (list_operations, audit, openapi_command, typescript_command, sign, cache)
    if command.name is not None
}


def app_and_state() -> tuple[Flask, AppState]:
    app = running_app()
    return app, state_of(app)


def access_of(state: AppState, operation: Operation) -> str:
    """Return who may call an operation, for people."""
    if operation.verifier is not None:
        return SENDER
    if operation.public:
        return ANYBODY
    if state.hook is None:
        return OPEN
    if operation.requires:
        return f"{REQUIREMENT} {', '.join(sorted(operation.requires))}"
    return IDENTITY


def url_of(state: AppState, operation: Operation) -> str:
    if operation.kind == ACTION:
        return f"{state.settings.url_prefix}/{operation.name}/<signature>"
    return operation.rule


def names_of(state: AppState, operation: Operation) -> Row:
    return operation.kind, operation.name, operation.method, url_of(state, operation)


def format_parameter(parameter: Parameter) -> str:
    """Return an argument for people: ``todo_id (signed)``, ``completed? (query)``."""
    hint = HINTS.get(parameter.source)
    name = parameter.key if parameter.required else f"{parameter.key}?"
    return f"{name} ({hint})" if hint else name


def operation_as_json(state: AppState, operation: Operation) -> dict[str, Any]:
    """Return an operation for programs."""
    code = getattr(inspect.unwrap(operation.function), "__code__", None)  # not the decorator's
    return {
        "kind": operation.kind,
        "name": operation.name,
        "method": operation.method,
        "url": url_of(state, operation),
        "arguments": [
            {"name": each.key, "from": each.source.value, "required": each.required} for each in operation.parameters
        ],
        "public": operation.public,
        "requires": sorted(operation.requires),
        "file": code and code.co_filename,
        "line": code and code.co_firstlineno,
    }


def bound_values(operation: Operation, pairs: Sequence[str]) -> dict[str, Any]:
    """Return bound arguments as Python has them, from ``key=value`` as the command line has them.

    :raises click.BadParameter: no pair, or not a value of that argument.
    """
    texts: dict[str, list[str]] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key:
            raise click.BadParameter(f"{pair!r} is no KEY=VALUE.")
        texts.setdefault(key, []).append(text)
    known = {parameter.name: parameter for parameter in operation.bound}
    return {key: load_bound_argument(known[key], given) if key in known else given for key, given in texts.items()}


def load_bound_argument(parameter: Parameter, texts: list[str]) -> Any:
    field = parameter.text
    if field is None:
        return texts
    is_list = isinstance(field, fields.List)
    if len(texts) > 1 and not is_list:
        raise click.BadParameter(f"{parameter.name} is given {len(texts)} times, and is no list.")
    try:
        return field.deserialize(texts if is_list else texts[-1])
    except ValidationError as error:
        raise click.BadParameter(f"{parameter.name}={texts[-1]}: {' '.join(map(str, error.messages))}") from error


def rows_by_tag(found: Sequence[Entry], tags: Sequence[str]) -> list[Row]:
    """Return a row for each tag and function. A value of several tags counts for each of them.

    :param tags: the only ones to show; none for all.
    """
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in found:
        for tag in entry.tags or (UNTAGGED,):
            if not tags or tag in tags:
                groups.setdefault((tag, entry.function), []).append(entry)
    return [
        (*group, str(len(values)), str(sum(each.fresh for each in values)), str(sum(each.size for each in values)))
        for group, values in sorted(groups.items())
    ]


def print_json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, default=str))


def print_table(headers: Row, rows: Sequence[Row]) -> None:
    """Print a table; on a terminal no wider than that."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in format_table(headers, rows, width):
        click.echo(line)


def format_table(headers: Row, rows: Sequence[Row], width: int | None) -> Iterator[str]:
    """Yield the lines of a table.

    :param width: in columns; None for as many as it takes.
    """
    lines = [headers, *(tuple(map(printable, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    while width is not None and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    for line in lines:
        yield "  ".join(truncate(cell, limit).ljust(limit) for cell, limit in zip(line, widths, strict=True)).rstrip()


def printable(text: str) -> str:
    """Return a text without what a terminal would obey: a tag may hold what a visitor has sent."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def truncate(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
