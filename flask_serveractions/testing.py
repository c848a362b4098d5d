"""Calling actions in tests: by a form as a browser without JavaScript sends it, or as the JavaScript client does.

A pytest plugin as well: its fixture ``actions_client`` needs a fixture ``app``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, Request, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse

from .app_state import state_of
from .arguments.loading import load_bound
from .errors import Refusal
from .html_forms import Control, Form, as_text, forms_in, is_file
from .http.negotiation import MULTIPART
from .http.page_arguments import without_action
from .operation import Operation
from .pages.templates import Action, action_url, find
from .scope import running_session
from .security import origin
from .security.signing import load_payload, random_key
from .security.visitors import remember_session

BROWSER_ACCEPTS = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NO_FILE_TYPE = "application/octet-stream"  # what browsers say of a file input that was left empty


@dataclass(frozen=True, slots=True, kw_only=True)
class FormOnPage:
    """A form of a page that calls an action."""

    form: Form
    buttons: list[Control]  # those that send it there
    url: str
    bound: Mapping[str, Any]


class ActionsClient(FlaskClient):
    """A test client that calls actions: the fixture ``actions_client``, or set as ``app.test_client_class``.

    Each client is a visitor of its own, with a session.
    """

    def call_action(self, action: Action, page: str | None = None, /, **arguments: Any) -> TestResponse:
        """Call an action as the JavaScript client does, with a valid ID, token and idempotency key.

        ``.json`` of the response is ``{"data", "redirect", "revalidated", "messages", "page"}``, or problem details.

        :param action: its name, or the function.
        :param page: where the call comes from, a path of the app; by default it comes from no page, and brings none.
        :param arguments: bound ones are signed, others sent as JSON; with a file among them, as a form.
        :raises LookupError: no action has this name.
        :raises TypeError: a bound argument is missing, or of the wrong type.
        """
        operation = self.operation_of(action)
        bound = {each.name: arguments.pop(each.name) for each in operation.bound if each.name in arguments}
        with self.page_request(page or "/") as asked:
            url = action_url(operation.name, **bound)
            if page is None:
                url = direct_url(state_of(self.application).settings.url_prefix, asked.root_path, url)
            headers = {**token_header(self.application), "Idempotency-Key": random_key(), "Accept": "application/json"}
            headers |= {"Origin": asked.host_url[:-1], "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
        return self.post(url.removeprefix(asked.root_path), headers=headers, **body_with(plain(arguments)))

    def submit(self, page: TestResponse | str, action: Action, /, **fields: Any) -> TestResponse:
        """Fill in the form of an action and send it as a browser without JavaScript does; returns the response to that.

        :param page: a response whose body is HTML, or HTML.
        :param action: its name, or the function.
        :param fields: values by name: a text, a list of them, True or False for a box, a file or ``(stream, name)``,
            None to leave one out; nested names go in by ``**{"address.city": "Oslo"}``. One that is bound chooses among
            several forms of the action where one of them is bound to it, else it is posted as a field. One that is a
            button's name and value presses that button.
        :raises LookupError: the page has no such form, or several.
        """
        operation = self.operation_of(action)
        with self.page_request() as asked:
            page_url, base_url = asked.url, asked.url_root
        html = page if isinstance(page, str) else page.text
        if not isinstance(page, str):
            page_url, base_url = page.request.url, page.request.url_root
        forms = list(self.forms_of(operation, html, page_url))
        if not forms:
            shown = "The page" if isinstance(page, str) else f"The page {page.request.path!r} ({page.status})"
            raise LookupError(
                f"{shown} has no form that calls {operation.name!r}. Write it with action_form or action_url."
            )
        found = choose_form(operation, forms, fields)
        button = next((each for each in found.buttons if each.name and fields.get(each.name) == each.value), None)
        if button is not None:
            fields.pop(button.name)
        for name, value in fields.items():
            found.form.fill(name, value)
        pressed = button or next(iter(found.buttons), None)
        enctype = found.form.sent_by(pressed)[2]
        return self.post(
            found.url.removeprefix(base_url.rstrip("/")),
            base_url=base_url,
            data=MultiDict(body_of(found.form, pressed, enctype)),
            content_type=enctype,
            headers=browser_headers(page_url),
        )

    def operation_of(self, action: Action) -> Operation:
        with self.application.app_context():
            return find(action)[1]

    def forms_of(self, operation: Operation, html: str, page_url: str) -> Iterator[FormOnPage]:
        """Yield the forms of a page that call an action, by their own ``action`` or by a button's ``formaction``."""
        for form in forms_in(html):
            targets: dict[str, list[Control]] = {}
            for button in [None, *form.buttons]:
                target, method, _ = form.sent_by(button)
                if method == "post":
                    targets.setdefault(target, []).extend(filter(None, [button]))
            for target, buttons in targets.items():
                url = urljoin(page_url, target)
                called = without_action(urlsplit(url).query)[1]
                if called is not None and called.name == operation.name:
                    yield FormOnPage(
                        form=form, buttons=buttons, url=url, bound=load_signed_id(operation, called.signed)
                    )

    @contextmanager
    def page_request(self, page: str = "/") -> Iterator[Request]:
        """Give the request in which a page is rendered for this visitor; the session is kept."""
        app = self.application
        context = app.test_request_context(page, environ_base=self.environ_base)
        self._add_cookies_to_wsgi(context.request.environ)
        with context:
            yield context.request
            response = app.response_class()
            if not app.session_interface.is_null_session(running_session()):
                remember_session(session)
                app.session_interface.save_session(app, session, response)
        host, path = context.request.host.partition(":")[0], context.request.path
        self._update_cookies_from_response(host, path, response.headers.getlist("Set-Cookie"))


def direct_url(url_prefix: str, root_path: str, url: str) -> str:
    """Return the URL that calls the action of a page's URL without a page."""
    called = without_action(urlsplit(url).query)[1]
    return f"{root_path}{url_prefix}/{called.name}/{called.signed}" if called is not None else url


def token_header(app: Flask) -> dict[str, str]:
    """Return the header that carries the CSRF token, where the app wants one."""
    return {origin.token_header(app.config): generate_csrf()} if origin.wants_token(app.config) else {}


def browser_headers(page_url: str) -> dict[str, str]:
    parts = urlsplit(page_url)
    return {
        "Accept": BROWSER_ACCEPTS,
        "Origin": f"{parts.scheme}://{parts.netloc}",
        "Referer": page_url,
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": "same-origin",
    }


def load_signed_id(operation: Operation, signed: str) -> Mapping[str, Any]:
    """Return the bound arguments of an ID, not verified, as the function would get them."""
    payload = load_payload(signed.partition(".")[0]) or {}
    try:
        return load_bound(operation, payload)
    except Refusal:
        return payload


def choose_form(operation: Operation, found: list[FormOnPage], fields: dict[str, Any]) -> FormOnPage:
    """Return the form that is meant; bound arguments that chose it are taken out of the fields."""
    several = found
    for parameter in operation.bound:
        name = parameter.name
        if name not in fields:
            continue
        matching = [each for each in several if as_text(each.bound.get(name)) == as_text(fields[name])]
        if matching:
            several = matching
            del fields[name]
    different = {repr(each.bound): each for each in several}
    if len(different) > 1:
        raise LookupError(
            f"The page has {len(different)} forms that call {operation.name!r}, bound to {', '.join(different)}."
            " Say which: give the bound arguments."
        )
    return several[0]


def body_of(form: Form, button: Control | None, enctype: str) -> Iterator[tuple[str, Any]]:
    """Yield what is posted: an empty file input is an empty part, outside of multipart a file is its name."""
    multipart = enctype == MULTIPART
    inputs = {each.name for each in form.controls if each.kind == "file" and each.value == ""}
    for name, value in form.entries(button):
        if is_file(value):
            yield name, value if multipart else filename_of(value)
        else:
            yield (
                name,
                FileStorage(BytesIO(), "", content_type=NO_FILE_TYPE)
                if multipart and value == "" and name in inputs
                else value,
            )


def filename_of(file: Any) -> str:
    name = file[1] if isinstance(file, tuple) else getattr(file, "filename", None) or getattr(file, "name", "")
    return str(name)


def plain(value: Any) -> Any:
    """Return an argument as a script sends it in JSON; a file as it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and not is_file(value):
        return [plain(each) for each in value]
    return next((convert(value) for kind, convert in AS_JSON if isinstance(value, kind)), value)


AS_JSON: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: plain(value.value)),
    ((dt.date, dt.time), lambda value: value.isoformat()),
    (dt.timedelta, dt.timedelta.total_seconds),
    ((decimal.Decimal, uuid.UUID), str),
)


def body_with(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a call sends: JSON, or a form where a file is among the arguments."""
    pairs = list(flat_fields(arguments))
    if any(is_file(value) for _, value in pairs):
        return {"data": MultiDict(pairs), "content_type": MULTIPART}
    return {"data": json.dumps(arguments), "content_type": "application/json"}


def flat_fields(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested arguments by dotted names, as the JavaScript client fills a form with them."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from flat_fields(each, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from flat_fields(each, f"{name}.{index}" if isinstance(each, Mapping) else name)
    elif value is not None:
        yield name, value if is_file(value) else as_text(value)


@pytest.fixture
def actions_client(app: Flask) -> ActionsClient:
    """Return a client of the app that the fixture ``app`` gives."""
    return ActionsClient(app, app.response_class, use_cookies=True)
