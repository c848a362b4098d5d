"""Forms that something of the app's reads before a door does: parsed by our rules, not by Werkzeug's lenient ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from flask import Flask, request, request_started

from ..app_state import AppState
from ..arguments.bodies import EMPTY, MULTIPART, READ_EARLY, URLENCODED, read_multipart, read_urlencoded
from ..errors import Refusal
from ..security.origin import SAFE_METHODS
from .own_views import wraps_own
from .resources import known_operation

if TYPE_CHECKING:
    from flask import Request

    from ..operation import Operation


class StrictFormParser:
    """Stands in for Werkzeug's parser in one request; a form that can't be read whole is empty until the door says why.

    :param limit: bytes.
    """

    def __init__(self, asked: Request, limit: int, **_: Any) -> None:
        self.asked = asked
        self.limit = limit

    def parse(self, stream: IO[bytes], mimetype: str, *_: Any) -> tuple[IO[bytes], Any, Any]:
        if mimetype not in (MULTIPART, URLENCODED):
            return stream, EMPTY, EMPTY
        read = read_multipart if mimetype == MULTIPART else read_urlencoded
        try:
            form, files = read(self.asked, self.limit)
        except Refusal as refusal:
            self.asked.environ[READ_EARLY] = refusal
            return BytesIO(), EMPTY, EMPTY
        self.asked.environ[READ_EARLY] = None
        return BytesIO(), form, files


def parse_strictly(app: Flask, state: AppState) -> None:
    """Let ``request.form`` say at our doors what the doors read, whoever asks for it first."""
    ours = frozenset(endpoint for endpoint, view in app.view_functions.items() if wraps_own(view))
    actions = {operation.endpoint: operation for operation in state.actions.values()}
    state.prepare_form = partial(prepare, state, ours, actions)
    request_started.connect(state.prepare_form, app)  # weakly: a signal would keep the app for ever


def prepare(state: AppState, ours: frozenset[str], actions: Mapping[str, Operation], app: Flask, **_: Any) -> None:
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    if asked.method in SAFE_METHODS or asked.endpoint not in ours:
        return
    operation = known_operation(state, asked.url_rule, asked.method) or actions.get(asked.endpoint or "")
    own = operation.max_content_length if operation is not None else None
    limit = state.settings.max_content_length if own is None else own
    asked.form_data_parser_class = partial(StrictFormParser, asked, limit)  # type: ignore[assignment]
