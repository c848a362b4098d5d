"""The typed client's actions on a page of the app, by the client that the app serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser

from flask_serveractions.openapi.typescript import typescript
from tests.openapi.reference_app import make_app
from tests.openapi.test_typescript import compile_strictly
from tests.todo_app import served


@pytest.fixture
def actions_app(tmp_path: Path) -> Flask:
    """An app that serves its own client, compiled."""
    (tmp_path / "api.ts").write_text(typescript(make_app()), encoding="utf-8")
    assert compile_strictly(tmp_path, "api.ts") == ""
    script = (tmp_path / "api.js").read_text(encoding="utf-8")
    app = make_app()
    app.add_url_rule("/api.js", "script", lambda: Response(script, content_type="text/javascript"))
    return app


@pytest.fixture
def evaluate(browser: Browser, actions_app: Flask) -> Iterator[Any]:
    """Runs JavaScript in a page of that app, where ``api`` is its client."""
    with served(actions_app) as address:
        page = browser.new_page()
        page.goto(address)
        yield lambda code: page.evaluate(f"async () => {{ const api = await import('/api.js'); {code} }}")
        page.close()


def test_actions_are_called_by_the_apps_own_client(evaluate: Any) -> None:
    given = {"text": "Buy milk", "when": None, "address": {"street": "a"}, "lines": [], "tags": {"a": 1}}
    made = evaluate(f"return await api.actions.add_todo({json.dumps(given)});")
    assert made == {"id": 1, "text": "Buy milk", "done": False, "owner": {"name": "ada"}}
    sent = "{ image: new File(['an image'], 'a.png'), caption: 'four' }"
    assert evaluate(f"return await api.actions.upload({sent});") == 4
    report = "api.actions.report({ months: 3 }, { onProgress: ({ done }) => seen.push(done) })"
    assert evaluate(f"const seen = []; return [await {report}, seen];") == [{"months": 3}, [1]]
    failed = evaluate("try { await api.actions.add_todo({}) } catch (e) { return [api.isActionError(e), e.status] }")
    assert failed == [True, 422]
