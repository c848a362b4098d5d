"""The typed client: accepted by the TypeScript compiler, and used against a live server."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask

from flask_serveractions import MethodRoute, ServerActions
from flask_serveractions.openapi.identifiers import type_name
from flask_serveractions.openapi.typescript import Api, typescript
from tests.openapi.reference_app import make_app
from tests.todo_app import served, todo_app

TSC = Path(__file__).parents[1] / "browser" / "node_modules" / "typescript" / "bin" / "tsc"
NODE = shutil.which("node") or "node"
FOR_ONCE = (NODE, "--no-opt")  # a compiler is done before it pays to optimize it: a quarter of its time
STRICT = (
    "strict",
    "noUncheckedIndexedAccess",
    "exactOptionalPropertyTypes",
    "noImplicitOverride",
    "noUnusedLocals",
    "noUnusedParameters",
    "noPropertyAccessFromIndexSignature",
    "isolatedModules",
    "verbatimModuleSyntax",
    "erasableSyntaxOnly",
)

USE = """
import { Api, ApiError } from "./api.js";

const [baseUrl = "", token = ""] = process.argv.slice(2);
const api = new Api({ baseUrl, headers: async () => ({ Authorization: `Bearer ${token}` }) });
const log: unknown[] = [];

const made = await api.Todos.post({ body: { text: "Buy oat milk & tea" } });
log.push(made.status, made.data.text, made.headers.get("Location") === `/api/todos/${made.data.id}`);

const todo_id = made.data.id;
const read = await api.TodoItem.get({ todo_id });
const changed = await api.TodoItem.patch({
  todo_id, body: { completed: true }, "If-Match": read.headers.get("ETag") ?? "",
});
log.push(changed.data.completed);
log.push((await api.Todos.get({ completed: true })).data.map(({ text }) => text));
log.push((await api.TodoItem.delete({ todo_id })).data === undefined);

const failures = [
  () => api.TodoItem.get({ todo_id }),
  () => api.Todos.post({ body: { text: "" } }),
  () => api.TodoItem.put({ todo_id: 1, body: { text: "x" }, "If-Match": '"old"' }),
  () => new Api({ baseUrl }).Report.get(),
  () => api.TodoItem.get({ todo_id: -1 }),
];
for (const fail of failures) {
  try {
    await fail();
    log.push("no failure");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    log.push([error.status, error.message, error.errors]);
  }
}
console.log(JSON.stringify(log));
"""
NODE_TYPES = "declare const process: { argv: string[] };\n"

MISUSE = """
import { Api, actions } from "./api.js";

const api = new Api();
// @ts-expect-error there is no such parameter
await api.Todos.get({ finished: true });
// @ts-expect-error it is a boolean
await api.Todos.get({ completed: "yes" });
// @ts-expect-error the ID is missing
await api.TodoItem.get({});
// @ts-expect-error the text is missing
await api.Todos.post({ body: { completed: true } });
// @ts-expect-error what is made here can't be sent
await api.Todos.post({ body: { text: "a", id: 1 } });
// @ts-expect-error lists have no text
(await api.Todos.get()).data.text;
// @ts-expect-error the text is missing
await actions.add_todo({});
// @ts-expect-error it needs a signature of its own: no script can call it by its name
actions.delete_todo;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the to-do example's client in it, as TypeScript."""
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "package.json").write_text('{"type": "module"}')
    with todo_app(folder) as app:
        (folder / "api.ts").write_text(typescript(app), encoding="utf-8")
    return folder


def compile_strictly(folder: Path, *names: str) -> str:
    """Compile TypeScript to JavaScript beside it; return what the compiler has to complain of."""
    options = dict.fromkeys(STRICT, True) | {
        "target": "ES2022", "module": "ES2022", "moduleResolution": "bundler",
        "lib": ["ES2022", "DOM", "DOM.Iterable"], "types": [],
        "skipDefaultLibCheck": True,  # TypeScript's own declarations, which are half of the work
    }  # fmt: skip
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": names}))
    done = subprocess.run([*FOR_ONCE, TSC, "--project", folder], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_compiler_accepts_the_client(folder: Path) -> None:
    assert compile_strictly(folder, "api.ts") == ""


def test_the_compiler_accepts_a_client_of_everything(tmp_path: Path) -> None:
    (tmp_path / "api.ts").write_text(typescript(make_app()), encoding="utf-8")
    assert compile_strictly(tmp_path, "api.ts") == ""


def test_the_compiler_refuses_its_misuse(folder: Path) -> None:
    (folder / "misuse.ts").write_text(MISUSE, encoding="utf-8")
    assert compile_strictly(folder, "misuse.ts") == ""


def test_a_program_uses_it_against_a_live_server(folder: Path, tmp_path: Path) -> None:
    (folder / "use.ts").write_text(USE, encoding="utf-8")
    (folder / "node.d.ts").write_text(NODE_TYPES, encoding="utf-8")
    assert compile_strictly(folder, "use.ts", "node.d.ts") == ""
    with todo_app(tmp_path) as app, served(app) as address:
        command = [NODE, folder / "use.js", address, "ada-token"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.stderr == ""
    *successes, gone, invalid, changed, unknown, elsewhere = json.loads(done.stdout)
    assert successes == [201, "Buy oat milk & tea", True, True, ["Order punched cards", "Buy oat milk & tea"], True]
    assert gone == [404, "That to-do is not on your list.", {}]
    assert invalid == [422, "Some of what was sent is not valid.", {"text": ["Write 1 to 200 characters."]}]
    assert changed[0] == 412
    assert unknown == [401, "Sign in to do this.", {}]
    assert elsewhere == [404, "404 NOT FOUND", {}], "the app's own page, which is no problem document"


# The source


def test_an_app_without_operations_has_an_empty_client() -> None:
    app = Flask(__name__)
    ServerActions(app)
    assert typescript(app).count("\n") == 1


def test_pages_and_webhooks_are_no_resources() -> None:
    source = typescript(make_app())
    assert "readonly Files = {" in source
    assert "readonly received" not in source
    assert 'path: "/pages", body' in source, "its POST says nothing of what it answers"
    assert 'method: "GET", path: "/pages"' not in source


def test_actions_are_called_by_their_names_whatever_their_endpoints_are() -> None:
    app = Flask(__name__)
    actions, admin = ServerActions(app), Blueprint("admin", __name__, url_prefix="/admin")

    def purge(word: str) -> str:
        return word

    actions.register(name="todos.purge")(purge)
    actions.register(name="users.purge", blueprint=admin)(purge)
    app.register_blueprint(admin)
    written = typescript(app)
    assert ['call<string>("todos.purge", ' in written, 'call<string>("users.purge", ' in written] == [True, True]
    assert "-purge" not in written


def test_docstrings_become_comments_that_can_not_end_early() -> None:
    app = Flask(__name__)

    class Ping(MethodRoute):
        def get(self) -> None:
            """Say */ pong.

            Twice.
            """

    ServerActions(app).route("/ping")(Ping)
    assert "    /**\n     * Say * / pong.\n     *\n     * Twice.\n     */\n    get: " in typescript(app)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, "unknown"),
        ({"type": "integer"}, "number"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"enum": ["a", 1, None]}, '"a" | 1 | null'),
        ({"const": True}, "true"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "(string | null)[]"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {}]}, "[string, unknown]"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "Record<string, number>"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "object", "properties": {"a-b": {"type": "string"}}}, '{ "a-b"?: string }'),
        ({"anyOf": [{"$ref": "#/components/schemas/Todo"}, {"type": "null"}]}, "Todo | null"),
        ({"type": "string", "format": "binary"}, "Blob"),
    ],
)
def test_json_schemas_are_types(schema: dict[str, Any], expected: str) -> None:
    assert Api({}).type_of(schema) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("Todo", "Todo"), ("app_Todo-2", "app_Todo_2"), ("2D", "_2D"), ("Answer", "Answer_")]
)
def test_a_component_becomes_the_name_of_a_type(name: str, expected: str) -> None:
    assert type_name(name) == expected


def test_the_command_prints_it_or_writes_a_file(tmp_path: Path) -> None:
    app, file = make_app(), tmp_path / "api.ts"
    printed = app.test_cli_runner().invoke(args=["actions", "typescript"])
    written = app.test_cli_runner().invoke(args=["actions", "typescript", "--output", str(file)])
    assert (printed.exit_code, written.exit_code, written.output) == (0, 0, "")
    assert printed.output == file.read_text(encoding="utf-8") == typescript(app)
