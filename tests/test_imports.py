"""What an import brings with it: a program that starts often shall not wait for what it never uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NEVER_FOR_A_SERVER = (
    "apispec",
    "celery",
    "redis",
    "flask_wtf",
    "sqlite3",
    "flask_serveractions.cli",
    "flask_serveractions.openapi.builder",
    "flask_serveractions.openapi.typescript",
    "flask_serveractions.security.webhook_signatures",
    "flask_serveractions.stores.redis",
    "flask_serveractions.stores.sqlite",
    "flask_serveractions.testing",
    "flask_serveractions.views.discovery",
)
WITH_THE_FIRST_NAME = (*NEVER_FOR_A_SERVER, "marshmallow", "wtforms", "flask_serveractions.extension")

PLAIN_APP = """
from flask import Flask, render_template_string
from flask_serveractions import ServerActions
app = Flask("plain")
app.secret_key = "a key of this test"
actions = ServerActions(app)
@actions.register
def add(text: str, count: int = 1) -> None: ...
@app.get("/")
def page(): return render_template_string("{% call action_form('add') %}{% endcall %}")
assert "csrf_token" in app.test_client().get("/").text
assert app.test_client().post("/_actions/add/x").status_code == 404
"""


def loaded_by(program: str, folder: Path) -> set[str]:
    """Return the names of the modules that a program has imported when it ends; no store lies in its folder."""
    command = [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules, file=sys.__stdout__)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout.split())


def test_the_package_alone_brings_nothing_heavy(tmp_path: Path) -> None:
    assert sorted(loaded_by("import flask_serveractions", tmp_path).intersection(WITH_THE_FIRST_NAME)) == []


def test_a_plain_app_serves_without_what_it_does_not_use(tmp_path: Path) -> None:
    loaded = loaded_by(PLAIN_APP, tmp_path)
    assert "flask_serveractions.pipeline.dispatch" in loaded
    assert sorted(loaded.intersection(NEVER_FOR_A_SERVER)) == []


@pytest.mark.parametrize("name", ["ActionError", "Progress", "Bound"])
def test_a_name_that_needs_neither_fields_nor_forms_brings_neither(name: str, tmp_path: Path) -> None:
    loaded = loaded_by(f"from flask_serveractions import {name}", tmp_path)
    assert loaded.isdisjoint({"marshmallow", "wtforms", "flask_serveractions.extension"})


def test_every_public_name_is_there_and_listed() -> None:
    import flask_serveractions

    assert set(flask_serveractions.__all__) == set(flask_serveractions.MODULES)
    assert set(flask_serveractions.__all__) <= set(dir(flask_serveractions))
    assert all(getattr(flask_serveractions, name).__name__ for name in ("ActionError", "cached", "MethodRoute"))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import flask_serveractions

    with pytest.raises(AttributeError, match="has no attribute 'register'"):
        flask_serveractions.register  # noqa: B018 asks for it
