"""``serveractions_script``: the element that loads the client, and what else a page asks of the browser."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from flask import after_this_request, request
from markupsafe import Markup

from ..app_state import AppState, gettext_in, state_of
from ..forms.inputs import render_attributes
from ..http.messages import CLIENT
from ..scope import running_app
from ..security.access import NOBODYS
from ..security.origin import token_field, token_header, wants_token
from ..security.signing import digest
from ..wsgi.prefetch import add_rules
from .page_forms import csrf_token, page_forms, who_for
from .templates import Action, action_url, find

if TYPE_CHECKING:
    from flask import Flask


def serveractions_script(
    *names: Action, nonce: str | None = None, prefetch: bool = False, transitions: bool = False
) -> Markup:
    """Return the element that loads the client.

    :param names: the actions that scripts may call by name.
    :param nonce: where the page's policy lets scripts in by a nonce alone (CSP3, ``'strict-dynamic'``).
    :param prefetch: let browsers fetch pages of the app when the pointer rests on their links; one that
        ``data-prefetch="false"`` stands on is exempt.
    :param transitions: let browsers show the change from one page to the next, and from an old state to a new one.
    :raises LookupError: no action has such a name.
    """
    app = running_app()
    state = state_of(app)
    urls = {find(name)[1].name: action_url(name) for name in names}
    token = csrf_token(app) if wants_token(app.config) else None
    forms = page_forms()
    if prefetch:
        after_this_request(add_rules)
    attributes = {
        "type": "module",
        "src": f"{request.root_path}{state.settings.url_prefix}/client.js?v={state.client_version}",
        "id": "serveractions",
        "nonce": nonce,
        "data-token": token,
        "data-field": token_field(app.config),
        "data-header": token_header(app.config),
        "data-actions": json.dumps(urls),
        "data-who": who_for(forms, state, NOBODYS, {}),
        "data-texts": client_texts(app),
        "data-transitions": transitions,
    }
    style = style_of_transitions(state) if transitions else ""
    return Markup("{}<script {}></script>").format(style, render_attributes(attributes))


def client_texts(app: Flask) -> str | None:
    """Return what the client says by itself in the visitor's language, as JSON by the English texts.

    None where that is English, or nobody knows which it is.
    """
    gettext = gettext_in(app)
    if gettext is None:
        return None
    texts = {text: said for text in CLIENT if (said := gettext(text)) != text}
    return json.dumps(texts) if texts else None


class Style(NamedTuple):
    """A style sheet of ours."""

    text: str
    version: str


@cache
def transitions_style() -> Style:
    text = files("flask_serveractions").joinpath("static").joinpath("transitions.css").read_text()
    return Style(text, digest(text, 12))


def style_of_transitions(state: AppState) -> Markup:
    url = f"{request.root_path}{state.settings.url_prefix}/transitions.css?v={transitions_style().version}"
    return Markup('<link rel="stylesheet" href="{}">\n').format(url)


def install(app: Flask) -> None:
    """Give an app's templates the helper."""
    app.jinja_env.globals["serveractions_script"] = serveractions_script
