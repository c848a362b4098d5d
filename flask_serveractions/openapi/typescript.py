"""A typed client in TypeScript, from the OpenAPI document: resources by ``fetch``, actions by the app's client."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext

from ..app_state import state_of
from ..http.negotiation import HTML, JSON
from .identifiers import field_name, free_name, key, member_names, read_source, type_name, type_names
from .page import document, output_option, write

JsonSchema = Mapping[str, Any]

ANYTHING = "*/*"
TEXT_OR_FILE = "Blob | string"
#: where parameters are, and what the client calls that
PLACES = {"path": "variables", "query": "query", "header": "headers"}
REF = "#/components/schemas/"
METHODS = ("get", "post", "put", "patch", "delete")
UNSENT_HEADERS = frozenset({"if-none-match"})  # the browser's cache asks by itself
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript(app: Flask) -> str:
    """Return the source of a typed client for an app's resources and actions: one module, without dependencies.

    :param app: one with a :class:`~flask_serveractions.ServerActions`.
    :raises RuntimeError: apispec is not installed, or the app can't start as it is.
    """
    api = Api(document(app))
    state = state_of(app)
    unnamed = {each.name for each in state.actions.values() if any(one.required for one in each.bound)}
    resources, actions = list(api.resources()), [each for each in api.actions() if each.action not in unnamed]
    parts = [
        f"// A typed client of {app.name}, by `flask actions typescript`: write it again when the app changes.\n",
        *api.interfaces(),
    ]
    if resources:
        parts += [read_source("client.ts"), *resource_class(api, resources)]
    if actions:
        parts += [client_module(state.settings.url_prefix), read_source("actions.ts"), *action_object(api, actions)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def client_module(url_prefix: str) -> str:
    return (
        "/** Where the app serves its client; change it where the app is mounted below the root. */\n"
        f"export const client: {{ url: string }} = {{ url: {json.dumps(url_prefix + '/client.js')} }};"
    )


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """An operation of the document."""

    id: str
    method: str
    path: str
    operation: Mapping[str, Any]

    @property
    def action(self) -> str:
        """Return the name of an action; ``""`` of anything else."""
        url, _, last = self.path.rpartition("/")
        return url.rpartition("/")[2] if last == "{signature}" and "actions" in self.operation["tags"] else ""

    @property
    def is_page(self) -> bool:
        """Whether it answers in HTML alone."""
        return list(self.operation["responses"].get("200", {}).get("content", {})) == [HTML]


@dataclass(frozen=True, slots=True)
class Api:
    """The document, and its types in TypeScript."""

    document: Mapping[str, Any]
    binary: str = "Blob"  # the type of what is uploaded
    names: Mapping[str, str] = field(init=False)  # of types, by those of components

    def __post_init__(self) -> None:
        components = self.document.get("components", {}).get("schemas", {})
        object.__setattr__(self, "names", type_names(components))

    def type_named(self, component: str) -> str:
        return self.names.get(component) or type_name(component)

    def operations(self) -> Iterator[ApiOperation]:
        for path, item in self.document.get("paths", {}).items():
            for method in filter(item.get, METHODS):
                yield ApiOperation(item[method]["operationId"], method, path, item[method])

    def resources(self) -> Iterator[ApiOperation]:
        """Yield what programs call: neither webhooks nor pages."""
        own = {"actions", "webhooks"}
        others = (each for each in self.operations() if own.isdisjoint(each.operation["tags"]))
        return (each for each in others if not each.is_page)

    def actions(self) -> Iterator[ApiOperation]:
        return (each for each in self.operations() if each.action)

    def resolved(self, thing: Any) -> Any:
        if "$ref" not in thing:
            return thing
        place: Any = self.document
        for step in thing["$ref"][2:].split("/"):
            place = place[step]
        return self.resolved(place)

    def interfaces(self) -> Iterator[str]:
        for name, schema in self.document.get("components", {}).get("schemas", {}).items():
            comment = doc_comment(schema.get("description", ""))
            if schema.get("type") == "object" and schema.get("properties"):
                members = "".join(f"{comment_line}  {member};\n" for comment_line, member in self.members(schema))
                yield f"{comment}export interface {self.type_named(name)} {{\n{members}}}\n"
            else:
                yield f"{comment}export type {self.type_named(name)} = {self.type_of(schema)};\n"

    def members(self, schema: JsonSchema) -> Iterator[tuple[str, str]]:
        """Yield comment and declaration of each property."""
        required = schema.get("required", ())
        for name, each in schema.get("properties", {}).items():
            optional = "" if name in required else "?"
            yield doc_comment(each.get("description", ""), "  "), f"{key(name)}{optional}: {self.type_of(each)}"
        if schema.get("patternProperties"):
            yield "", "[name: string]: unknown"

    def type_of(self, schema: JsonSchema) -> str:
        """Return the type of a JSON Schema's values."""
        if "$ref" in schema:
            return self.type_named(schema["$ref"].removeprefix(REF))
        if "const" in schema:
            return json.dumps(schema["const"])
        if "enum" in schema:
            return union(map(json.dumps, schema["enum"]))
        several = schema.get("anyOf") or schema.get("oneOf")
        if several:
            return union(map(self.type_of, several))
        kinds = schema.get("type", ())
        return union(self.type_of_kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))

    def type_of_kind(self, kind: str, schema: JsonSchema) -> str:
        if kind == "array":
            return self.type_of_array(schema)
        if kind == "object":
            return self.type_of_object(schema)
        return self.binary if schema.get("format") == "binary" else PLAIN.get(kind, "unknown")

    def type_of_array(self, schema: JsonSchema) -> str:
        if "prefixItems" in schema:
            return f"[{', '.join(map(self.type_of, schema['prefixItems']))}]"
        inner = self.type_of(schema.get("items", {}))
        return f"({inner})[]" if " " in inner and not inner.startswith("{") else f"{inner}[]"

    def type_of_object(self, schema: JsonSchema) -> str:
        members = [declaration for _, declaration in self.members(schema)]
        if members:
            return f"{{ {'; '.join(members)} }}"
        values = schema.get("additionalProperties")
        return f"Record<string, {self.type_of(values) if isinstance(values, dict) else 'unknown'}>"


def resource_class(api: Api, resources: Iterable[ApiOperation]) -> Iterator[str]:
    """Yield the class whose properties are the resources, whose methods are theirs."""
    yield "export class Api {\n  readonly #sender: Sender;\n"
    yield "  constructor(options: ApiOptions = {}) {\n    this.#sender = new Sender(options);\n  }\n"
    groups: dict[str, list[ApiOperation]] = {}
    for each in resources:
        groups.setdefault(each.id.rpartition(".")[0], []).append(each)
    for name, members in sorted(groups.items()):
        methods = "".join(resource_method(api, each) for each in members)
        yield f"  readonly {key(free_name(field_name(name), set(groups) - {name}))} = {{\n{methods}  }};"
    yield "}\n"


def resource_method(api: Api, described: ApiOperation) -> str:
    """Return one method: ``get: (given: {...}, init?: RequestInit) => this.#sender.send<Todo>(...),``."""
    parameters = [api.resolved(each) for each in described.operation.get("parameters", ())]
    sent = [each for each in parameters if each["in"] != "cookie" and each["name"].lower() not in UNSENT_HEADERS]
    body = described.operation.get("requestBody")
    media = next(iter(body["content"]), None) if body else None
    names = member_names(sent, media is not None)
    members = [
        (names[each["in"], each["name"]], bool(each.get("required")), api.type_of(each["schema"])) for each in sent
    ]
    if body and media:
        members.append(("body", bool(body.get("required")), api.type_of(body["content"][media]["schema"])))
    places = {place: {name: each for (kind, name), each in names.items() if kind == place} for place in PLACES}
    route = {
        "method": json.dumps(described.method.upper()),
        "path": json.dumps(described.path),
        **{member: pairs(places[place]) for place, member in PLACES.items()},
        "body": json.dumps(media) if media else "",
    }
    written = ", ".join(f"{name}: {value}" for name, value in route.items() if value)
    returned = result_type(api, described.operation)
    return (
        f"{doc_comment(comment_of(described), '    ')}"
        f"    {key(described.id.rpartition('.')[2])}: ({argument('given', members)}, init?: RequestInit) =>\n"
        f"      this.#sender.send<{returned}>({{ {written} }}, given, init),\n"
    )


def pairs(names: Mapping[str, str]) -> str:
    """Return names with what they are given by: ``[["id", "query_id"]]``."""
    return json.dumps([list(each) for each in names.items()]) if names else ""


def argument(name: str, members: list[tuple[str, bool, str]]) -> str:
    """Return one parameter that is an object; it may be left out where nothing in it is required."""
    declared = "; ".join(f"{key(each)}{'' if needed else '?'}: {kind}" for each, needed, kind in members)
    kind = f"{{ {declared} }}" if declared else "Record<string, never>"
    # no default: {} has a constructor, which is no text
    return f"{name}: {kind}" if any(needed for _, needed, _ in members) else f"{name}?: {kind}"


def result_type(api: Api, operation: Mapping[str, Any]) -> str:
    kinds = [
        content_type(api, api.resolved(response).get("content", {}))
        for status, response in operation["responses"].items()
        if status.startswith("2")
    ]
    return union(dict.fromkeys(kinds)) if kinds else "void"


def content_type(api: Api, content: Mapping[str, Any]) -> str:
    if not content:
        return "undefined"
    if JSON not in content:
        return union(api.type_of(each.get("schema", {})) for each in content.values())
    others = [TEXT_OR_FILE if media == ANYTHING else "string" for media in content if media != JSON]
    return union([api.type_of(content[JSON].get("schema", {})), *others])


def action_object(api: Api, actions: Iterable[ApiOperation]) -> Iterator[str]:
    """Yield the object whose methods are the actions."""
    methods = "".join(action_method(api, each) for each in actions)
    yield f"export const actions = {{\n{methods}}};"


def action_method(api: Api, described: ApiOperation) -> str:
    name = described.action
    body = described.operation.get("requestBody") or {"content": {}}
    schema: JsonSchema = next(iter(body["content"].values()), {"schema": {}})["schema"]
    kind = replace(api, binary="File").type_of(schema) if body["content"] else "Record<string, never>"
    given = f"given: {kind}" if api.resolved(schema).get("required") else f"given?: {kind}"
    returned = data_type(api, described.operation)
    return (
        f"{doc_comment(comment_of(described), '  ')}"
        f"  {key(name)}: ({given}, options?: CallOptions) => call<{returned}>({json.dumps(name)}, given, options),\n"
    )


def data_type(api: Api, operation: Mapping[str, Any]) -> str:
    """Return the type of an action's data; that of a job's is not described."""
    for status, response in operation["responses"].items():
        media = api.resolved(response).get("content", {}).get(JSON, {})
        properties = media.get("schema", {}).get("properties", {})
        if status.startswith("2") and "data" in properties:
            return api.type_of(properties["data"])
    return "unknown"


def comment_of(described: ApiOperation) -> str:
    operation = described.operation
    texts = (operation.get("summary", ""), operation.get("description", ""))
    return "\n\n".join(filter(None, texts))


def doc_comment(text: str, indent: str = "") -> str:
    lines = text.replace("*/", "* /").splitlines()
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


def union(kinds: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(kinds)) or "unknown"


@click.command("typescript")
@output_option
@with_appcontext
def typescript_command(output: str) -> None:
    """Print a typed client of actions and resources, in TypeScript.

    It is a module without dependencies, which "tsc --strict" accepts.

    \b
    Example:
      flask actions typescript --output src/api.ts

    \b
    Exit codes:
      0  it is written
      1  apispec is missing, the app can't start, or the file can't be written
      2  the command line is wrong
    """
    write(output, typescript)
