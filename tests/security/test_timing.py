"""What an attacker could learn from how long a refusal takes: counted in operations, not in seconds."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_serveractions import ServerActions, webhooks
from flask_serveractions.pipeline.background import PURPOSE
from flask_serveractions.security.signing import Signing, random_key, sign_text
from flask_serveractions.stores.store import Store
from tests.callers import SCRIPT, Form, app_with, open_form, post_json, submit, wrongly_signed
from tests.security.test_attacks import bank

Pairs = list[tuple[Any, Any]]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Pairs:
    """What was compared in constant time; it is compared all the same."""
    pairs: Pairs = []
    compare = hmac.compare_digest

    def noting(one: Any, other: Any) -> bool:
        pairs.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noting)
    return pairs


def act(text: str = "") -> None: ...


def wrong_id(client: FlaskClient, form: Form) -> Any:
    return post_json(client, Form({**form.attributes, "action": wrongly_signed(form.url)}, form.inputs))


def wrong_token(client: FlaskClient, form: Form) -> Any:
    return submit(client, form, headers=SCRIPT, csrf_token=wrongly_signed(form.token))


def foreign_token(client: FlaskClient, form: Form) -> Any:
    foreign = open_form(client.application.test_client())
    return submit(client, form, headers=SCRIPT, csrf_token=foreign.token)


@pytest.mark.parametrize(("send", "status"), [(wrong_id, 404), (wrong_token, 400), (foreign_token, 400)])
def test_ids_and_tokens_are_compared_in_constant_time(
    compared: Pairs, send: Callable[[FlaskClient, Form], Any], status: int
) -> None:
    client = app_with(act).test_client()
    form = open_form(client)
    compared.clear()
    assert send(client, form).status_code == status
    different = [pair for pair in compared if pair[0] != pair[1]]
    assert different != []
    assert all(len(one) == len(other) for one, other in different)


VERIFIERS: dict[str, tuple[Callable[[str], Any], Callable[[bytes], dict[str, str]]]] = {
    "github": (webhooks.github, lambda body: {"X-Hub-Signature-256": f"sha256={'0' * 64}", "X-GitHub-Delivery": "1"}),
    "stripe": (webhooks.stripe, lambda body: {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}"}),
    "slack": (
        webhooks.slack,
        lambda body: {"X-Slack-Request-Timestamp": str(int(time.time())), "X-Slack-Signature": f"v0={'0' * 64}"},
    ),
}


@pytest.mark.parametrize("sender", VERIFIERS)
def test_the_signatures_of_webhooks_are_compared_in_constant_time(compared: Pairs, tmp_path: Path, sender: str) -> None:
    make, headers = VERIFIERS[sender]
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "of the tests"

    @ServerActions(app).webhook("/hook", make("secret"))
    def hook(event: dict[str, Any]) -> None: ...

    body = json.dumps({"id": "evt_1"}).encode()
    client = app.test_client()
    compared.clear()
    refused = client.post("/hook", data=body, content_type="application/json", headers=headers(body))
    assert refused.status_code == 400
    assert len(compared) == 1
    assert "0" * 64 in str(compared[0])


def test_an_unknown_job_is_as_much_work_as_another_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = bank(tmp_path)
    ada, eve = app.test_client(), app.test_client()
    for client, name in ((ada, "ada"), (eve, "eve")):
        client.get(f"/in/{name}")
    job = post_json(ada, open_form(ada, "report")).headers["Location"]
    unknown = f"/_actions/-/jobs/{sign_text(Signing(app).ring, PURPOSE, f'{random_key()}:report:e30')}"
    asked: list[str] = []
    get = Store.get
    visitor = threading.get_ident()  # the job's own thread reads the store as well

    def count(store: Store, key: str) -> Any:
        if threading.get_ident() == visitor:
            asked.append(key)
        return get(store, key)

    monkeypatch.setattr(Store, "get", count)
    answers = [eve.get(url, headers=SCRIPT) for url in (job, unknown)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].data == answers[1].data
    assert dict(answers[0].headers) == dict(answers[1].headers)
    assert len(asked) == 2
