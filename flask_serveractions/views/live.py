"""The view of Live: a connection that says which of a page's tags are stale."""

from __future__ import annotations

from flask import Response, current_app, request, session

from ..app_state import AppState, state_of
from ..http.concurrency import serves_others
from ..http.negotiation import EVENTS
from ..operation import SENDS_NO_COOKIES
from ..pages.topics import tags_of_topic
from ..scope import running_app
from ..security.access import who_is_there
from ..security.visitors import Session, unchanged_visitor
from ..shared.live import RENEW, parse_position
from ..shared.streams import STREAM_HEADERS

MOST_TOPICS = 50  # of one page
LONGEST = 64  # characters of a position


def live_view() -> Response:
    """Answer with the events of the topics that are asked for; where one is void, with the advice to renew the page.

    The answer's body needs no context: the request's own is over before it waits for anything.
    """
    state = state_of(current_app)
    request.environ[SENDS_NO_COOKIES] = True
    visitor = visitor_asking(state, session)
    tags = tags_asked_for(state, visitor)
    if tags is None:
        body = iter([RENEW])
    else:
        known = request.headers.get("Last-Event-ID") or request.args.get("since", "")
        is_browser = "Sec-Fetch-Site" in request.headers  # programs do not send it
        can_wait = serves_others(request.environ)
        body = state.live.events(tags, parse_position(known[:LONGEST]), can_wait, visitor or None, is_browser)
    response: Response = current_app.response_class(body, content_type=EVENTS, headers=dict(STREAM_HEADERS))
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def tags_asked_for(state: AppState, visitor: str | None) -> list[str] | None:
    """Return the tags of all topics; None where one of them is void for whoever asks."""
    topics = request.args.getlist("topic")[:MOST_TOPICS]
    found = [tags_of_topic(state, topic, visitor) for topic in topics]
    if not found or None in found:
        return None
    return list(dict.fromkeys(tag for tags in found for tag in tags or ()))


def visitor_asking(state: AppState, asking: Session) -> str | None:
    """Return the key that topics are bound to; None for somebody who has none, or is not who they were."""
    if not state.settings.bind_session:
        return ""
    hook = state.hook
    app = running_app()
    try:
        return unchanged_visitor(asking, lambda: who_is_there(app, hook) if hook is not None else None) or None
    except TypeError:  # an identity that can't be told from others: the page will say so
        return None
