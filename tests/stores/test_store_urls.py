"""What a store's URL may say, and what nobody is told of it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from flask import Flask

from flask_serveractions import ServerActions
from flask_serveractions.app_state import state_of
from flask_serveractions.stores.store import StoreUnavailable, check_store_url, open_store

WRONG = [
    "redis://:hunter2@host:port",
    "redis://me:hunter2@host/0?nonsense=1",
    "redis://host/0?password=hunter2&nonsense=1",
    "redis://me:hunter2#@host:6379",
    "redis://me:hunter2",
    "redis://me:hun:hunter2@host:x",
    "redis://me:hunter2?@host:6379",
    "redis:me:hunter2@host",
    "rediss://:hunter2@host:99999999",
    "memcached://me:hunter2@host",
    "postgresql://me:hunter2@host/db?x=hunter2",
    "hunter2@host",
    "me:hunter2",
    "sqlite://me:hunter2@host/file",
    "unix://:hunter2@/tmp/socket?nonsense=1",
]


@pytest.mark.parametrize("url", WRONG)
def test_an_error_does_not_tell_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="SERVERACTIONS_STORE_URL") as caught:
        open_store(url, "")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    app = Flask(__name__)
    app.config["SERVERACTIONS_STORE_URL"] = url
    with pytest.raises(ValueError, match="SERVERACTIONS_STORE_URL") as caught:
        ServerActions(app)
    assert "hunter2" not in str(caught.value)


def test_no_repr_and_no_line_of_the_log_tells_the_password(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    app.config["SERVERACTIONS_STORE_URL"] = "redis://me:hunter2@127.0.0.1:1/0?client_name=hunter2"
    ServerActions(app)
    state = state_of(app)
    with caplog.at_level(logging.DEBUG), pytest.raises(StoreUnavailable) as caught:
        state.store.get("key")
    told = [repr(state), repr(state.settings), repr(state.store), str(state.store), str(caught.value), caplog.text]
    assert [each for each in told if "hunter2" in each] == []
    assert "127.0.0.1:1" in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///a/.",
        "sqlite:///..",
        "sqlite:///state?timeout=5",
        "sqlite:///file:state",
        "sqlite:///a#b",
        "sqlite:///a\0b",
    ],
)
def test_a_path_with_options_or_without_a_name_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"SERVERACTIONS_STORE_URL is .*Give 'sqlite:///"):
        check_store_url(url)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///state", "instance/state"),
        ("sqlite:///folder/state", "instance/folder/state"),
        ("sqlite:///../state", "state"),
        ("sqlite:///a%20b @c", "instance/a%20b @c"),
        ("sqlite:///{}/elsewhere", "elsewhere"),
    ],
)
def test_a_relative_path_begins_in_the_instance_folder(tmp_path: Path, url: str, path: str) -> None:
    (tmp_path / "instance").mkdir()
    store = open_store(url.format(tmp_path), str(tmp_path / "instance"))
    store.add("key", 1, 60)
    assert (tmp_path / path).exists()
    store.close()
