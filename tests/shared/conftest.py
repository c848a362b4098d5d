"""What tests of cached functions begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from flask_serveractions.stores.store import Store
from tests.shared.caching_apps import Counting, app_with


@pytest.fixture
def app(store: Store) -> Iterator[Flask]:
    """An app with a store, and its context."""
    app = app_with(store)
    with app.app_context():
        yield app


@pytest.fixture
def body() -> Counting:
    return Counting()
