"""Signed IDs, by themselves and at the action door."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from hashlib import sha1, sha256
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf, validate_csrf
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import Signer, TimestampSigner, URLSafeTimedSerializer
from wtforms import ValidationError

from flask_serveractions import Bound
from flask_serveractions.security.signing import (
    CsrfTokens,
    KeyRing,
    ReadyKey,
    SessionSigner,
    Signing,
    dump_payload,
    load_payload,
    sign_id,
    sign_text,
    unsign_text,
    verify_id,
)
from tests.callers import SCRIPT, Form, app_with, open_form, post_json, submit, wrongly_signed

RING = KeyRing(("key",))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)

calls: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


def delete_todo(todo_id: Bound[int]) -> None:
    calls.append(todo_id)


def create_todo(text: str) -> None:
    calls.append(text)


DELETE_PAGE = """{% call action_form("delete_todo", todo_id=7) %}<button>Delete</button>{% endcall %}"""


@given(bound=st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_bound_arguments_survive_the_way_through_an_id(bound: dict[str, Any]) -> None:
    signed = sign_id(RING, "act", dump_payload(bound), "visitor", None)
    payload = verify_id(RING, "act", signed, "visitor", None)
    assert payload is not None
    assert load_payload(payload) == bound


@given(junk=st.text())
def test_no_text_that_nobody_signed_is_an_id(junk: str) -> None:
    assert verify_id(RING, "act", junk, "visitor", None) is None
    assert verify_id(RING, "act", junk, "visitor", 60) is None
    assert verify_id(RING, None, junk, "", None) is None


@given(junk=st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_a_payload_that_is_not_ours_is_none(junk: str) -> None:
    assert load_payload(junk) is None or isinstance(load_payload(junk), dict)


def test_a_payload_that_nests_too_deep_is_none() -> None:
    from itsdangerous.encoding import base64_encode

    assert load_payload(base64_encode("[" * 100_000).decode()) is None


@given(name=st.sampled_from(["act", "other"]), visitor=st.sampled_from(["ada", "bob", ""]), key=st.sampled_from("kl"))
def test_an_id_is_of_one_action_one_visitor_and_one_key(name: str, visitor: str, key: str) -> None:
    signed = sign_id(KeyRing(("k",)), "act", "e30", "ada", None)
    valid = verify_id(KeyRing((key,)), name, signed, visitor, None)
    assert (valid == "e30") == ((name, visitor, key) == ("act", "ada", "k"))


def test_the_signature_is_itsdangerous_with_a_salt_per_action() -> None:
    signed = sign_id(RING, "act", "e30", "ada", None)
    signer = Signer("key", salt="flask-serveractions.action.act", digest_method=sha256, key_derivation="hmac")
    assert signed == f"e30.{signer.get_signature('e30.ada').decode()}"


@given(key=st.binary(max_size=200), value=st.binary(), digest=st.sampled_from([sha1, sha256]))
def test_a_key_that_is_taken_in_once_makes_the_same_hmac_every_time(key: bytes, value: bytes, digest: Any) -> None:
    ready, wanted = ReadyKey(key, digest), hmac.digest(key, value, digest)
    assert [ready.hmac_of(value), ready.hmac_of(value)] == [wanted, wanted]


def session_signers(keys: list[str]) -> tuple[SessionSigner, TimestampSigner]:
    """Return our signer of sessions, and itsdangerous's."""
    how: dict[str, Any] = {"key_derivation": "hmac", "digest_method": sha1}
    return SessionSigner(keys, b"cookie-session", **how), TimestampSigner(keys, b"cookie-session", **how)


@given(value=st.binary(), keys=st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_session_is_signed_as_itsdangerous_signs_it(value: bytes, keys: list[str]) -> None:
    ours, theirs = session_signers(keys)
    assert ours.get_signature(value) == theirs.get_signature(value)
    oldest = session_signers(keys[:1])[1].get_signature(value)
    assert ours.verify_signature(value, oldest)


@given(value=st.binary(), signature=st.text() | st.binary())
@example(value=b"", signature="not base64: é")
@example(value=b"a", signature="A" * 27)
def test_a_session_that_was_signed_by_nobody_is_told_as_itsdangerous_tells_it(
    value: bytes, signature: str | bytes
) -> None:
    ours, theirs = session_signers(["k"])
    assert ours.verify_signature(value, signature) == theirs.verify_signature(value, signature)


def test_the_lenient_spelling_of_a_sessions_signature_is_read_as_itsdangerous_reads_it() -> None:
    ours, theirs = session_signers(["k"])
    spelled = theirs.get_signature("v") + b"="
    assert ours.verify_signature("v", spelled) == theirs.verify_signature("v", spelled)


def test_a_token_is_signed_as_flask_wtf_signs_it(wtf_app: Flask) -> None:
    with wtf_app.test_request_context():
        session["csrf_token"] = "3f" * 20
        token = CsrfTokens(("of the tests",)).sign(session["csrf_token"])
        validate_csrf(token)
        serializer = URLSafeTimedSerializer("of the tests", salt="wtf-csrf-token")
        assert serializer.loads(token, max_age=3600) == session["csrf_token"]


def test_every_fallback_key_verifies_and_the_current_one_signs() -> None:
    old, new = KeyRing(("oldest",)), KeyRing(("oldest", "old", "new"))
    assert verify_id(new, "act", sign_id(old, "act", "e30", "ada", None), "ada", None) == "e30"
    assert verify_id(KeyRing(("new",)), "act", sign_id(new, "act", "e30", "ada", None), "ada", None) == "e30"


@pytest.mark.parametrize(("age", "valid"), [(0, True), (60, True), (61, False), (-5, True), (-6, False)])
def test_an_id_is_valid_up_to_its_greatest_age(age: int, valid: bool) -> None:
    signed = sign_id(RING, "act", "e30", "ada", 60, now=1_000_000)
    assert (verify_id(RING, "act", signed, "ada", 60, now=1_000_000 + age) == "e30") is valid


def test_an_id_without_a_time_is_not_valid_where_the_age_is_limited() -> None:
    assert verify_id(RING, "act", sign_id(RING, "act", "e30", "ada", None), "ada", 60) is None


def test_an_id_with_a_time_is_not_valid_where_no_age_is_limited() -> None:
    assert verify_id(RING, "act", sign_id(RING, "act", "e30", "ada", 60), "ada", None) is None


def test_the_time_of_an_id_can_not_be_changed() -> None:
    payload, began, signature = sign_id(RING, "act", "e30", "ada", 60, now=1_000_000).split(".")
    later = f"{int(began, 16) + 3600:x}"
    assert verify_id(RING, "act", f"{payload}.{later}.{signature}", "ada", 60, now=1_003_600) is None


def test_signed_text_serves_one_purpose() -> None:
    signed = sign_text(RING, "job", "7")
    assert unsign_text(RING, "job", signed) == "7"
    assert unsign_text(RING, "cursor", signed) is None
    assert unsign_text(RING, "job", signed + "\udcff") is None


def test_an_app_without_a_secret_is_told_what_to_set() -> None:
    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        _ = Signing(Flask(__name__)).ring


# The token is Flask-WTF's


@pytest.fixture
def wtf_app() -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    return app


def test_a_token_of_flask_wtf_is_valid(wtf_app: Flask) -> None:
    with wtf_app.test_request_context():
        token = generate_csrf()
        assert Signing(wtf_app).tokens.matches(token, session["csrf_token"], 3600)


@given(junk=st.text() | st.from_regex(r"[A-Za-z0-9_.-]{0,60}"))
def test_what_flask_wtf_refuses_is_refused(junk: str) -> None:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    with app.test_request_context():
        generate_csrf()
        with pytest.raises(ValidationError):
            validate_csrf(junk)
        assert not Signing(app).tokens.matches(junk, session["csrf_token"], 3600)


def test_a_token_ages_as_in_flask_wtf(wtf_app: Flask) -> None:
    with wtf_app.test_request_context():
        token, raw = generate_csrf(), session["csrf_token"]
    tokens = CsrfTokens(("of the tests",))
    assert tokens.matches(token, raw, 3600, now=time.time() + 3500)
    assert not tokens.matches(token, raw, 3600, now=time.time() + 3700)
    assert tokens.matches(token, raw, None, now=time.time() + 10_000_000)


def test_a_token_of_another_session_is_not_valid(wtf_app: Flask) -> None:
    with wtf_app.test_request_context():
        token = generate_csrf()
    assert not CsrfTokens(("of the tests",)).matches(token, "another session's", 3600)


# At the door


Spoil = Callable[[FlaskClient, Form], Form]


def with_url(form: Form, url: str) -> Form:
    return Form({**form.attributes, "action": url}, form.inputs)


def unknown_name(client: FlaskClient, form: Form) -> Form:
    return with_url(form, form.url.replace("=delete_todo/", "=destroy_todo/"))


def other_action(client: FlaskClient, form: Form) -> Form:
    return with_url(form, form.url.replace("=delete_todo/", "=create_todo/"))


def wrong_signature(client: FlaskClient, form: Form) -> Form:
    return with_url(form, wrongly_signed(form.url))


def other_payload(client: FlaskClient, form: Form) -> Form:
    head, _, signature = form.url.rpartition(".")
    return with_url(form, f"{head.rpartition('/')[0]}/{dump_payload({'todo_id': 8})}.{signature}")


def no_signature(client: FlaskClient, form: Form) -> Form:
    return with_url(form, form.url.rpartition("/")[0])


def of_another_session(client: FlaskClient, form: Form) -> Form:
    foreign = open_form(client.application.test_client(), "delete_todo")
    return with_url(form, foreign.url)


def unbound(client: FlaskClient, form: Form) -> Form:
    ring = Signing(client.application).ring
    return with_url(
        form, f"/?_action=delete_todo/{sign_id(ring, 'delete_todo', dump_payload({'todo_id': 7}), '', None)}"
    )


def lacking_its_argument(client: FlaskClient, form: Form) -> Form:
    return signed_for(client, form, {})


def with_an_argument_of_the_wrong_type(client: FlaskClient, form: Form) -> Form:
    return signed_for(client, form, {"todo_id": "seven"})


def signed_for(client: FlaskClient, form: Form, bound: dict[str, Any]) -> Form:
    with client.session_transaction() as held:
        visitor = held["_serveractions"]["key"]
    ring = Signing(client.application).ring
    return with_url(form, f"/?_action=delete_todo/{sign_id(ring, 'delete_todo', dump_payload(bound), visitor, None)}")


WRONG = [
    unknown_name,
    other_action,
    wrong_signature,
    other_payload,
    no_signature,
    of_another_session,
    unbound,
    lacking_its_argument,
    with_an_argument_of_the_wrong_type,
]


@pytest.mark.parametrize("spoil", WRONG, ids=lambda spoil: spoil.__name__)
def test_whatever_is_wrong_with_an_id_the_answer_is_one_and_the_same_404(spoil: Spoil) -> None:
    client = app_with(delete_todo, create_todo, page=DELETE_PAGE).test_client()
    form = open_form(client)
    reference = post_json(client, wrong_signature(client, form))
    answer = post_json(client, spoil(client, form))
    assert answer.status_code == 404
    assert answer.data == reference.data
    assert dict(answer.headers) == dict(reference.headers)
    assert calls == []


def test_an_expired_id_is_that_404_too() -> None:
    app = app_with(delete_todo, page=DELETE_PAGE, SERVERACTIONS_MAX_AGE=60)
    client = app.test_client()
    form = open_form(client)
    assert post_json(client, form).status_code == 200
    with client.session_transaction() as held:
        visitor = held["_serveractions"]["key"]
    payload = dump_payload({"todo_id": 7})
    expired = sign_id(Signing(app).ring, "delete_todo", payload, visitor, 60, now=time.time() - 61)
    answer = post_json(client, with_url(form, f"/?_action=delete_todo/{expired}"))
    assert answer.status_code == 404
    assert answer.data == post_json(client, wrong_signature(client, form)).data
    assert calls == [7]


def test_the_same_work_is_done_whatever_is_wrong() -> None:
    """The work is the signatures that are computed: as many for an unknown name as for a wrong one."""
    rings = {name: CountingRing(("old", "new")) for name in ("known", "unknown", "foreign")}
    verify_id(rings["known"], "act", "e30.AAAA", "ada", None)
    verify_id(rings["unknown"], None, "e30.AAAA", "ada", None)
    verify_id(rings["foreign"], "act", sign_id(RING, "act", "e30", "bob", None), "ada", None)
    assert {name: ring.asked for name, ring in rings.items()} == {"known": 1, "unknown": 1, "foreign": 1}


class CountingRing(KeyRing):
    asked = 0

    def signer(self, salt: str) -> Signer:
        self.asked += 1
        return super().signer(salt)


def test_unknown_names_leave_nothing_behind_in_memory() -> None:
    ring = KeyRing(("key",))
    for name in ("a", "b", "c"):
        verify_id(ring, None, f"{name}.sig", "ada", None)
    assert len(ring._signers) == 1


def test_an_id_with_another_spelling_of_its_signature_calls_nothing() -> None:
    """Base64 leaves bits over: the last character has several spellings, and one of them is ours."""
    client = app_with(delete_todo, page=DELETE_PAGE).test_client()
    form = open_form(client)
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = digits.index(form.url[-1])
    spelled = form.url[:-1] + digits[last ^ 1]
    assert spelled != form.url
    assert post_json(client, with_url(form, spelled)).status_code == 404
    assert calls == []


def test_with_bind_session_off_an_id_is_good_in_every_session() -> None:
    app = app_with(delete_todo, page=DELETE_PAGE, SERVERACTIONS_BIND_SESSION=False)
    ada, bob = app.test_client(), app.test_client()
    form = open_form(ada)
    assert post_json(bob, with_url(open_form(bob), form.url)).status_code == 200
    assert post_json(bob, unbound(bob, open_form(bob))).status_code == 200
    assert post_json(bob, wrong_signature(bob, open_form(bob))).status_code == 404
    assert calls == [7, 7]


def test_with_bind_session_off_the_session_holds_nothing_of_ours() -> None:
    client = app_with(delete_todo, page=DELETE_PAGE, SERVERACTIONS_BIND_SESSION=False).test_client()
    open_form(client)
    with client.session_transaction() as held:
        assert set(held) == {"csrf_token"}


@pytest.mark.parametrize("send", [submit, post_json], ids=["form", "json"])
def test_a_rotated_key_breaks_no_open_form(send: Callable[..., Any]) -> None:
    """Neither its ID nor its token, though Flask-WTF does not know SECRET_KEY_FALLBACKS."""
    app = app_with(create_todo)
    client = app.test_client()
    form = open_form(client)
    app.config.update(SECRET_KEY="a newer one", SECRET_KEY_FALLBACKS=["of the tests"])
    assert send(client, form, text="milk").status_code in (200, 303)
    app.config.update(SECRET_KEY="the newest", SECRET_KEY_FALLBACKS=["a newer one", "of the tests"])
    assert send(client, form, text="eggs").status_code in (200, 303)
    assert calls == ["milk", "eggs"]


def test_a_form_rendered_after_a_rotation_is_signed_with_the_new_key() -> None:
    app = app_with(create_todo, SECRET_KEY_FALLBACKS=["old"])
    client = app.test_client()
    form = open_form(client)
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert post_json(client, form, text="milk").status_code == 200


def test_a_key_that_is_forgotten_makes_open_forms_stale() -> None:
    app = app_with(create_todo)
    client = app.test_client()
    form = open_form(client)
    app.config["SECRET_KEY"] = "another one"
    answer = post_json(client, form, text="milk")
    assert (answer.status_code, answer.headers["Serveractions-Stale"]) == (404, "true")
    assert calls == []


def test_the_token_follows_its_own_secret_where_flask_wtf_has_one() -> None:
    app = app_with(create_todo, WTF_CSRF_SECRET_KEY="of the tokens")
    client = app.test_client()
    form = open_form(client)
    assert post_json(client, form, text="milk").status_code == 200
    app.config["WTF_CSRF_SECRET_KEY"] = "another"
    assert post_json(client, form, text="milk").status_code == 400


def test_an_id_from_a_page_of_one_app_is_foreign_to_another_app() -> None:
    one, other = app_with(delete_todo, page=DELETE_PAGE), app_with(delete_todo, page=DELETE_PAGE)
    other.config["SECRET_KEY"] = "of the other"
    foreign = open_form(one.test_client())
    client = other.test_client()
    assert post_json(client, with_url(open_form(client), foreign.url), headers=SCRIPT).status_code == 404
