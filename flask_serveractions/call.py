"""One call of an operation: what came, and what is known of who asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from sys import maxsize
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .http.locations import mounted
from .http.negotiation import is_htmx, wants_html
from .operation import ACTION, MiddlewareState, Operation
from .scope import running_session
from .security.origin import token_field
from .security.visitors import session_mark

if TYPE_CHECKING:
    from flask import Flask, Request

    from .app_state import AppState
    from .arguments.bodies import Received
    from .errors import Refusal


class Call:
    """What the steps of the pipeline share; each view fills in what it knows."""

    function: Any = None  # what is called: the operation's, or a method bound to its view
    view: Any = None  # routes: the instance of the class
    path_values: Mapping[str, Any] = MappingProxyType({})
    siblings: Mapping[str, Operation] = MappingProxyType({})  # routes: the operations of the resource, by method
    name: str = ""  # actions: as the URL has it
    signed: str = ""  # actions: the signed ID
    page: str = "/"  # actions: where the form stood: path and query, without the mount point
    has_page: bool = False  # actions: the call came from a page, which may be rendered again
    ordinal: str = ""  # actions: "2" for the second of equal forms of the page
    is_verified: bool = False  # actions: the ID is genuine
    middleware: MiddlewareState | None = None  # actions: with the middleware
    payload: str = ""  # actions: the ID's readable part; not verified
    received: Received | None = None
    unreadable: Refusal | None = None  # why the body can't be read: what is left of it is no body
    identity: Any = None  # what the auth hook gave
    in_stream: bool = False  # the headers are sent
    flashed: int = maxsize  # messages in the session before the function ran; until it does none is its own

    def __init__(self, app: Flask, state: AppState, request: Request, operation: Operation | None, kind: str) -> None:
        self.app = app
        self.state = state
        self.request = request
        self.operation = operation  # None: no action has this name
        self.is_action = kind == ACTION

    @cached_property
    def html(self) -> bool:
        """Whether a browser without JavaScript asked, or htmx, which wants what such a browser gets."""
        return wants_html(self.accept) or (self.is_action and is_htmx(self.request.environ))

    @property
    def accept(self) -> str:
        accept: str = self.request.environ.get("HTTP_ACCEPT", "")
        return accept

    @cached_property
    def session(self) -> Any:
        return running_session()

    @property
    def session_mark(self) -> str:
        """Return what tells this session from others, for what belongs to somebody of whom nothing else is known."""
        return session_mark(self.session, token_field(self.app.config))

    @property
    def label(self) -> str:
        return self.operation.name if self.operation else self.name

    @property
    def limit(self) -> int:
        """Return the greatest size of a body, in bytes; an action's own counts for a genuine ID alone."""
        own = self.operation.max_content_length if self.operation and (self.is_verified or not self.is_action) else None
        return self.state.settings.max_content_length if own is None else own

    @property
    def cookie_root(self) -> str:
        """Return what browsers see before the path: the mount point, also one that a proxy keeps to itself."""
        return self.request.root_path or self.app.session_interface.get_cookie_path(self.app).rstrip("/")

    @property
    def page_url(self) -> str:
        """Return the page with its mount point."""
        return mounted(self.request.root_path, self.page)
