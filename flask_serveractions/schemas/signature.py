"""The signature is the contract: compiled once into parameters and an answer.

What a request then does is only to run the plan: no ``inspect``, no schema construction.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ..operation import ACTION, MISSING, Operation, Parameter, Source, preset_arguments, undecorated, where
from .annotations import type_arguments, with_arguments
from .parameters import Compiler
from .type_hints import local_names, resolved_hints


def compile_operation(
    function: Callable[..., Any],
    *,
    name: str,
    kind: str,
    method: str,
    path_names: Collection[str] = (),
    is_method: bool = False,
    names: Mapping[str, Any] | None = None,
    values_change: bool = False,
    **more: Any,
) -> Operation:
    """Return the operation that a function is.

    :param kind: ``"action"`` or ``"route"``.
    :param path_names: the variables of the URL rule.
    :param is_method: whether the first parameter is ``self``.
    :param names: local names that annotations may refer to.
    :param values_change: a ``url_value_preprocessor`` takes path values out and puts others in: what the function
        does not take, or nothing loads, is its.
    :param more: further fields of the :class:`Operation`.
    :raises TypeError: a signature that can't work; names the function, the parameter and the mend.
    """
    known = local_names(function, names or {})
    given = type_arguments(more["owner"], method.lower()) if more.get("owner") is not None else {}
    hints = {each: with_arguments(hint, given) for each, hint in resolved_hints(function, known).items()}
    reads_like = "GET" if more.get("event") else method  # the event is a webhook's whole body
    compiler = Compiler(function, kind, reads_like, frozenset(path_names), known, values_change)
    signature = list(inspect.signature(function).parameters.values())[1 if is_method else 0 :]
    preset = preset_arguments(function)
    open_to_callers = [each for each in signature if each.name not in preset]
    compiled = [compiler.parameter(each, hints.get(each.name, MISSING)) for each in open_to_callers]
    parameters = tuple(each for each in compiled if each is not None)
    compiler.check_together(parameters)
    is_generator = kind == ACTION and inspect.isgeneratorfunction(inspect.unwrap(function))
    open_ended = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in signature)
    compiler.check_path(parameters, open_ended, preset)
    if more.get("background"):
        compiler.check_no_file(parameters)
        check_shows_none(function, more)
    sources = by_source(parameters)
    return Operation(
        name=name,
        kind=kind,
        method=method,
        function=function,
        open_ended=open_ended,
        is_async=inspect.iscoroutinefunction(undecorated(function)),
        is_generator=is_generator,
        is_plain=not (is_generator or more.get("once") or more.get("background")),
        answer=compiler.answer(hints.get("return", MISSING), is_generator),
        vary=headers_chosen_by(sources["located"]),
        **sources,
        **more,
    )


def check_shows_none(function: Callable[..., Any], more: Mapping[str, Any]) -> None:
    """:raises TypeError: a background job shall show its result in the form, which is there before the result is."""
    if more.get("show_result"):
        raise TypeError(
            f"{where(function)}: show_result=True with background=True can't be: the page is there before the job has"
            " a result. Leave one of them out; action_jobs() shows the visitor's jobs."
        )


def headers_chosen_by(located: tuple[Parameter, ...]) -> tuple[str, ...]:
    """Return the headers of a request that its answer depends on: ``("Cookie", "X-Request-Id")``."""
    places = {Source.HEADER: None, Source.COOKIE: "Cookie"}
    return tuple(places[each.source] or each.key.title() for each in located if each.source in places)


def by_source(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    def of(*sources: Source) -> tuple[Parameter, ...]:
        return tuple(each for each in parameters if each.source in sources)

    wholes = of(Source.WHOLE, Source.FORM)
    from_query = tuple(each for each in wholes if each.key == "query")
    from_body = tuple(each for each in wholes if each.key == "body")
    body, files = of(Source.BODY), of(Source.FILE)
    return {
        "has_body": bool(from_body or body or files),
        "parameters": parameters,
        "path": of(Source.PATH),
        "bound": of(Source.BOUND),
        "located": (*of(Source.QUERY, Source.HEADER, Source.COOKIE), *from_query),
        "body": body,
        "whole": next((each for each in from_body if each.source is Source.WHOLE), None),
        "form": next((each for each in from_body if each.source is Source.FORM), None),
        "files": files,
    }
