"""A client of an app with one action and its form, where tests look at what the form shows and sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, render_template_string

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient


def client_of_form(function: Callable[..., Any], content: str, **context: Any) -> ActionsClient:
    """Return a client of an app whose page, ``/``, has the form of an action.

    :param content: the form's, a template.
    :param context: what the template knows; ``values`` fill the form.
    """
    app = Flask(__name__)
    app.secret_key = "of the tests"
    app.test_client_class = ActionsClient
    ServerActions(app).register(function)
    page = f'{{% call(form) action_form("{function.__name__}", values=values) %}}{content}{{% endcall %}}'
    app.add_url_rule("/", "index", lambda: render_template_string(page, **{"values": None, **context}))
    client = app.test_client()
    assert isinstance(client, ActionsClient)
    return client
