"""One call of an operation: what came, and what is known of who asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers

from .operation import ACTION, Exchange, Operation

if TYPE_CHECKING:
    from flask import Flask, Request

    from .bodies import Received
    from .state import AppState


@dataclass(eq=False)
class Call:
    """What the steps of the corridor share; each door fills in what it knows."""

    app: Flask
    state: AppState
    request: Request
    session: Any
    kind: str
    operation: Operation | None  # None: no action has this name
    html: bool  # a browser without JavaScript asked
    function: Any = None  # what is called: the operation's, or a method bound to its view
    path_values: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""  # actions: as the URL has it
    signed: str = ""  # actions: the signed ID
    page: str = "/"  # actions: where the form stood
    exchange: Exchange | None = None  # actions: with the middleware
    payload: str = ""  # actions: the ID's readable part; not verified
    received: Received | None = None
    flashed: int = 0  # messages in the session before the function ran

    @property
    def is_action(self) -> bool:
        return self.kind == ACTION

    @property
    def label(self) -> str:
        return self.operation.name if self.operation else self.name

    @cached_property
    def limit(self) -> int:
        """Return the greatest size of a body, in bytes."""
        own = self.operation.max_content_length if self.operation else None
        return self.state.settings.max_content_length if own is None else own

    @property
    def page_url(self) -> str:
        """Return the page with its mount point."""
        return f"{self.request.root_path}{self.page}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A call that came to nothing, ready to be told to whoever asked."""

    status: int
    message: str
    errors: Mapping[str, list[str]] | None = None
    code: str | None = None
    result: Any = None
    headers: Headers = field(default_factory=Headers)
    stale: bool = False
    login: str | None = None
    instance: str | None = None
    again: bool = False  # the page is rendered again, with what was sent
