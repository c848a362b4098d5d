"""The OpenAPI 3.1 document of an app: every operation of both doors."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from werkzeug.routing.converters import UnicodeConverter

from ..answers.listing import BY_CURSOR
from ..answers.pagination import MAX_PAGE, MAX_PER_PAGE, PER_PAGE
from ..app_state import AppState, AuthHook
from ..http.conditional import CHANGING_METHODS
from ..http.negotiation import EVENTS, HTML
from ..operation import ACTION, Operation
from ..views.resources import VARIABLE, place_of, route_rules
from .arguments import located_parameters, path_parameters, request_body
from .descriptions import Description, description_of, statuses_in
from .responses import (
    FAILURES,
    JOB_SCHEMA,
    MESSAGE_SCHEMA,
    NO_MATCH,
    PROBLEM_SCHEMA,
    REVALIDATED_SCHEMA,
    answers_of,
    component_name,
    failure,
    job_response,
    no_match_response,
    problem_response,
)
from .schemas import OPENAPI_VERSION, Components, JsonSchema
from .values import without_infinity

if TYPE_CHECKING:
    from flask import Flask

ACTIONS, WEBHOOKS = "actions", "webhooks"
NO_TAG = re.compile(r"api|v[0-9]+|")  # segments of a path that say nothing of what is there
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SESSION = "session"
ORDER = ("openapi", "info", "servers", "tags", "paths", "components")
TEXT: JsonSchema = {"type": "string"}

TAGS: Mapping[str, str] = {
    ACTIONS: (
        "Functions that the pages of this app call by forms and scripts. The signature stands in the page, belongs to"
        " its visitor, and goes with that visitor's cookies and CSRF token."
    ),
    WEBHOOKS: "Messages of other services, which sign them.",
}


def whole_number(default: int, largest: int) -> JsonSchema:
    return {"type": "integer", "minimum": 1, "maximum": largest, "default": default}


#: parameters of this package's own, by the names of their components
PARAMETERS: Mapping[str, JsonSchema] = {
    "Signature": {
        "name": "signature", "in": "path", "required": True, "schema": TEXT,
        "description": "The signed ID, as `action_form` and `action_url` write it.",
    },
    "ActionPage": {
        "name": "page", "in": "query", "schema": {**TEXT, "default": "/"},
        "description": "Where the form stands: a path of this app.",
    },
    "Prefer": {
        "name": "Prefer", "in": "header", "schema": {"enum": ["return=representation", "return=minimal"]},
        "description": "Whether the answer brings the fresh page (RFC 7240).",
    },
    "Validate": {
        "name": "Serveractions-Validate", "in": "header", "schema": TEXT,
        "description": "Names of fields, parted by commas: they are checked, and nothing is run.",
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "schema": {**TEXT, "minLength": 1},
        "description": "A second call with it gets the first one's answer. A form brings it as `idempotency_key`.",
    },
    "IfMatch": {
        "name": "If-Match", "in": "header", "schema": TEXT,
        "description": "The `ETag` that was read: nothing is changed where it is not current (RFC 9110, 13.1.1).",
    },
    "IfNoneMatch": {
        "name": "If-None-Match", "in": "header", "schema": TEXT,
        "description": "The `ETag` that the caller has: 304 while it is the current one (RFC 9110, 13.1.2).",
    },
    "Page": {"name": "page", "in": "query", "schema": whole_number(1, MAX_PAGE)},
    "PerPage": {"name": "per_page", "in": "query", "schema": whole_number(PER_PAGE, MAX_PER_PAGE)},
    "Cursor": {
        "name": "cursor", "in": "query", "schema": TEXT,
        "description": "Where the page begins, as a `Link` brought it.",
    },
}  # fmt: skip


def build(app: Flask, state: AppState) -> dict[str, Any]:
    """Return the document of an app that has started, JSON-ready."""
    module = sys.modules.get(app.import_name)
    about = description_of(module) if module is not None else Description()
    text = "\n\n".join(filter(None, (about.summary, about.text)))
    spec = APISpec(
        app.name,
        str(getattr(module, "__version__", "0")),
        OPENAPI_VERSION,
        info={"description": text} if text else {},
        servers=[{"url": app.config["APPLICATION_ROOT"]}],
    )
    with app.test_request_context():  # in which forms may look up their choices
        paths = Builder(app, state, Components(spec), spec).paths()
    for path, item in sorted(paths.items()):
        spec.path(path, operations=item)
    made = without_infinity(json.loads(json.dumps(spec.to_dict(), default=str)))
    return {name: made[name] for name in ORDER if name in made}


class Builder:
    """Collects an app's operations."""

    def __init__(self, app: Flask, state: AppState, components: Components, spec: APISpec) -> None:
        self.app = app
        self.state = state
        self.components = components
        self.spec = spec
        self.ids: list[str] = []
        self.shared: set[str] = set()  # names of PARAMETERS that are used
        for name, schema in (
            ("Problem", PROBLEM_SCHEMA),
            ("Revalidated", REVALIDATED_SCHEMA),
            ("Message", MESSAGE_SCHEMA),
            ("Job", JOB_SCHEMA),
        ):
            components.add(name, schema)

    def paths(self) -> dict[str, JsonSchema]:
        """Return the path items; the spec gets the components and tags that they refer to."""
        paths: dict[str, JsonSchema] = {}
        for path, operation, rule in self.operations():
            paths.setdefault(path, {}).setdefault(operation.method.lower(), self.described(path, operation, rule))
        if any(each.background for each in self.state.actions.values()):
            paths[f"{self.state.settings.url_prefix}/-/jobs/{{job}}"] = self.job_item()
        named: dict[str, JsonSchema] = self.components.with_final_names(paths)
        self.add_components(json.dumps(named, default=str))
        self.add_tags([each for item in paths.values() for each in item.values()])
        return named

    def add_tags(self, operations: list[JsonSchema]) -> None:
        """Add the tags in the order in which they are read: what programs call, pages, webhooks and actions."""
        used = {tag for each in operations for tag in each["tags"]}
        for_programs = {tag for each in operations if not is_page(each) for tag in each["tags"]}
        for tag in sorted(used, key=lambda tag: (tag in TAGS, tag not in for_programs, tag)):
            self.spec.tag({"name": tag, "description": TAGS[tag]} if tag in TAGS else {"name": tag})

    def operations(self) -> Iterator[tuple[str, Operation, Any]]:
        """Yield path, operation and Werkzeug's rule (None for an action)."""
        rules = {(rule.endpoint, place_of(rule)): rule for rule, _ in route_rules(self.app)}
        for place, by_method in self.state.routes.items():
            for method in filter(by_method.get, METHODS):
                yield path_of(by_method[method].rule), by_method[method], rules[place]
        for operation in self.state.actions.values():
            yield f"{self.state.settings.url_prefix}/{operation.name}/{{signature}}", operation, None
        for operation in self.state.registry.webhooks.values():
            yield path_of(operation.rule), operation, None

    def job_item(self) -> JsonSchema:
        """Return what the URL of a job answers."""
        hook = self.state.hook
        parameter = {"name": "job", "in": "path", "required": True, "schema": TEXT}
        names = [] if hook is None else list(dict.fromkeys([SESSION, *hook.schemes]))
        shared = {"tags": [ACTIONS], "security": [{name: list[str]()} for name in names]}
        reading, changing = (401, 403, 404, 500, 503), (400, 401, 403, 404, 413, 500, 503)
        cancelled = {"200": job_response(), **{str(each): failure(each, None) for each in changing}}
        led_back = {"description": "To a browser's form: back to its page."}
        return {
            "get": {
                **shared,
                "operationId": "actions-job.get",
                "summary": "Say how a job is getting on.",
                "parameters": [parameter],
                "responses": {"200": job_response(EVENTS), **{str(each): failure(each, None) for each in reading}},
            },
            "delete": {
                **shared,
                "operationId": "actions-job.delete",
                "summary": "Cancel a job.",
                "parameters": [parameter, *self.token_header()],
                "responses": cancelled,
            },
            "post": {
                **shared,
                "operationId": "actions-job.post",
                "summary": "Cancel a job, by a form.",
                "parameters": [parameter, *self.token_header()],
                "responses": {"200": cancelled["200"], "303": led_back, **cancelled},
            },
        }

    def described(self, path: str, operation: Operation, rule: Any) -> JsonSchema:
        about = description_of(operation.function)
        hook = self.state.hook
        body = request_body(self.components, operation, about)
        found: JsonSchema = {
            "operationId": self.unique(operation.endpoint if operation.kind == ACTION else operation.name),
            "tags": [tag_of(self.app, path, operation)],
            "summary": about.summary,
            "description": "\n\n".join(filter(None, (about.text, *remarks(operation, hook)))),
            "parameters": [*self.parameters(operation, rule, about)],
            "requestBody": webhook_body() if operation.verifier is not None else body,
            "responses": self.answers(operation, rule, about),
            "security": security_of(operation, hook),
        }
        empty = {"summary", "description", "parameters", "requestBody"}
        return {name: value for name, value in found.items() if value or name not in empty}

    def answers(self, operation: Operation, rule: Any, about: Description) -> dict[str, JsonSchema]:
        code = statuses_in(operation.function)
        if rule is None:
            return answers_of(self.components, operation, self.state.hook, about, code)
        is_choosy = any(type(each) is not UnicodeConverter for each in rule._converters.values())
        reading = self.state.routes[(operation.endpoint, place_of(rule))].get("GET")
        if (
            reading is not None and operation.method in CHANGING_METHODS
        ):  # its condition is held against what GET answers
            code = replace(code, raised=code.raised | own_failures(reading))
        return answers_of(self.components, operation, self.state.hook, about, code, is_choosy=is_choosy)

    def unique(self, name: str) -> str:
        self.ids.append(name)
        before = self.ids.count(name) - 1  # several rules may lead to one class
        return f"{name}-{before + 1}" if before else name

    def parameters(self, operation: Operation, rule: Any, about: Description) -> Iterator[JsonSchema | str]:
        if rule is not None:
            named = set(VARIABLE.findall(operation.rule))  # a subdomain's variables are none of the path's
            found = path_parameters(self.components, operation, rule, about)
            yield from (each for each in found if each["name"] in named)
        yield from located_parameters(self.components, operation, about)
        yield from self.own_parameters(operation)

    def share(self, name: str) -> str:
        """Return a reference to one of PARAMETERS, as apispec takes it."""
        self.shared.add(name)
        return name

    def own_parameters(self, operation: Operation) -> Iterator[JsonSchema | str]:
        if operation.kind == ACTION:
            yield from map(self.share, ("Signature", "ActionPage", "Prefer", "Validate"))
            yield from self.token_header()
        if operation.once:
            yield self.share("IdempotencyKey")
        if operation.paginate:
            yield self.share("Cursor" if operation.paginate == BY_CURSOR else "Page")
            yield self.share("PerPage")
        if operation.owner is not None and operation.method == "GET":
            yield self.share("IfNoneMatch")
        if operation.owner is not None and operation.method in CHANGING_METHODS:
            needed = getattr(operation.owner, "require_if_match", False)
            yield {**PARAMETERS["IfMatch"], "required": True} if needed else self.share("IfMatch")

    def token_header(self) -> Iterator[JsonSchema]:
        names = self.app.config.get("WTF_CSRF_HEADERS") or ["X-CSRFToken"]
        if self.app.config.get("WTF_CSRF_ENABLED", True):
            field = self.app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
            text = f"The visitor's CSRF token. A form brings it as `{field}`."
            yield {"name": names[0], "in": "header", "schema": TEXT, "description": text}

    def add_components(self, used: str) -> None:
        """Add the components that are referred to.

        :param used: the paths as JSON.
        """
        schemas = self.components.by_name()
        problem = "components/responses/" in used
        wanted = {name for name in schemas if name in reachable(schemas, used) or (name == "Problem" and problem)}
        for name in sorted(wanted):
            self.spec.components.schema(name, schemas[name])
        for status, text in FAILURES.items():
            if f'"#/components/responses/{component_name(status)}"' in used:
                self.spec.components.response(component_name(status), problem_response(status, text))
        if f'"#/components/responses/{NO_MATCH}"' in used:
            self.spec.components.response(NO_MATCH, no_match_response())
        for name, parameter in PARAMETERS.items():
            if name in self.shared:
                self.spec.components.parameter(name, parameter["in"], parameter)
        for name, scheme in schemes_of(self.app, self.state.hook, used).items():
            self.spec.components.security_scheme(name, dict(scheme))


def is_page(operation: JsonSchema) -> bool:
    """Whether an operation answers in HTML alone."""
    return list(operation["responses"].get("200", {}).get("content", {})) == [HTML]


def own_failures(operation: Operation) -> frozenset[int]:
    """Return the statuses that an operation's function may fail with, beside what the pipeline does."""
    documented = (status for status in description_of(operation.function).statuses if status >= 400)
    invalid = {422} if operation.located else set[int]()
    return statuses_in(operation.function).raised | frozenset(documented) | invalid


def reachable(schemas: Mapping[str, JsonSchema], used: str) -> set[str]:
    """Return the names that a text refers to, and those that they refer to."""
    found: set[str] = set()
    todo = [used]
    while todo:
        text = todo.pop()
        fresh = set(re.findall(r'"#/components/schemas/([^"]+)"', text)) - found
        found |= fresh
        todo += (json.dumps(schemas[name], default=str) for name in fresh)
    return found


def path_of(rule: str) -> str:
    """Return a URL rule as OpenAPI writes it: ``/todos/{todo_id}``."""
    return VARIABLE.sub(r"{\1}", rule)


def tag_of(app: Flask, path: str, operation: Operation) -> str:
    """Return what an operation belongs to: a door, a blueprint, or what its path names first."""
    if operation.kind == ACTION:
        return ACTIONS
    if operation.verifier is not None:
        return WEBHOOKS
    blueprint = operation.endpoint.rpartition(".")[0]
    if blueprint in app.blueprints:
        return blueprint
    segments = [each for each in path.split("/") if "{" not in each and not NO_TAG.fullmatch(each)]
    return segments[0] if segments else app.name


def remarks(operation: Operation, hook: AuthHook | None) -> Iterator[str]:
    if hook is not None and operation.requires:
        yield f"Requires: {', '.join(f'`{each}`' for each in sorted(operation.requires))}."
    if operation.bound:
        yield f"The signature holds {', '.join(f'`{each.key}`' for each in operation.bound)}."


def webhook_body() -> JsonSchema:
    return {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}


def security_of(operation: Operation, hook: AuthHook | None) -> list[dict[str, list[str]]]:
    """Return the schemes that let a caller in, any of them; ``[]`` for what is open to everybody."""
    if hook is None or operation.public or operation.verifier is not None:
        return []
    by_session = [SESSION] if operation.kind == ACTION or not hook.schemes else []
    return [{name: sorted(operation.requires)} for name in dict.fromkeys([*by_session, *hook.schemes])]


def schemes_of(app: Flask, hook: AuthHook | None, used: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the hook's security schemes, and the session where it is one.

    :param used: the paths as JSON.
    """
    if hook is None:
        return {}
    text = "The session of somebody who has signed in on the pages of this app."
    cookie = {"type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"], "description": text}
    return {**({SESSION: cookie} if f'{{"{SESSION}": ' in used else {}), **hook.schemes}
