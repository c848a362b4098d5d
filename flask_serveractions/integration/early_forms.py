"""Forms that something of the app's reads before a door does: parsed by our rules, not by Werkzeug's lenient ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from flask import Flask

from ..app_state import AppState
from ..arguments.bodies import EMPTY, READ_EARLY, read_multipart, read_urlencoded
from ..errors import Refusal
from ..http.negotiation import MULTIPART, URLENCODED
from ..views.own_views import wraps_own
from ..views.resources import known_operation

if TYPE_CHECKING:
    from flask import Request

    from ..operation import Operation


class StrictFormParser:
    """Stands in for Werkzeug's parser in one request; a form that can't be read whole is empty until the door says why.

    :param limit_of: gives the greatest size of a request's body, in bytes.
    :param asked: the request, which makes its parser itself: it is there.
    """

    def __init__(self, limit_of: Callable[[Request], int], asked: ReferenceType[Request], **_: Any) -> None:
        self.limit_of = limit_of
        self.asked: Request = asked()  # type: ignore[assignment]

    def parse(self, stream: IO[bytes], mimetype: str, *_: Any) -> tuple[IO[bytes], Any, Any]:
        if mimetype not in (MULTIPART, URLENCODED):
            return stream, EMPTY, EMPTY
        read = read_multipart if mimetype == MULTIPART else read_urlencoded
        try:
            form, files = read(self.asked, self.limit_of(self.asked))
        except Refusal as refusal:
            self.asked.environ[READ_EARLY] = refusal
            return BytesIO(), EMPTY, EMPTY
        self.asked.environ[READ_EARLY] = None
        return BytesIO(), form, files


def strict_parsing(app: Flask, state: AppState) -> Callable[[Request], None]:
    """Return the step that lets ``request.form`` say at our doors what the doors read, whoever asks for it first."""
    ours = frozenset(endpoint for endpoint, view in app.view_functions.items() if wraps_own(view))
    actions = {operation.endpoint: operation for operation in state.actions.values()}
    return partial(parse_strictly, ours, partial(limit_of, state, actions))


def parse_strictly(ours: frozenset[str], limit_of: Callable[[Request], int], asked: Request) -> None:
    if asked.endpoint in ours:
        # weakly: a request that held itself would stay, with its body, until the garbage collector comes
        asked.form_data_parser_class = partial(StrictFormParser, limit_of, ref(asked))  # type: ignore[assignment]


def limit_of(state: AppState, actions: Mapping[str, Operation], asked: Request) -> int:
    operation = known_operation(state, asked.url_rule, asked.method) or actions.get(asked.endpoint or "")
    own = operation.max_content_length if operation is not None else None
    return state.settings.max_content_length if own is None else own
