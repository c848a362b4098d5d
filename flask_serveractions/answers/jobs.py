"""A background job as its owner sees it, and the answer that tells of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from werkzeug.datastructures import Headers

from ..http.negotiation import JSON
from ..jobs.records import DONE, FAILED, SHOWN
from ..pages.page_forms import token_input
from ..scope import running_app
from .json_texts import to_json
from .responses import close_to_caches

if TYPE_CHECKING:
    from flask import Flask, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A background job, as it was when it was asked for; its URL tells how it goes on.

    ``url`` is a path with ``SCRIPT_NAME``, ``action`` the name of the action that runs. ``state`` is ``"queued"``,
    ``"running"``, ``"done"`` or ``"failed"``; ``done``, ``total`` and ``message`` are those of the last
    :class:`Progress`. ``data`` is what the function returned, JSON-ready; ``error`` is problem details (RFC 9457).
    """

    url: str
    action: str
    state: str
    done: float = 0
    total: float | None = None
    message: str = ""
    data: Any = None
    error: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        return self.state in (DONE, FAILED)

    @property
    def hidden_fields(self) -> Markup:
        """Return what a form needs that cancels the job by POST to its URL: the CSRF token, as hidden inputs."""
        return Markup(token_input(running_app()))  # noqa: S704  # escaped there

    def to_json(self) -> dict[str, Any]:
        """Return what the job's URL answers: ``{"state", "done", "total", "message", "data", "error"}``."""
        return {name: getattr(self, name) for name in SHOWN}


def accepted(app: Flask, job: Job, status: int | None = None, headers: Headers | None = None) -> Response:
    """Return 202 with ``Location`` and ``{"job": {"url", "state", …}}`` (RFC 9110, 15.3.3)."""
    body = f"{to_json(app, {'job': {'url': job.url, **job.to_json()}})}\n"
    response = app.response_class(body, status or 202, headers, content_type=JSON)
    response.headers["Location"] = job.url
    close_to_caches(response)
    return response
