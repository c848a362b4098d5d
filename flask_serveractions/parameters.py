"""The signature is the contract: compiled once into parameters and an answer.

What a request then does is only to run the plan: no ``inspect``, no schema construction.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
import uuid
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from types import FrameType
from typing import Annotated, Any

from flask_wtf import FlaskForm
from marshmallow import Schema, missing
from werkzeug.datastructures import FileStorage

from . import fields
from .deserialization import compile_load
from .operation import ACTION, MISSING, Answer, Operation, Parameter, Source, where
from .serialization import compile_dump

BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
RESERVED_BOUND = frozenset({"attrs"})  # action_form's own argument
CARRIED = "A form can carry str, int, float, bool, Decimal, dates, UUID, an Enum, a Literal, and lists of them"


def compile_operation(
    function: Callable[..., Any],
    *,
    name: str,
    kind: str,
    method: str,
    path_names: Collection[str] = (),
    is_method: bool = False,
    names: Mapping[str, Any] | None = None,
    **more: Any,
) -> Operation:
    """Return the operation that a function is.

    :param kind: ``"action"`` or ``"route"``.
    :param path_names: the variables of the URL rule.
    :param is_method: whether the first parameter is ``self``.
    :param names: local names that annotations may refer to.
    :param more: further fields of the :class:`Operation`.
    :raises TypeError: a signature that can't work; names the function, the parameter and the mend.
    """
    hints = resolved_hints(function, names or {})
    compiler = Compiler(function, kind, method, frozenset(path_names))
    signature = list(inspect.signature(function).parameters.values())[1 if is_method else 0 :]
    compiled = [compiler.parameter(each, hints.get(each.name, MISSING)) for each in signature]
    parameters = bind_fields([each for each in compiled if each is not None])
    compiler.check_together(parameters)
    is_generator = kind == ACTION and inspect.isgeneratorfunction(inspect.unwrap(function))
    open_ended = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in signature)
    compiler.check_path(parameters, open_ended)
    return Operation(
        name=name,
        kind=kind,
        method=method,
        function=function,
        open_ended=open_ended,
        is_async=inspect.iscoroutinefunction(function),
        is_generator=is_generator,
        is_plain=not (is_generator or more.get("once") or more.get("background")),
        answer=compile_answer(hints.get("return", MISSING)),
        **by_source(parameters),
        **more,
    )


def by_source(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    def of(*sources: Source) -> tuple[Parameter, ...]:
        return tuple(each for each in parameters if each.source in sources)

    from_body = (Source.BODY, Source.FORM, Source.FILE)
    return {
        "has_body": any(each.source in from_body or (each.key == "body" and each.schema) for each in parameters),
        "parameters": parameters,
        "path": of(Source.PATH),
        "bound": of(Source.BOUND),
        "located": of(Source.QUERY, Source.HEADER, Source.COOKIE),
        "body": of(Source.BODY),
        "whole": next(iter(of(Source.WHOLE)), None),
        "form": next(iter(of(Source.FORM)), None),
        "files": of(Source.FILE),
    }


def bind_fields(parameters: list[Parameter]) -> tuple[Parameter, ...]:
    """Give the fields the schema that some of them look up to (formats of dates, names of nested schemas)."""
    bound = []
    for each in parameters:
        pair = [field and Schema.from_dict({each.name: field})().fields[each.name] for field in (each.text, each.json)]
        bound.append(dataclasses.replace(each, text=pair[0], json=pair[1]))
    return tuple(bound)


class Compiler:
    """Compiles the parameters of one function; it knows the function for its messages."""

    def __init__(self, function: Callable[..., Any], kind: str, method: str, path_names: frozenset[str]) -> None:
        self.function = function
        self.kind = kind
        self.path_names = path_names
        self.default_source = Source.BODY if kind == ACTION or method in BODY_METHODS else Source.QUERY

    def mistake(self, name: str, annotation: Any, problem: str, mend: str) -> TypeError:
        shown = "without annotation" if annotation is MISSING else f"annotated {annotation!r}"
        return TypeError(f"{where(self.function)}: parameter {name!r}, {shown}: {problem}. {mend}")

    def parameter(self, given: inspect.Parameter, annotation: Any) -> Parameter | None:
        """Return one compiled parameter; None where the request has no part in it."""
        if given.kind is inspect.Parameter.VAR_KEYWORD and self.kind != ACTION:
            return None
        if given.kind not in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            problem = "arguments are passed by name, and each needs one"
            raise self.mistake(
                given.name, annotation, problem, "Write the parameters out, as in (text: str, done: bool)."
            )
        default = MISSING if given.default is inspect.Parameter.empty else given.default
        if annotation is MISSING:
            return self.unannotated(given.name, default)
        try:
            return self.annotated(given.name, annotation, default)
        except fields.NoField as error:
            mend = (
                f"Give {given.name!r} a field, as in Annotated[Point, fields.String()], or make its type a dataclass."
            )
            raise self.mistake(given.name, annotation, str(error), mend) from None

    def unannotated(self, name: str, default: Any) -> Parameter | None:
        if name in self.path_names:
            return Parameter(name=name, key=name, source=Source.PATH, annotation=Any, default=default)
        if self.kind != ACTION and default is not MISSING:
            return None  # as in a MethodView: the default it is
        raise self.mistake(name, MISSING, "its type is not known", f"Write one, as in {name}: str.")

    def annotated(self, name: str, annotation: Any, default: Any) -> Parameter:
        inner, optional = fields.without_none(annotation) if name not in self.path_names else (annotation, False)
        plain, metadata = split(inner)
        source = self.source_of(name, annotation, metadata)
        optional = optional or default is None
        if source is Source.PATH:
            return self.path_parameter(name, annotation, default)
        schema = next((each for each in metadata if fields.is_schema(each)), None)
        special = self.special(name, plain, schema, source)
        if special is not None:
            if source is Source.BOUND:
                raise self.mistake(name, annotation, "a signed ID can't carry it", f"{CARRIED}.")
            return Parameter(
                name=name, annotation=annotation, optional=optional, default=default, **{"key": name, **special}
            )
        return self.field_parameter(name, annotation, source, optional, default)

    def source_of(self, name: str, annotation: Any, metadata: list[Any]) -> Source:
        said = [each for each in metadata if isinstance(each, Source)]
        if name in self.path_names:
            return Source.PATH
        if len(set(said)) > 1:
            raise self.mistake(name, annotation, "it can't come from two places", "Leave one of them out.")
        source = said[0] if said else self.default_source
        if source is Source.BOUND and self.kind != ACTION:
            mend = f"Put <{name}> into the URL rule, or leave Bound out."
            raise self.mistake(name, annotation, "only actions have signed IDs", mend)
        if source is Source.BOUND and name in RESERVED_BOUND:
            raise self.mistake(name, annotation, "action_form has an argument of this name", "Call it otherwise.")
        return source

    def special(self, name: str, plain: Any, schema: Any, source: Source) -> dict[str, Any] | None:
        """Return what files, forms and whole bodies are made of; None for everything else."""
        if plain is FileStorage or plain == list[FileStorage]:
            return {"source": Source.FILE, "many": plain is not FileStorage}
        if inspect.isclass(plain) and issubclass(plain, FlaskForm):
            return {"source": Source.FORM, "form_class": plain}
        if schema is None:
            return None
        made = fields.schema_of(schema)
        key = "query" if source is Source.QUERY else "body"
        return {"source": Source.WHOLE, "key": key, "schema": made, "load": compile_load(made)}

    def field_parameter(self, name: str, annotation: Any, source: Source, optional: bool, default: Any) -> Parameter:
        text = fields.field_for(annotation, strict=False)
        json = fields.field_for(annotation, strict=True)
        if default is MISSING and text.load_default is not missing:
            default = text.load_default
        key = text.data_key or (name.replace("_", "-") if source is Source.HEADER else name)
        return Parameter(
            name=name,
            key=key,
            source=source,
            annotation=annotation,
            text=text,
            json=json,
            optional=optional or text.allow_none,
            default=default,
            flat=fields.is_flat(text),
            is_text=fields.is_text(text),
        )

    def path_parameter(self, name: str, annotation: Any, default: Any) -> Parameter:
        try:
            text = fields.field_for(annotation, strict=False)
        except fields.NoField:  # a converter of the app makes it
            text = None
        return Parameter(
            name=name,
            key=name,
            source=Source.PATH,
            annotation=annotation,
            text=text,
            json=text,
            default=default,
            plain=annotation if annotation in (int, str, float, uuid.UUID) else None,
        )

    def check_together(self, parameters: tuple[Parameter, ...]) -> None:
        """Refuse parameters that can't stand beside each other."""
        whole = [each for each in parameters if each.source in (Source.WHOLE, Source.FORM) and each.key != "query"]
        others = [each for each in parameters if each.source is Source.BODY]
        if len(whole) > 1 or (whole and others):
            other = (others or whole[1:])[0]
            problem = f"the whole body is {whole[0].name!r} already"
            mend = "Put the field into that schema or form, or take it from elsewhere, as in Query[int]."
            raise self.mistake(other.name, other.annotation, problem, mend)

    def check_path(self, parameters: tuple[Parameter, ...], open_ended: bool) -> None:
        missing_names = self.path_names - {each.name for each in parameters}
        if missing_names and not open_ended:
            name = min(missing_names)
            raise self.mistake(
                name, MISSING, "the URL rule has it, the function has not", f"Add {name} to the function."
            )


def split(annotation: Any) -> tuple[Any, list[Any]]:
    """Return the plain type and the metadata of an ``Annotated``."""
    if typing.get_origin(annotation) is not Annotated:
        return annotation, []
    plain, *metadata = typing.get_args(annotation)
    return fields.without_none(plain)[0], metadata


def compile_answer(annotation: Any) -> Answer:
    """Return how results are rendered, from the return annotation.

    ``Annotated[Todo, TodoSchema(), 201]``, ``list[Annotated[Todo, TodoSchema()]]``, or either with ``| None``; or
    the first of a tuple: ``tuple[TodoOut, int]``, ``tuple[TodoOut, int, dict[str, str]]``.
    """
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple and parts:
        of_value = compile_answer(parts[0])
        return of_value if of_value.schema else Answer()
    try:
        annotation = fields.without_none(annotation)[0]
    except fields.NoField:  # a union of several results, or a string: Flask renders it
        return Answer()
    plain, metadata = split(annotation)
    schema, status = schema_and_status(metadata)
    many = False
    if schema is None and typing.get_origin(plain) is list:
        schema, inner_status = schema_and_status(split(typing.get_args(plain)[0])[1])
        many, status = schema is not None, status or inner_status
    if schema is None:
        return Answer(status=status, is_json=is_json_type(plain))
    made = fields.schema_of(schema)
    many = many or made.many
    return Answer(dump=compile_dump(made, many), schema=made, many=many, status=status, is_json=True)


def schema_and_status(metadata: list[Any]) -> tuple[Any, int | None]:
    schema = next((each for each in metadata if fields.is_schema(each)), None)
    status = next((each for each in metadata if isinstance(each, int) and not isinstance(each, bool)), None)
    return schema, status


def is_json_type(plain: Any) -> bool:
    origin = typing.get_origin(plain) or plain
    return origin in (dict, list, int, float, bool)


def resolved_hints(function: Callable[..., Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of a function, with forward references resolved.

    :raises TypeError: a name that is not known; says which.
    """
    inner = inspect.unwrap(function)
    local_names = {**names, **enclosing_names(inner.__qualname__, inner.__module__), **closure_names(inner)}
    try:
        return typing.get_type_hints(inner, localns=local_names, include_extras=True)
    except NameError as error:
        mend = "Import it outside of `if TYPE_CHECKING`, or define it above the function."
        raise TypeError(
            f"{where(function)}: an annotation refers to {error.name!r}, which is not known. {mend}"
        ) from None


def enclosing_names(qualname: str, module: str) -> dict[str, Any]:
    """Return the local names of the functions that something is being defined in: they are running now.

    :param qualname: ``"create_app.<locals>.create_todo"``.
    """
    parts = qualname.split(".")
    enclosing = {name for name, after in pairwise(parts) if after == "<locals>"}
    frame: FrameType | None = sys._getframe(1) if enclosing else None
    found: dict[str, Any] = {}
    while frame is not None:
        if frame.f_code.co_name in enclosing and frame.f_globals.get("__name__") == module:
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return found


def closure_names(function: Callable[..., Any]) -> dict[str, Any]:
    code = getattr(function, "__code__", None)
    names = code.co_freevars if code else ()
    cells = getattr(function, "__closure__", None) or ()
    found = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not yet filled
            continue
    return found
