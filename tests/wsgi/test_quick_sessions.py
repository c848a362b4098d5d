"""What a session's cookie held is remembered, and cookies are read once: with the outcome that Flask has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask, Request, render_template_string, request, session
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from flask_serveractions import ServerActions, revalidate_path
from flask_serveractions.wsgi.quick_sessions import SessionSerializer
from tests.callers import INSTANCE, ONE_FORM, SCRIPT, WITH_PAGE, app_with, open_form, submit

LONG_AGO = datetime(2001, 2, 3, tzinfo=timezone.utc)


def app_that_shows_its_session(change: Callable[[], None]) -> Flask:
    """Return an app whose page shows what its session holds, and whose action may change that."""

    def act(text: str) -> None:
        change()
        revalidate_path("/shown")

    app = app_with(act)

    @app.get("/shown")
    def shown() -> str:
        return render_template_string("<pre>{{ cart }}</pre>" + ONE_FORM, cart=session.get("cart"), names=["act"])

    return app


def client_with(app: Flask, cart: object) -> FlaskClient:
    client = app.test_client()
    client.get("/shown")
    with client.session_transaction() as held:
        held["cart"] = cart
    client.get("/shown")  # from now on its cookie stays what it is
    return client


def shown_after_action(client: FlaskClient) -> str:
    page: str = submit(client, open_form(client, page="/shown"), headers=SCRIPT, text="x").json["page"]
    return page.partition("<pre>")[2].partition("</pre>")[0]


def nothing() -> None: ...


@pytest.mark.parametrize(
    "cart", ["milk", ["milk"], {"milk": [1, 2.5, None, True]}, ("milk", ["eggs"]), b"milk", LONG_AGO]
)
def test_a_page_has_the_session_that_its_action_found(cart: Any) -> None:
    client = client_with(app_that_shows_its_session(nothing), cart)
    before = client.get("/shown").text
    assert f"<pre>{shown_after_action(client)}</pre>" in before


def test_what_an_action_put_into_the_session_is_on_the_page() -> None:
    client = client_with(app_that_shows_its_session(lambda: session.update(cart="eggs")), "milk")
    assert shown_after_action(client) == "eggs"


def test_what_a_session_was_not_told_of_is_not_on_the_page() -> None:
    client = client_with(app_that_shows_its_session(lambda: session["cart"].append("eggs")), ["milk"])
    assert shown_after_action(client) == "[&#39;milk&#39;]"


def serializer_of(app: Flask) -> SessionSerializer:
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    assert isinstance(serializer, SessionSerializer)
    return serializer


def cart_of(client: FlaskClient) -> str:
    return client.get("/shown").text.partition("<pre>")[2].partition("</pre>")[0]


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def test_what_a_cookie_held_is_remembered_and_the_page_of_an_action_is_shown_by_it() -> None:
    app = app_that_shows_its_session(nothing)
    client = client_with(app, "milk")
    assert cart_of(client) == "milk"
    assert cookie_of(client) in serializer_of(app).read
    assert [cart_of(client), shown_after_action(client)] == ["milk", "milk"]


def test_nobody_can_change_what_is_remembered() -> None:
    app = app_that_shows_its_session(nothing)

    @app.get("/add")
    def add() -> str:
        session["cart"].append("eggs")  # of which the session hears nothing
        return ""

    client = client_with(app, ["milk"])
    client.get("/add")
    client.get("/add")
    assert cart_of(client) == "[&#39;milk&#39;]"


def test_a_cookie_that_is_remembered_grows_too_old_all_the_same() -> None:
    app = app_that_shows_its_session(nothing)
    client = client_with(app, "milk")
    assert cart_of(client) == "milk"
    app.permanent_session_lifetime = timedelta(seconds=-10)
    assert cart_of(client) == "None"


def test_a_cookie_that_is_remembered_is_void_with_another_key_and_good_with_a_fallback() -> None:
    app = app_that_shows_its_session(nothing)
    client = client_with(app, "milk")
    assert cart_of(client) == "milk"
    cookie = cookie_of(client)
    app.secret_key = "another"
    assert cart_of(client) == "None"
    app.config["SECRET_KEY_FALLBACKS"] = ["of the tests"]
    client.set_cookie("session", cookie)
    assert cart_of(client) == "milk"


def test_a_forged_cookie_is_nobodys_and_not_remembered() -> None:
    app = app_that_shows_its_session(nothing)
    client = client_with(app, "milk")
    forged = f"{cookie_of(client).rpartition('.')[0]}.{'A' * 27}"
    client.set_cookie("session", forged)
    assert cart_of(client) == "None"
    assert forged not in serializer_of(app).read


def test_a_session_of_more_than_plain_values_is_read_each_time() -> None:
    app = app_that_shows_its_session(nothing)
    client = client_with(app, LONG_AGO)
    assert cart_of(client) == cart_of(client) == str(LONG_AGO)
    assert cookie_of(client) not in serializer_of(app).read


def test_no_more_cookies_are_remembered_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionSerializer, "MOST", 3)
    app = app_that_shows_its_session(nothing)
    carts = [cart_of(client_with(app, f"milk {number}")) for number in range(9)]
    assert carts == [f"milk {number}" for number in range(9)]
    assert len(serializer_of(app).read) <= 3


@pytest.mark.parametrize("return_timestamp", [False, True])
def test_what_is_asked_for_otherwise_than_flask_asks_is_read_as_itsdangerous_reads_it(return_timestamp: bool) -> None:
    app = app_that_shows_its_session(nothing)
    client = client_with(app, "milk")
    theirs = SecureCookieSessionInterface().get_signing_serializer(app)
    assert theirs is not None
    asked: dict[str, Any] = {"return_timestamp": return_timestamp}
    assert serializer_of(app).loads(cookie_of(client), **asked) == theirs.loads(cookie_of(client), **asked)


@pytest.mark.parametrize("salt", [None, "another"])
def test_what_flask_signs_is_read_here_and_what_is_signed_here_by_flask(salt: str | None) -> None:
    app = app_that_shows_its_session(nothing)
    theirs = SecureCookieSessionInterface().get_signing_serializer(app)
    app.test_client().get("/shown")
    ours = serializer_of(app)
    assert theirs is not None
    with app.app_context():
        assert ours.loads(theirs.dumps({"cart": "milk"}, salt), salt=salt) == {"cart": "milk"}
        assert theirs.loads(ours.dumps({"cart": "milk"}, salt), salt=salt) == {"cart": "milk"}


def test_only_flasks_own_sessions_are_remembered_and_each_app_has_its_interface() -> None:
    class Own(SecureCookieSessionInterface):
        """One that may do more when it opens a session."""

    own = app_that_shows_its_session(nothing)
    own.session_interface = interface = Own()
    assert shown_after_action(client_with(own, "milk")) == "milk"
    assert own.session_interface is interface
    assert not isinstance(interface.get_signing_serializer(own), SessionSerializer)
    app_that_shows_its_session(nothing).test_client().get("/shown")
    assert vars(Flask.session_interface) == {}


def test_an_interface_that_was_changed_is_left_alone() -> None:
    app = app_that_shows_its_session(nothing)
    app.session_interface = interface = SecureCookieSessionInterface()
    interface.salt = "of the app's own"
    client = client_with(app, "milk")
    assert cart_of(client) == "milk"
    assert app.session_interface is interface


def test_an_app_without_a_key_has_no_session() -> None:
    app = app_that_shows_its_session(nothing)
    app.test_client().get("/shown")
    app.secret_key = None
    assert app.session_interface.open_session(app, app.request_class({})) is None


COOKIES = ["", "a=1", "a=1; b=2;a=3", "=x; ;y", 'q="a\\073b"', "name=caf\xc3\xa9", "session=forged; a=%20"]


class ShoutingRequest(Request):
    """An app's own class, whose cookies are others."""

    @property
    def cookies(self) -> Any:
        return {"a": "CHANGED"}


def shown_cookies(request_class: type[Request], header: str | None, *, with_actions: bool) -> str:
    app = Flask(__name__, instance_path=INSTANCE.name)
    app.secret_key = "a key of this test"
    app.request_class = request_class
    if with_actions:
        ServerActions(app)

    @app.get("/")
    def index() -> str:
        return repr(request.cookies)

    headers = {} if header is None else {"Cookie": header}
    return app.test_client(use_cookies=False).get("/", headers=headers).text


@pytest.mark.parametrize("header", [None, *COOKIES])
@pytest.mark.parametrize("request_class", [Request, ShoutingRequest])
def test_cookies_are_what_they_are_without_us(request_class: type[Request], header: str | None) -> None:
    ours = shown_cookies(request_class, header, with_actions=True)
    assert ours == shown_cookies(request_class, header, with_actions=False)


def test_what_an_action_changes_of_its_requests_cookies_is_none_of_the_page_s_business() -> None:
    class Changeable(Request):
        dict_storage_class = MultiDict  # type: ignore[assignment]  # as Werkzeug lets an app choose

    def change() -> None:
        request.cookies["seen"] = "changed"  # type: ignore[index]

    app = app_that_shows_its_session(change)
    app.request_class = Changeable
    app.add_url_rule("/cookies", "cookies", lambda: render_template_string("<pre>{{ request.cookies.seen }}</pre>"))
    client = app.test_client()
    client.set_cookie("seen", "as sent")
    form = open_form(client, page="/shown")
    form.attributes["action"] = form.on("/cookies")
    page = submit(client, form, headers=WITH_PAGE, text="x").json["page"]
    assert page == "<pre>as sent</pre>"
