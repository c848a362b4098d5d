"""The views of resources: :class:`MethodRoute`, a ``MethodView`` whose methods are operations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from flask import Flask, Response
from flask.views import MethodView

from ..app_state import AppState, Registry
from ..config import Settings
from ..held import callables_in
from ..http.conditional import CHANGING_METHODS
from ..marks import own_marks, with_marks
from ..operation import ROUTE, STATE_KEY, Operation
from ..pipeline.dispatch import dispatch
from ..pipeline.plain_reads import call_of, is_asked_plainly, is_plain_read, read_plainly
from ..representations.listing import BY_CURSOR
from ..schemas.annotations import definer, type_parameters
from ..schemas.signature import compile_operation
from ..schemas.type_hints import enclosing_names, resolved_hints
from ..scope import running_app, running_request
from ..security.rate_limits import with_limits
from ..security.signing import Signing
from .own_views import DECORATED, is_own, own, wraps_own
from .raised import answer_what_is_raised

VARIABLE = re.compile(r"<(?:[^<>]*:)?([a-zA-Z_]\w*)>")


class MethodRoute(MethodView):
    """A REST resource: ``get``, ``post``, ``put``, ``patch``, ``delete`` are operations.

    A :class:`flask.views.MethodView` in everything else: ``decorators``, ``init_every_request``, inheritance.
    """

    #: Refuse PUT, PATCH and DELETE without ``If-Match``: 428 (RFC 6585, 3).
    require_if_match: ClassVar[bool] = False
    #: Give what ``get`` returns, a sequence or a ``Select``, out page by page: True for ``?page=&per_page=``, 20 a page
    #: and 100 at most; ``"cursor"`` for ``?cursor=&per_page=``. ``Link`` leads on (RFC 8288).
    paginate: ClassVar[bool | str] = False

    local_names: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.local_names = {**cls.local_names, **enclosing_names(cls.__qualname__, cls.__module__)}

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> Callable[..., Any]:
        """Return a view function, as Flask does: for ``add_url_rule`` of an app or a blueprint.

        :param name: the endpoint.
        :param class_args: given to the class when it is made, as are ``class_kwargs``.
        :raises TypeError: an annotation refers to a name that is not known, or what stands for a method is none.
        :raises ValueError: ``paginate`` says nothing that is known.
        """
        for method in sorted(cls.methods or ()):
            function = getattr(cls, method.lower(), None)
            if function is not None:
                check_is_method(cls, method.lower(), function)
                resolved_hints(function, names_at(cls, method.lower()))
        check_paginate(cls)
        view = super().as_view(name, *class_args, **class_kwargs)
        is_plain = cls.init_every_request and not cls.decorators
        if is_plain and cls.dispatch_request is MethodRoute.dispatch_request:
            return own(quick_view(view, class_args, class_kwargs))
        return own(view, DECORATED) if cls.decorators else own(view)

    def dispatch_request(self, **kwargs: Any) -> Response:
        app = running_app()
        asked = running_request()
        state = app.extensions.get(STATE_KEY) or default_state(app)
        rule, method = asked.url_rule, asked.method
        siblings: Mapping[str, Operation] = {}
        if rule is None or rule.arguments.symmetric_difference(kwargs):  # which is quicker than !=
            siblings = operations_with(app, state, type(self), rule, frozenset(kwargs), method)
            operation = operation_in(siblings, type(self), method)
        else:
            operation = state.known.get((id(rule), method)) or operation_of(app, state, type(self), rule, method)
            if operation.owner is not type(self):  # another class may be put behind a view at any time
                operation = operation_of(app, state, type(self), rule, method)
            if operation in state.plain_reads and is_asked_plainly(state, asked.environ):
                return read_plainly(app, state, asked, operation, self, kwargs)
        call = call_of(app, state, asked, operation, self, kwargs)
        if method in CHANGING_METHODS:
            call.siblings = siblings or operations_at(state, rule)
        return dispatch(call)


def names_at(view_class: type[MethodRoute], method: str) -> dict[str, Any]:
    """Return the names that the annotations of a method may refer to, beside those of its module."""
    return {**view_class.local_names, **type_parameters(definer(view_class, method))}


def quick_view(view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Any]:
    """Return Flask's view function without its question at each request whether ``dispatch_request`` is async."""

    def quick(**values: Any) -> Any:
        return quick.view_class(*args, **kwargs).dispatch_request(**values)  # type: ignore[attr-defined]

    quick.__dict__.update(vars(view))
    quick.__name__, quick.__doc__, quick.__module__ = view.__name__, view.__doc__, view.__module__
    return quick


def default_state(app: Flask) -> AppState:
    """Return the state of an app that has MethodRoutes and no extension: nothing is set, and there is no hook."""
    key = f"{STATE_KEY}.bare"
    if key not in app.extensions:
        app.extensions[key] = AppState(settings=Settings(), registry=Registry(), signing=Signing(app))
        answer_what_is_raised(app)
    state: AppState = app.extensions[key]
    return state


def operation_of(app: Flask, state: AppState, view_class: type[MethodRoute], rule: Any, method: str) -> Operation:
    """Return the operation behind a URL rule for a method, to be known; GET's for HEAD, where the class has none."""
    operation = known_operation(state, rule, method)
    if operation is None or operation.owner is not view_class:
        compile_rule(app, state, view_class, rule)
        operation = operation_in(operations_at(state, rule), view_class, method)
    state.known[id(rule), method] = operation
    if is_plain_read(operation):
        state.plain_reads.add(operation)
    return operation


def operations_at(state: AppState, rule: Any) -> dict[str, Operation]:
    """Return the operations behind a URL rule, by method."""
    return state.routes.get((rule.endpoint, place_of(rule)), {})


def operation_in(operations: Mapping[str, Operation], view_class: type[MethodRoute], method: str) -> Operation:
    """Return the operation of a method; GET's for HEAD, where the class has none.

    :raises AssertionError: it has not the method either, as Flask has it.
    """
    operation = operations.get(method) or (operations.get("GET") if method == "HEAD" else None)
    if operation is None:
        raise AssertionError(f"Unimplemented method {method!r} of {view_class!r}")
    return operation


def known_operation(state: AppState, rule: Any, method: str) -> Operation | None:
    operations = operations_at(state, rule)
    return operations.get(method) or (operations.get("GET") if method == "HEAD" else None)


def place_of(rule: Any) -> str:
    """Return a rule's text, with the host or subdomain where it has one."""
    place: str = rule.rule
    host = rule.host or rule.subdomain
    return f"{host}{place}" if host else place


def compile_rule(app: Flask, state: AppState, view_class: type[MethodRoute], rule: Any) -> None:
    """Compile the operations that a rule reaches, with their marks, into ``state.routes``.

    Rules with one text and one endpoint share a place, as ``/users/`` with defaults for GET and without for POST do.

    :raises TypeError: a signature that can't work, or a mark on the view.
    """
    check_view_is_unmarked(app.view_functions[rule.endpoint], view_class)
    methods = set(rule.methods or ())
    if getattr(rule, "provide_automatic_options", False):
        methods.discard("OPTIONS")
    values_change = has_preprocessors(app, rule.endpoint)
    operations = compile_route(
        view_class,
        rule.endpoint,
        rule.rule,
        frozenset(rule.arguments),
        methods,
        values_change=values_change,
        is_wrapped=is_wrapped(app.view_functions[rule.endpoint], view_class),
    )
    marked = {method: with_limits(app, with_marks(operation)) for method, operation in operations.items()}
    state.routes.setdefault((rule.endpoint, place_of(rule)), {}).update(marked)


def has_preprocessors(app: Flask, endpoint: str) -> bool:
    """Whether a ``url_value_preprocessor`` may change the path values of an endpoint."""
    functions = app.url_value_preprocessors
    return any(functions.get(name) for name in (None, *blueprints_of(endpoint)))


def operations_with(
    app: Flask, state: AppState, view_class: type[MethodRoute], rule: Any, names: frozenset[str], method: str
) -> Mapping[str, Operation]:
    """Return the operations for path values that are not the rule's own.

    A ``url_value_preprocessor`` made them, or another view, of this URL or of none, calls the class's.

    :param rule: None where no URL was matched.
    :raises TypeError: the function does not take one of them.
    """
    key = view_class, id(rule), names, method if rule is None else ""
    if key not in state.preprocessed:
        endpoint, text, methods = view_class.__name__, "", {method, "GET" if method == "HEAD" else method}
        if rule is not None:
            endpoint, text, methods = rule.endpoint, rule.rule, rule.methods or methods
        operations = compile_route(
            view_class,
            endpoint,
            text,
            names,
            methods,
            is_wrapped=is_wrapped(app.view_functions.get(endpoint), view_class),
        )
        state.preprocessed[key] = {
            method: with_limits(app, with_marks(operation)) for method, operation in operations.items()
        }
    return state.preprocessed[key]


def is_wrapped(view: Any, view_class: type[MethodRoute]) -> bool:
    """Whether something is around a view: ``decorators``, a function of the app's, its own ``dispatch_request``."""
    return not is_own(view) or view_class.dispatch_request is not MethodRoute.dispatch_request


def check_view_is_unmarked(view: Any, view_class: type[MethodRoute]) -> None:
    marks = own_marks(view)
    if marks is not None:
        raise TypeError(
            f"The view of {view_class!r} is marked with {marks!r}, and not the class. Mark the class or its methods."
        )


def compile_route(
    view_class: type[MethodRoute],
    endpoint: str,
    rule: str,
    path_names: frozenset[str],
    methods: Collection[str],
    *,
    values_change: bool = False,
    is_wrapped: bool = False,
) -> dict[str, Operation]:
    """Return the operations of a class for one URL rule, by method.

    :param values_change: a ``url_value_preprocessor`` may take path values out and put others in.
    :param is_wrapped: something is around the view.
    :raises TypeError: a signature that can't work.
    """
    operations = {}
    for method in sorted(methods):
        name = method.lower()
        function = getattr(view_class, name, None)
        if function is None:  # HEAD is answered by get, OPTIONS by Flask
            continue
        is_method = not isinstance(inspect.getattr_static(view_class, name), (staticmethod, classmethod))
        operations[method] = compile_operation(
            getattr(function, "__func__", function) if not is_method else function,
            name=f"{endpoint}.{name}",
            kind=ROUTE,
            method=method,
            path_names=path_names,
            values_change=values_change,
            is_method=is_method or isinstance(inspect.getattr_static(view_class, name), classmethod),
            names=names_at(view_class, name),
            owner=view_class,
            endpoint=endpoint,
            rule=rule,
            paginate=view_class.paginate if method == "GET" else False,
            is_wrapped=is_wrapped,
        )
    return operations


def variables_in(rule: str) -> frozenset[str]:
    """Return the names of a URL rule's variables."""
    return frozenset(VARIABLE.findall(rule))


def route_rules(app: Flask) -> list[tuple[Any, type[MethodRoute]]]:
    """Return every URL rule of an app that leads to a MethodRoute, with the class."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        view_class = view_class_of(view)
        if view_class is not None and hands_on(view, view_class, rule):
            found.append((rule, view_class))
    return found


def hands_on(view: Any, view_class: type[MethodRoute], rule: Any) -> bool:
    """Whether a view that holds one of ours may give it the values of its URL, and does not call it with its own."""
    if wraps_own(view) or inspect.Parameter.VAR_KEYWORD in {
        each.kind for each in inspect.signature(view).parameters.values()
    }:
        return True
    try:
        compile_route(view_class, rule.endpoint, rule.rule, frozenset(rule.arguments), rule.methods or ())
    except TypeError:
        return False
    return True


def view_class_of(view: Any) -> type[MethodRoute] | None:
    """Return the class of a MethodRoute's view, however the view is wrapped; None for another view."""
    for each in (view, *callables_in(view)):
        view_class = getattr(each, "__dict__", {}).get("view_class")
        if inspect.isclass(view_class) and issubclass(view_class, MethodRoute):
            return view_class
    return None


def blueprints_of(endpoint: str) -> list[str]:
    """Return the names of an endpoint's blueprints, as ``request.blueprints`` does: ``["shop.admin", "shop"]``."""
    names = endpoint.split(".")[:-1]
    return [".".join(names[:length]) for length in range(len(names), 0, -1)]


def check_is_route(view_class: Any) -> None:
    """:raises TypeError: not a class of a resource, or one without a method."""
    if not (inspect.isclass(view_class) and issubclass(view_class, MethodRoute)):
        raise TypeError(f"@actions.route takes a MethodRoute class, not {view_class!r}. Derive it from MethodRoute.")
    if not view_class.methods:
        raise TypeError(f"{where_class(view_class)} has no method. Write one in lower case, as in def get(self): ….")


def check_is_method(view_class: type[MethodRoute], name: str, found: Any) -> None:
    """:raises TypeError: it is a property, say, which nobody can call."""
    if not callable(found):
        raise TypeError(f"{where_class(view_class)}.{name} is {found!r}, and no method. Write def {name}(self): ….")


def check_paginate(view_class: type[MethodRoute]) -> None:
    """:raises ValueError: it names no way of giving a list out."""
    if view_class.paginate not in (False, True, BY_CURSOR):
        raise ValueError(
            f"{where_class(view_class)}: paginate = {view_class.paginate!r} is no way to give a list out."
            f" Write True for pages by number, or {BY_CURSOR!r}."
        )


def where_class(view_class: type[MethodRoute]) -> str:
    return f"{view_class.__module__}.{view_class.__qualname__}"
