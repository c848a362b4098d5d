"""One parameter of a function: where its value comes from, and what loads it.

A mistake in it is an error that names the function, the parameter and the mend.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from marshmallow import missing
from marshmallow.fields import Boolean, List, Raw
from marshmallow.validate import And
from werkzeug.datastructures import FileStorage

from ..http.page_arguments import ACTION_ARGUMENT, REGIONS_ARGUMENT
from ..marshalling.fields import is_delimited, is_flat, is_text
from ..marshalling.load import Load, TryLoad, compile_try_load, guard_numbers, try_load
from ..marshalling.schema_cycles import all_fields, close_cycles
from ..operation import (
    ACTION,
    MISSING,
    REGION_FIELD,
    Answer,
    Parameter,
    Source,
    annotation_text,
    where,
)
from .annotations import is_class, unfold
from .bound_fields import bind, fields_for
from .flask_forms import check_can_be_made, declares_file, factory_among, flask_form
from .mistakes import NoField, check_default, check_metadata
from .results import compile_answer
from .type_hints import (
    Validators,
    field_for,
    is_field,
    schema_among,
    schema_of,
    validators_of,
)

BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
OPEN_ENDED = frozenset({inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD})
HIDDEN = frozenset({ACTION_ARGUMENT, REGION_FIELD})  # the names of our hidden fields
TAKEN_OUT = frozenset({ACTION_ARGUMENT, REGIONS_ARGUMENT})  # of every query, before the app sees it
RESERVED = frozenset({"attrs", "caller", "values"})  # action_form's own arguments
CALL_IT = "Call it otherwise."
CARRIED = "A form can carry str, int, float, bool, Decimal, dates, UUID, an Enum, a Literal, and lists of them"
#: what a default says of a parameter that has no annotation: ``def save(text="")``
PLAIN_DEFAULTS = frozenset({str, int, float, bool})


class Compiler:
    """Compiles the parameters of one function; it knows the function for its messages."""

    def __init__(
        self,
        function: Callable[..., Any],
        kind: str,
        method: str,
        path_names: frozenset[str],
        names: Mapping[str, Any],
        values_change: bool = False,
    ) -> None:
        self.function = function
        self.values_change = values_change
        self.kind = kind
        self.path_names = path_names
        self.names = names
        self.default_source = Source.BODY if kind == ACTION or method in BODY_METHODS else Source.QUERY

    def type_error(self, name: str, annotation: Any, problem: str, mend: str) -> TypeError:
        shown = "without annotation" if annotation is MISSING else f"annotated {annotation_text(annotation)}"
        return TypeError(f"{where(self.function)}: parameter {name!r}, {shown}: {problem}. {mend}")

    def parameter(self, given: inspect.Parameter, annotation: Any) -> Parameter | None:
        """Return one compiled parameter; None where the request has no part in it."""
        if given.kind in OPEN_ENDED and self.kind != ACTION:
            return None
        if given.kind in OPEN_ENDED or given.kind is inspect.Parameter.POSITIONAL_ONLY:
            problem = "arguments are passed by name, and each needs one"
            raise self.type_error(
                given.name, annotation, problem, "Write the parameters out, as in (text: str, done: bool)."
            )
        default = MISSING if given.default is inspect.Parameter.empty else given.default
        if annotation is MISSING:
            return self.unannotated(given.name, default)
        try:
            check_default(given.name, default)
            return self.annotated(given.name, annotation, default)
        except NoField as error:
            if self.values_change:
                return Parameter(
                    name=given.name, key=given.name, source=Source.PATH, annotation=annotation, default=default
                )
            mend = f"Give {given.name!r} a field, as in Annotated[X, fields.String()], or make its type a dataclass."
            raise self.type_error(given.name, annotation, str(error), error.mend or mend) from None

    def unannotated(self, name: str, default: Any) -> Parameter | None:
        if name in self.path_names or (self.values_change and default is MISSING):
            return Parameter(name=name, key=name, source=Source.PATH, annotation=Any, default=default)
        if self.kind != ACTION and default is not MISSING:
            return None  # as in a MethodView: the default it is
        if type(default) in PLAIN_DEFAULTS:
            return self.annotated(name, type(default), default)
        mend = f"Write one, as in {name}: str."
        if self.kind != ACTION:
            mend = f"{mend} Where another rule has {name}, leave the method out of this one: methods=[…]."
        if name == "self":
            mend = "Register the method of an object, as in actions.register(todos.create), or a function."
        raise self.type_error(name, MISSING, "its type is not known", mend)

    def annotated(self, name: str, annotation: Any, default: Any) -> Parameter:
        if name in self.path_names:
            return self.path_parameter(name, annotation, default)
        plain, metadata, optional = unfold(annotation)
        source = self.source_of(name, annotation, metadata)
        special = self.special(name, plain, metadata, source)
        if special is None:
            made = self.field_parameter(name, annotation, source, default)
        else:
            made = Parameter(name=name, annotation=annotation, default=default, **{"key": name, **special})
        self.check_carrier(made, source)
        optional = made.optional or optional or default is None
        return made if made.optional == optional else dataclasses.replace(made, optional=optional)

    def source_of(self, name: str, annotation: Any, metadata: list[Any]) -> Source:
        named = [each for each in metadata if isinstance(each, Source)]
        if len(set(named)) > 1:
            raise self.type_error(name, annotation, "it can't come from two places", "Leave one of them out.")
        source = named[0] if named else self.default_source
        if source is Source.BOUND and self.kind != ACTION:
            mend = f"Put <{name}> into the URL rule, or leave Bound out."
            raise self.type_error(name, annotation, "only actions have signed IDs", mend)
        if self.kind == ACTION and name in HIDDEN:
            raise self.type_error(name, annotation, "every form of an action has a hidden field of this name", CALL_IT)
        if source is Source.QUERY and name in TAKEN_OUT:
            raise self.type_error(name, annotation, "this argument is taken out of every query", CALL_IT)
        if source is Source.BOUND and name in RESERVED:
            raise self.type_error(name, annotation, "action_form has an argument of this name", CALL_IT)
        return source

    def special(self, name: str, plain: Any, metadata: list[Any], source: Source) -> dict[str, Any] | None:
        """Return what files, forms and whole bodies are made of; None for everything else."""
        if is_class(plain) and issubclass(plain, flask_form()):
            return form_parts(plain, metadata, source)
        validators = validators_of(metadata)
        each, of_each = item_of(plain)
        if plain is FileStorage or each is FileStorage:
            checks: list[Callable[[Any], Any]] = [
                *validators,
                *([partial(check_each, And(*of_each))] if of_each else []),
            ]
            bound = bind(name, checked_only(checks), None)
            many = plain is not FileStorage
            return {"source": Source.FILE, "many": many, "text": bound.text, "load_text": bound.load_text}
        schema = schema_among(metadata)
        if schema is None or any(map(is_field, metadata)):
            return None
        made = schema_of(schema, plain)
        for each in close_cycles(made):
            guard_numbers(all_fields(each))
        load = compile_try_load(made)
        return {
            "source": Source.WHOLE,
            "key": key_of(source),
            "schema": made,
            "load": partial(load_and_check, load, And(*validators)) if validators else load,
        }

    def field_parameter(self, name: str, annotation: Any, source: Source, default: Any) -> Parameter:
        bound = fields_for(name, annotation, self.names)
        text: Any = bound.text
        if default is MISSING and text.load_default is not missing:
            default = text.load_default
        return Parameter(
            name=name,
            key=text.data_key or (name.replace("_", "-") if source is Source.HEADER else name),
            source=source,
            annotation=annotation,
            fields=bound,
            text=text,
            json=bound.json,
            load_text=bound.load_text,
            load_json=bound.load_json,
            optional=text.allow_none,
            default=default,
            flat=is_flat(text),
            is_text=is_text(text),
            is_box=isinstance(text, Boolean),
        )

    def check_carrier(self, made: Parameter, source: Source) -> None:
        """Refuse what the place that it should come from can't carry."""
        if source is Source.BOUND and made.source is not Source.BOUND:
            raise self.type_error(made.name, made.annotation, "a signed ID can't carry it", f"{CARRIED}.")
        one_line = made.flat or is_delimited(made.text) or (isinstance(made.text, List) and is_flat(made.text.inner))
        if source in (Source.HEADER, Source.COOKIE) and not one_line:
            mend = "Take it from the body or the query, as in Body[...]."
            raise self.type_error(made.name, made.annotation, f"a {source.value} can't carry it", mend)
        if made.source is Source.FILE and source is not Source.BODY:
            mend = "Files come in the body of POST, PUT and PATCH; Body[FileStorage] insists on it elsewhere."
            raise self.type_error(made.name, made.annotation, f"the {source.value} can't carry it", mend)

    def path_parameter(self, name: str, annotation: Any, default: Any) -> Parameter:
        plain, metadata, _ = unfold(annotation)
        try:
            text: Any = field_for(annotation, strict=False, names=self.names)
        except NoField:
            if self.is_loaded(plain):
                raise
            text = checked_only(validators_of(metadata))  # a converter of the app makes it
        bound = bind(name, text, text)
        return Parameter(
            name=name,
            key=name,
            source=Source.PATH,
            annotation=annotation,
            text=bound.text,
            json=bound.json,
            load_text=bound.load_text,
            load_json=bound.load_json,
            default=default,
            plain=plain if is_class(plain) and not metadata else None,
        )

    def is_loaded(self, plain: Any) -> bool:
        """Whether there is a field for a type: what is wrong stands beside it then."""
        try:
            field_for(plain, strict=False, names=self.names)
        except NoField:
            return False
        return True

    def answer(self, annotation: Any, is_generator: bool) -> Answer:
        try:
            return dataclasses.replace(compile_answer(annotation, is_generator), annotation=annotation)
        except NoField as error:
            mend = error.mend or "Give its schema as an instance."
            raise TypeError(f"{where(self.function)}: the return annotation {annotation!r}: {error}. {mend}") from None

    def check_together(self, parameters: tuple[Parameter, ...]) -> None:
        """Refuse parameters that can't stand beside each other."""
        whole = [each for each in parameters if each.source in (Source.WHOLE, Source.FORM) and each.key != "query"]
        others = [each for each in parameters if each.source is Source.BODY]
        if len(whole) > 1 or (whole and others):
            other = (others or whole[1:])[0]
            problem = f"the whole body is {whole[0].name!r} already"
            mend = "Put the field into that schema or form, or take it from elsewhere, as in Query[int]."
            raise self.type_error(other.name, other.annotation, problem, mend)

    def check_no_file(self, parameters: tuple[Parameter, ...]) -> None:
        """Refuse a background job that takes a file, which is gone when the request is over."""
        for each in parameters:
            if each.source is Source.FILE or (each.form_class is not None and declares_file(each.form_class)):
                problem = "a background job begins when the request and its files are gone"
                mend = "Store the file in another action, and let the job take what it is stored under."
                raise self.type_error(each.name, each.annotation, problem, mend)

    def check_path(self, parameters: tuple[Parameter, ...], open_ended: bool, preset: frozenset[str]) -> None:
        missing_names = self.path_names - {each.name for each in parameters}
        if not missing_names or open_ended or self.values_change:
            return
        name, problem = min(missing_names), "the URL rule has it, the function has not"
        mend = (
            f"Add {name} to the function, leave the method out of the rule (methods=[…]), or register the"
            " url_value_preprocessor that takes it out before."
        )
        if name in preset:
            problem, mend = "the URL rule has it, a partial has set it", "Take it out of the rule or of the partial."
        raise self.type_error(name, MISSING, problem, mend)


def item_of(plain: Any) -> tuple[Any, Validators]:
    """Return what a ``list[T]`` holds, and the validators of each; ``(None, ())`` of anything else."""
    if typing.get_origin(plain) is not list:
        return None, ()
    item, metadata, optional = unfold(typing.get_args(plain)[0])
    return (None, ()) if optional or item is not FileStorage else (item, validators_of(metadata))


def key_of(source: Source) -> str:
    return "query" if source is Source.QUERY else "body"


def form_parts(form_class: type[Any], metadata: list[Any], source: Source) -> dict[str, Any]:
    """Return what a parameter is made of that is a form: beside its class there may be a factory, and no validators."""
    check_metadata(metadata)
    make_form = factory_among(metadata)
    if make_form is None:
        check_can_be_made(form_class)
    return {"source": Source.FORM, "key": key_of(source), "form_class": form_class, "make_form": make_form}


def checked_only(validators: Collection[Callable[[Any], Any]]) -> Raw | None:
    """Return what loads a value as it is, and checks it, where there is something to check."""
    return Raw(validate=list(validators)) if validators else None


def check_each(check: And, files: list[FileStorage]) -> None:
    for file in files:
        check(file)


def load_and_check(load: TryLoad, check: Load, data: Any) -> tuple[Any, Any]:
    loaded, messages = load(data)
    return (loaded, try_load(check, loaded)[1]) if messages is None else (loaded, messages)
