from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import pytest
import standardwebhooks
import stripe as stripe_library
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import EnvironHeaders

from flask_serveractions.security.webhook_signatures import (
    SignatureError,
    Verifier,
    github,
    shopify,
    slack,
    standard,
    stripe,
)

NOW = 1_700_000_000
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"id": "evt_1", "event_id": "Ev1", "object": "event", "text": "\xc3\xa4"}'

Headers = dict[str, str]
Sign = Callable[[str, bytes, int], Headers]  # secret, body, time


def sign_standard(secret: str, body: bytes, at: int) -> Headers:
    when = dt.datetime.fromtimestamp(at, dt.timezone.utc)
    signature = standardwebhooks.Webhook(secret).sign("msg_1", when, body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}


def sign_stripe(secret: str, body: bytes, at: int) -> Headers:
    signing = stripe_library.WebhookSignature
    return {"Stripe-Signature": signing.generate_signature_header(body.decode(), secret, at)}


def sign_github(secret: str, body: bytes, at: int) -> Headers:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}


def sign_shopify(secret: str, body: bytes, at: int) -> Headers:
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {"X-Shopify-Hmac-Sha256": signature, "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"}


def sign_slack(secret: str, body: bytes, at: int) -> Headers:
    signature = hmac.new(secret.encode(), f"v0:{at}:{body.decode()}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Signature": f"v0={signature}", "X-Slack-Request-Timestamp": str(at)}


SENDERS: dict[str, tuple[Callable[[Any], Verifier], Sign, str]] = {
    "standard": (standard, sign_standard, "msg_1"),
    "github": (github, sign_github, "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
    "stripe": (stripe, sign_stripe, "evt_1"),
    "shopify": (shopify, sign_shopify, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
    "slack": (slack, sign_slack, "Ev1"),
}
OTHER = "whsec_" + base64.b64encode(b"another secret of theirs").decode()
every_sender = pytest.mark.parametrize(("make", "sign", "message_id"), SENDERS.values(), ids=SENDERS)
every_timed_sender = pytest.mark.parametrize("name", ["standard", "stripe", "slack"])


@every_sender
def test_a_genuine_message_has_its_id(make: Any, sign: Sign, message_id: str) -> None:
    headers = sign(WHSEC, BODY, NOW)
    assert make(WHSEC).verify(headers, BODY, NOW) == message_id
    assert make(WHSEC)(headers, BODY, NOW + 0.9) == message_id


@every_sender
def test_the_case_of_headers_does_not_matter(make: Any, sign: Sign, message_id: str) -> None:
    headers = sign(WHSEC, BODY, NOW)
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    shouted = {name.upper(): value for name, value in headers.items()}
    assert make(WHSEC).verify(EnvironHeaders(environ), BODY, NOW) == message_id
    assert make(WHSEC).verify(shouted, BODY, NOW) == message_id


@every_sender
def test_a_message_that_was_changed_is_refused(make: Any, sign: Sign, message_id: str) -> None:
    with pytest.raises(SignatureError, match="does not match"):
        make(WHSEC).verify(sign(WHSEC, BODY, NOW), BODY + b" ", NOW)


@every_sender
def test_a_message_signed_with_another_secret_is_refused(make: Any, sign: Sign, message_id: str) -> None:
    with pytest.raises(SignatureError, match="does not match"):
        make(WHSEC).verify(sign(OTHER, BODY, NOW), BODY, NOW)


@every_sender
def test_while_a_secret_is_rotated_both_are_good(make: Any, sign: Sign, message_id: str) -> None:
    verifier = make([OTHER, WHSEC])
    for secret in (OTHER, WHSEC):
        assert verifier.verify(sign(secret, BODY, NOW), BODY, NOW) == message_id
    with pytest.raises(SignatureError):
        verifier.verify(sign("whsec_dGhpcmQ=", BODY, NOW), BODY, NOW)


@every_sender
def test_a_message_without_one_of_its_headers_is_refused(make: Any, sign: Sign, message_id: str) -> None:
    for left_out in sign(WHSEC, BODY, NOW):
        headers = {name: value for name, value in sign(WHSEC, BODY, NOW).items() if name != left_out}
        with pytest.raises(SignatureError, match=f"{left_out} is missing"):
            make(WHSEC).verify(headers, BODY, NOW)


@every_sender
def test_what_an_error_says_holds_no_secret_and_no_signature(make: Any, sign: Sign, message_id: str) -> None:
    right = " ".join(sign(WHSEC, BODY, NOW).values())
    with pytest.raises(SignatureError) as caught:
        make(WHSEC).verify(sign(OTHER, BODY, NOW), BODY, NOW)
    for word in (*right.replace("=", " ").replace(",", " ").split(), WHSEC, WHSEC.removeprefix("whsec_")):
        assert word not in str(caught.value) or word in ("v1", "v0", "t", "sha256")
    assert WHSEC not in repr(make(WHSEC))
    assert "MfKQ" not in repr(make(WHSEC))


@every_timed_sender
def test_a_message_is_good_for_five_minutes_either_way(name: str) -> None:
    make, sign, message_id = SENDERS[name]
    for at in (NOW - 300, NOW + 300):
        assert make(WHSEC).verify(sign(WHSEC, BODY, at), BODY, NOW) == message_id
    for at in (NOW - 301, NOW + 301, 0):
        with pytest.raises(SignatureError, match="too old, or from the future"):
            make(WHSEC).verify(sign(WHSEC, BODY, at), BODY, NOW)


@every_timed_sender
@pytest.mark.parametrize(
    "sent", ["", "x", "-1", "1.5", " 1700000000", "1700000000\n", "1_700_000_000", "١٧٠٠٠٠٠٠٠٠", "9" * 4000]
)
def test_a_time_that_is_none_is_refused(name: str, sent: str) -> None:
    make, sign, _ = SENDERS[name]
    headers = {header: value.replace(str(NOW), sent) for header, value in sign(WHSEC, BODY, NOW).items()}
    with pytest.raises(SignatureError):
        make(WHSEC).verify(headers, BODY, NOW)


@every_timed_sender
def test_a_message_can_t_be_made_young_again(name: str) -> None:
    make, sign, _ = SENDERS[name]
    old = sign(WHSEC, BODY, NOW - 4000)
    young = {header: value.replace(str(NOW - 4000), str(NOW)) for header, value in old.items()}
    with pytest.raises(SignatureError, match="does not match"):
        make(WHSEC).verify(young, BODY, NOW)


@pytest.mark.parametrize("make", [make for make, _, _ in SENDERS.values()], ids=SENDERS)
@pytest.mark.parametrize("secret", ["", b"", [], [WHSEC, ""], None, [None]])
def test_an_empty_secret_is_a_mistake(make: Any, secret: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        make(secret)


@every_sender
@given(data=st.data())
def test_no_header_and_no_body_crashes(make: Any, sign: Sign, message_id: str, data: st.DataObject) -> None:
    headers = sign(WHSEC, BODY, NOW)
    changed = data.draw(st.sampled_from(sorted(headers)))
    headers[changed] = data.draw(st.one_of(st.text(max_size=20), st.text("v1t=,0 sha256", max_size=20)))
    body = data.draw(st.one_of(st.just(BODY), st.binary(max_size=10)))
    try:
        make(WHSEC).verify(headers, body, NOW)
    except SignatureError:
        return
    assert body == BODY


# What the senders publish


def test_github_s_published_message_is_genuine() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": "1"}
    assert github("It's a Secret to Everybody").verify(headers, b"Hello, World!", NOW) == "1"


SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK_HEADERS = {
    "X-Slack-Request-Timestamp": "1531420618",
    "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
}


def test_slack_s_published_message_is_genuine_and_has_an_id_of_its_own() -> None:
    verifier = slack("8f742231b10e8888abcd99yyyzzz85a5")
    message_id = verifier.verify(SLACK_HEADERS, SLACK_BODY, 1531420618)
    assert message_id == hashlib.sha256(b"v0:1531420618:" + SLACK_BODY).hexdigest()
    with pytest.raises(SignatureError, match="too old"):
        verifier.verify(SLACK_HEADERS, SLACK_BODY, NOW)


def test_the_message_in_shopify_s_own_tests_is_genuine() -> None:
    headers = {"X-Shopify-Hmac-Sha256": "/Redz4YXHLnSmmSN8grr5/Jl/Ua3d7yX3iWbjb8R8wo=", "X-Shopify-Webhook-Id": "1"}
    assert shopify("steffi").verify(headers, b'{"foo":"bar"}', NOW) == "1"


# What the senders' own libraries say


def is_genuine(verify: Callable[[], object]) -> bool:
    try:
        verify()
    except (SignatureError, standardwebhooks.WebhookVerificationError, ValueError):
        return False
    except stripe_library.SignatureVerificationError:
        return False
    return True


TEXT = st.text("ab1{}.", max_size=5)
SHIFT = st.sampled_from([0, 0, 0, -250, 250, -400, 400])


@given(TEXT, TEXT, SHIFT, st.booleans(), st.sampled_from(["", "v1,bad ", "v1a,bad v2,bad "]))
def test_standard_webhooks_own_library_says_the_same(
    signed: str, sent: str, shift: int, other: bool, before: str
) -> None:
    at = int(time.time()) + shift
    headers = sign_standard(OTHER if other else WHSEC, signed.encode(), at)
    headers["webhook-signature"] = before.replace("bad", "YmFk") + headers["webhook-signature"]
    library = standardwebhooks.Webhook(WHSEC)
    theirs = is_genuine(lambda: library.verify(sent, headers, json_parse=False))
    assert is_genuine(lambda: standard(WHSEC).verify(headers, sent.encode(), time.time())) == theirs


@given(TEXT, TEXT, st.sampled_from([0, 0, 0, -250, -400]), st.booleans(), st.sampled_from(["", "v1=bad,v0=bad,"]))
def test_stripe_s_own_library_says_the_same(signed: str, sent: str, shift: int, other: bool, before: str) -> None:
    at = int(time.time()) + shift
    headers = sign_stripe(OTHER if other else WHSEC, signed.encode(), at)
    headers["Stripe-Signature"] = headers["Stripe-Signature"].replace("v1=", f"{before}v1=")
    verify = stripe_library.WebhookSignature.verify_header
    theirs = is_genuine(lambda: verify(sent, headers["Stripe-Signature"], WHSEC, 300))
    assert is_genuine(lambda: stripe(WHSEC).verify(headers, sent.encode(), time.time())) == theirs


# IDs


@pytest.mark.parametrize(
    "body", [b"", b"text", b"[]", b"{}", b'{"id": 5}', b'{"id": ""}', b'{"id": "a b"}', b"[" * 10**5]
)
def test_a_message_of_stripe_without_an_event_has_a_digest_for_its_id(body: bytes) -> None:
    headers, later = sign_stripe(WHSEC, body, NOW), sign_stripe(WHSEC, body, NOW + 60)
    message_id = stripe(WHSEC).verify(headers, body, NOW)
    assert message_id == hashlib.sha256(body).hexdigest() == stripe(WHSEC).verify(later, body, NOW + 60)


def test_a_message_that_is_sent_again_keeps_its_id() -> None:
    for name in SENDERS:
        make, sign, message_id = SENDERS[name]
        again = sign(WHSEC, BODY, NOW + 100)
        assert make(WHSEC).verify(again, BODY, NOW + 100) == message_id


@pytest.mark.parametrize("bad", ["", "a b", "ä", "a\n", "x" * 257])
def test_an_id_that_is_none_is_refused(bad: str) -> None:
    unsigned = ((github, sign_github, "X-GitHub-Delivery"), (shopify, sign_shopify, "X-Shopify-Webhook-Id"))
    for make, sign, name in unsigned:
        with pytest.raises(SignatureError, match="is malformed"):
            make(WHSEC).verify({**sign(WHSEC, BODY, NOW), name: bad}, BODY, NOW)


def test_no_part_of_the_body_passes_for_the_time_of_a_message() -> None:
    body = f"{NOW}.{{}}".encode()
    signature = sign_standard(WHSEC, body, NOW - 4000)["webhook-signature"]
    headers = {"webhook-id": f"msg_1.{NOW - 4000}", "webhook-timestamp": str(NOW), "webhook-signature": signature}
    with pytest.raises(SignatureError, match="full stop"):
        standard(WHSEC).verify(headers, b"{}", NOW)


def test_a_secret_of_standard_webhooks_may_lack_its_prefix_or_be_the_key_itself() -> None:
    headers = sign_standard(WHSEC, BODY, NOW)
    plain = WHSEC.removeprefix("whsec_")
    for secret in (plain, base64.b64decode(plain), WHSEC):
        assert standard(secret).verify(headers, BODY, NOW) == "msg_1"
    for bad in ("whsec_", "whsec_not base64!", "whsec_A"):
        with pytest.raises(ValueError, match="base64"):
            standard(bad)


def test_a_verifier_does_not_change() -> None:
    verifier = github("secret")
    with pytest.raises(AttributeError):
        verifier.sender = "somebody"  # type: ignore[misc]
