"""Apps with the extension, and what calls their actions."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from tests.callers import client_of


def make_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": "a key for tests", **config})
    return app


def called(app: Flask, name: str, **arguments: Any) -> Any:
    """Return what an action gave, or the status where it failed."""
    response = client_of(app).call_action(name, **arguments)
    assert response.json is not None
    return response.json.get("data", response.status_code)


@pytest.fixture
def app() -> Flask:
    return make_app()


def double(number: int) -> int:
    return 2 * number


def module_of(source: str, name: str = "some_actions") -> ModuleType:
    module = ModuleType(name)
    exec(source, module.__dict__)
    return module


MODULE = """
from json import dumps
secret = 1
class Thing: ...
def create(text: str) -> str:
    return text
async def update(text: str) -> str:
    return text.upper()
def _private(text: str) -> str:
    return text
alias = create
"""
