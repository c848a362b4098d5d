"""An app with every kind of field and answer: what its document promises is what it does, to every reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from openapi_spec_validator import OpenAPIV31SpecValidator

from flask_serveractions.openapi import document
from flask_serveractions.openapi.typescript import typescript
from tests.openapi.rich_app import ACTIONS, BOOK, NOW, make_rich_app
from tests.openapi.test_typescript import FOR_ONCE, TSC, compile_strictly
from tests.todo_app import served

CONFIG, HOOKS = (Path(__file__).with_name(name) for name in ("rich.toml", "rich_hooks.py"))
SCHEMATHESIS = (sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()")
OPENAPI_TYPESCRIPT = TSC.parents[2] / "openapi-typescript" / "bin" / "cli.js"
SECONDS = 600  # for a busy machine; it takes a small part of that
UNREACHABLE = {"POST /hooks/paid", *(f"{method} /_actions/-/jobs/<signed>" for method in ("GET", "DELETE", "POST"))}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_rich_app(f"sqlite:///{tmp_path}/store.sqlite3")


@pytest.fixture
def answered(app: Flask) -> dict[str, set[int]]:
    """Statuses, by method and rule."""
    seen: dict[str, set[int]] = defaultdict(set)

    @app.after_request
    def note(response: Response) -> Response:
        seen[f"{request.method} {request.url_rule}"].add(response.status_code)
        return response

    return seen


def signatures(app: Flask) -> Iterator[tuple[str, str]]:
    with app.test_request_context():
        for name, bound in ACTIONS.items():
            url: str = app.jinja_env.globals["action_url"](name, **bound)  # type: ignore[operator]
            yield name, url.partition("?")[0].rpartition("/")[2]


def test_it_answers_as_its_document_says_by_every_check(
    app: Flask, answered: dict[str, set[int]], tmp_path: Path
) -> None:
    given = {"RICH_SIGNATURES": json.dumps(dict(signatures(app))), "SCHEMATHESIS_HOOKS": str(HOOKS)}
    with served(app) as address:
        command = [*SCHEMATHESIS, "--no-color", f"--config-file={CONFIG}", "run", f"{address}/openapi.json"]
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **given}, capture_output=True, text=True, timeout=SECONDS
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(map(len, document(app)["paths"].values())) >= 25
    never = {door for door, statuses in answered.items() if min(statuses) >= 300 and " None" not in door}
    assert {each for each in never if "path:path" not in each} == UNREACHABLE


def test_its_document_is_valid(app: Flask) -> None:
    assert list(OpenAPIV31SpecValidator(document(app)).iter_errors()) == []


def test_its_client_compiles(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "api.ts").write_text(typescript(app), encoding="utf-8")
    assert compile_strictly(tmp_path, "api.ts") == ""


USE = """
import type { components, paths } from "./schema.js";

export const book: components["schemas"]["BookInput"] = { title: "Emma", pages: 5, price: "2.50", size: [1, 2] };
export const changes: components["schemas"]["BookPartial"] = {};
type Query = NonNullable<paths["/books"]["get"]["parameters"]["query"]>;
export const query: Query = { language: ["de"], page: 2 };
// @ts-expect-error the title is missing
export const wrong: components["schemas"]["BookInput"] = { pages: 5 };
"""


def test_openapi_typescript_makes_types_of_it(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(document(app)))
    # defaults are the server's to fill in
    command = [*FOR_ONCE, OPENAPI_TYPESCRIPT, "openapi.json", "-o", "schema.d.ts", "--default-non-nullable=false"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "use.ts").write_text(USE)
    assert compile_strictly(tmp_path, "use.ts", "schema.d.ts") == ""


def test_datamodel_code_generator_makes_models_of_it(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(document(app)))
    command = [
        sys.executable, "-m", "datamodel_code_generator", "--input", "openapi.json", "--input-file-type", "openapi",
        "--output-model-type", "pydantic_v2.BaseModel", "--output", "models.py", "--formatters", "builtin",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    models = types.ModuleType("models")
    sys.modules["models"] = models
    exec(compile((tmp_path / "models.py").read_text(), "models.py", "exec"), vars(models))
    sent: Any = models.BookPartial(pages=3).model_dump(mode="json", exclude_unset=False, exclude_none=True)
    headers = {"Authorization": "Bearer ada-token"}
    changed = app.test_client().patch("/books/1", json=sent, headers=headers)
    assert changed.json["language"] == BOOK["language"]  # what was not sent is not filled in
    assert models.Book(**changed.json).seen == NOW.timestamp()
