"""The state of an app, and the store that it may share with another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_serveractions import ServerActions
from flask_serveractions.app_state import state_of


def opened(name: str, folder: Path, **config: Any) -> Flask:
    """Return an app that has opened its store."""
    app = Flask(name, instance_path=str(folder))
    app.config.update(config)
    ServerActions(app)
    state_of(app).store.generations()
    return app


def test_two_apps_in_one_store_that_have_no_key_in_common_are_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    apps = [opened(name, tmp_path, SECRET_KEY=f"of {name}") for name in ("first", "second")]
    (warning,) = caplog.messages
    store = f"<Store SQLite file {str(tmp_path / 'serveractions.sqlite3')!r}>"
    assert warning.startswith(f"<Flask 'first'> and <Flask 'second'> have one store, {store}, and no SECRET_KEY in")
    assert len(apps) == 2  # both are there


@pytest.mark.parametrize(
    "config",
    [
        {"SECRET_KEY": "first"},
        {"SECRET_KEY": "rotated", "SECRET_KEY_FALLBACKS": ["first"]},
        {"SECRET_KEY": "second", "SERVERACTIONS_STORE_URL": "sqlite:///own.sqlite3"},
        {},
        {"SECRET_KEY": "second", "TESTING": True},
    ],
    ids=["the same key", "a rotated key", "a store of its own", "no visitors", "a test"],
)
def test_parts_of_one_application_and_apps_with_stores_of_their_own_are_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, config: dict[str, Any]
) -> None:
    apps = [opened("first", tmp_path, SECRET_KEY="first"), opened("second", tmp_path, **config)]
    assert (len(apps), caplog.messages) == (2, [])
