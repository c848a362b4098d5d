"""The OpenAPI 3.1 document of an app: every operation of both doors."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from werkzeug.routing.converters import UnicodeConverter

from ..app_state import AppState, AuthHook
from ..http.conditional import CHANGING_METHODS
from ..http.negotiation import EVENTS, HTML, JSON, URLENCODED
from ..json_schemas.converter import OPENAPI_VERSION, Components, JsonSchema
from ..json_schemas.descriptions import Description, description_of, statuses_in
from ..json_schemas.values import without_infinity
from ..operation import ACTION, Operation
from ..security.origin import token_field, token_header, wants_token
from ..security.rate_limits import limiters_of
from ..views.resources import VARIABLE, blueprints_of, place_of, route_rules
from .arguments import located_parameters, path_parameters, request_body
from .parameters import PARAMETERS, TEXT, merge, names_of_shared
from .responses import (
    FAILURES,
    HANDLED,
    JOB_SCHEMA,
    MESSAGE_SCHEMA,
    NO_MATCH,
    PROBLEM_DETAILS,
    PROBLEM_SCHEMA,
    REVALIDATED_SCHEMA,
    FailureStyle,
    answers_of,
    component_name,
    failure,
    job_response,
    no_match_response,
    problem_response,
    status_phrase,
)
from .returned import ANYTHING, content_of_function

if TYPE_CHECKING:
    from flask import Flask

ACTIONS, WEBHOOKS = "actions", "webhooks"
WEBHOOK_KINDS: Mapping[type[Any], str] = {dict: "object", list: "array"}
NO_TAG = re.compile(r"api|v[0-9]+|")  # segments of a path that say nothing of what is there
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ANY_SEGMENT = "[^/]{1,}"  # Werkzeug's default converter
SESSION = "session"
ORDER = ("openapi", "info", "servers", "tags", "paths", "components")

TAGS: Mapping[str, str] = {
    ACTIONS: (
        "Functions that the pages of this app call by forms and scripts. The signature stands in the page, belongs to"
        " its visitor, and goes with that visitor's cookies and CSRF token."
    ),
    WEBHOOKS: "Messages of other services, which sign them.",
}


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
        self.ids: Counter[str] = Counter()
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
            "parameters": self.parameters(operation, rule, about),
            "requestBody": webhook_body(operation) if operation.verifier is not None else body,
            "responses": self.answers(operation, rule, about),
            "security": security_of(operation, hook),
        }
        empty = {"summary", "description", "parameters", "requestBody"}
        return {name: value for name, value in found.items() if value or name not in empty}

    def answers(self, operation: Operation, rule: Any, about: Description) -> dict[str, JsonSchema]:
        code = statuses_in(operation.function)
        further, style = self.further_failures(operation), self.style_of(operation)
        is_choosy = False
        if rule is not None:
            is_choosy = not all(map(takes_any_segment, rule._converters.values()))
            reading = self.state.routes[(operation.endpoint, place_of(rule))].get("GET")
            if reading is not None and operation.method in CHANGING_METHODS:
                further |= own_failures(reading)  # the condition is held against what GET answers
        code = replace(code, raised=code.raised | further)
        hook = self.state.hook
        made = answers_of(self.components, operation, hook, about, code, style=style, is_choosy=is_choosy)
        return dict(sorted({**self.answers_of_hook(operation), **made}.items()))

    def further_failures(self, operation: Operation) -> frozenset[int]:
        """Return the statuses of what may refuse a call around its function: limits, the hook, the problem handler."""
        failures = {429} if is_limited(self.app, operation) else set[int]()
        if self.state.hook is not None and operation.verifier is None:
            failures |= statuses_in(self.state.hook.function).raised
        handler = self.state.registry.problem_handler
        if handler is not None and operation.owner is not None:
            failures |= {each for each in statuses_in(handler).returned if each >= 400}
        return frozenset(failures)

    def answers_of_hook(self, operation: Operation) -> dict[str, JsonSchema]:
        """Return what the hook may answer itself: a tuple with a status that lets nobody in."""
        hook = self.state.hook
        returned = frozenset[int]() if hook is None or operation.verifier else statuses_in(hook.function).returned
        return {str(each): {"description": status_phrase(each), "content": {ANYTHING: {}}} for each in returned}

    def style_of(self, operation: Operation) -> FailureStyle:
        """Return how an operation's failures are told."""
        handler = self.state.registry.problem_handler
        if operation.verifier is not None:
            return PROBLEM_DETAILS
        if any(any(self.app.error_handler_spec.get(name, {}).values()) for name in blueprints_of(operation.endpoint)):
            return HANDLED
        if operation.owner is None or handler is None:
            return PROBLEM_DETAILS
        return FailureStyle("Api", content_of_function(self.components, handler))

    def unique(self, name: str) -> str:
        self.ids[name] += 1  # several rules may lead to one class
        return f"{name}-{self.ids[name]}" if self.ids[name] > 1 else name

    def parameters(self, operation: Operation, rule: Any, about: Description) -> list[JsonSchema | str]:
        declared = list(located_parameters(self.components, operation, about))
        if rule is not None:
            named = set(VARIABLE.findall(operation.rule))  # a subdomain's variables are none of the path's
            found = path_parameters(self.components, operation, rule, about)
            declared[:0] = (each for each in found if each["name"] in named)
        token = list(self.token_header()) if operation.kind == ACTION else []
        made = merge([*declared, *token], names_of_shared(operation), operation)
        self.shared.update(each for each in made if isinstance(each, str))  # as apispec takes a reference
        return made

    def token_header(self) -> Iterator[JsonSchema]:
        config = self.app.config
        if wants_token(config):
            text = f"The visitor's CSRF token. A form brings it as `{token_field(config)}`."
            yield {"name": token_header(config), "in": "header", "schema": TEXT, "description": text}

    def add_components(self, used: str) -> None:
        """Add the components that are referred to.

        :param used: the paths as JSON.
        """
        schemas, responses = self.components.by_name(), self.responses(used)
        wanted = reachable(schemas, used + json.dumps(responses, default=str))
        if responses:
            wanted.add("Problem")
        for name in sorted(wanted & set(schemas)):
            self.spec.components.schema(name, schemas[name])
        for name, response in responses.items():
            self.spec.components.response(name, response)
        for name, parameter in PARAMETERS.items():
            if name in self.shared:
                self.spec.components.parameter(name, parameter["in"], parameter)
        for name, scheme in schemes_of(self.app, self.state.hook, used).items():
            self.spec.components.security_scheme(name, dict(scheme))

    def responses(self, used: str) -> dict[str, JsonSchema]:
        """Return the failures that are referred to, by the names of their components."""
        styles = {style.prefix: style for style in (self.style_of(each) for _, each, _ in self.operations())}
        made: dict[str, JsonSchema] = {}
        for prefix, style in {"": PROBLEM_DETAILS, **styles}.items():
            for status, text in FAILURES.items():
                made[prefix + component_name(status)] = problem_response(status, text, style)
            made[prefix + NO_MATCH] = no_match_response(style)
        found = {name: each for name, each in made.items() if f'"#/components/responses/{name}"' in used}
        return {name: self.components.with_final_names(each) for name, each in found.items()}


def takes_any_segment(converter: Any) -> bool:
    return type(converter) is UnicodeConverter and converter.regex == ANY_SEGMENT


def is_limited(app: Flask, operation: Operation) -> bool:
    """Whether a limit of Flask-Limiter's may refuse a call (429)."""
    limits = any(
        each.limit_manager.default_limits or each.limit_manager.application_limits for each in limiters_of(app)
    )
    decorated = any(limiters_of(app)) and bool(getattr(operation.owner, "decorators", ()))
    return limits or decorated or bool(operation.limits)


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


def webhook_body(operation: Operation) -> JsonSchema:
    """Return a message: JSON of the kinds that the function takes, or a form, whose ``payload`` may hold that JSON."""
    kinds = [WEBHOOK_KINDS[each] for each in operation.event_types]
    form: JsonSchema = {"type": "object"}
    if dict not in operation.event_types:
        form |= {"properties": {"payload": {**TEXT, "contentMediaType": JSON}}, "required": ["payload"]}
    message: JsonSchema = {"type": kinds[0] if len(kinds) == 1 else kinds}
    if list in operation.event_types:
        message["items"] = {}  # makers of clients ask for it
    return {"required": True, "content": {JSON: {"schema": message}, URLENCODED: {"schema": form}}}


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
