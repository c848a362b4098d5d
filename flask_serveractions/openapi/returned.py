"""What functions return, in an OpenAPI document: the return annotation, as its schemas are applied to results."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers.jobs import Job
from ..http.negotiation import HTML, JSON
from ..json_schemas.converter import Components, JsonSchema
from ..json_schemas.plain_types import any_of, unfolded_schema
from ..operation import MISSING, Operation
from ..schemas.annotations import NOTHING, Unfolded, is_class, unfold, union_members
from ..schemas.results import (
    AWAITABLES,
    TEXTS,
    Member,
    generated,
    is_response,
    is_value_and_status,
    is_written,
    result_members,
    says_schema,
)
from ..schemas.type_hints import field_of, schema_among, schema_of

ANYTHING = "*/*"
STREAMS = frozenset({"Generator", "Iterator", "Iterable", "AsyncGenerator", "AsyncIterator", "AsyncIterable"})
NULL: JsonSchema = {"type": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What an operation's function returns."""

    content: Mapping[str, JsonSchema]  # of a resource's answer, by media type
    data: JsonSchema  # in an action's answer
    refusals: Mapping[str, JsonSchema]  # content of what is returned with a refusal's status: as it is
    may_be_none: bool
    has_response: bool


def returned_of(components: Components, operation: Operation) -> Returned:
    """Return what an operation's annotation says of its results."""
    annotation = operation.answer.annotation
    if annotation is MISSING:
        anything: JsonSchema = {ANYTHING: {}}
        return Returned(content=anything, data={}, refusals=anything, may_be_none=False, has_response=False)
    members = list(result_members(generated(annotation) if operation.is_generator else annotation))
    has_schema = any(says_schema(each.said) for each in members)
    refusing = [each for each in members if has_schema and each.in_tuple and not says_schema(each.said)]
    succeeding = [each for each in members if each not in refusing]
    may_be_none = admits_none(annotation)
    has_response = any(is_response(each.said.plain) for each in members)
    values = [each for each in succeeding if not is_response(each.said.plain)]
    data = any_of([json_of(components, each) for each in values])
    has_null = values and data and (has_response or may_be_none) and not says_null(data)
    return Returned(
        content=content_of(components, succeeding),
        data={"anyOf": [*data.get("anyOf", [data]), NULL]} if has_null else data if values else NULL,
        refusals=content_of(components, refusing) or {ANYTHING: {}},
        may_be_none=may_be_none,
        has_response=has_response,
    )


def says_null(schema: JsonSchema) -> bool:
    return schema == NULL or NULL in schema.get("anyOf", ())


def content_of(components: Components, members: list[Member]) -> JsonSchema:
    """Return the content of a resource's answer: JSON, or what Flask makes of text, responses and streams."""
    by_media: dict[str, list[JsonSchema]] = {}
    for each in members:
        for media in media_types_of(each.said):
            by_media.setdefault(media, []).append(json_of(components, each._replace(said=without_none(each.said))))
    made = {media: {"schema": any_of(schemas)} for media, schemas in by_media.items()}
    return {media: {} if media == ANYTHING else each for media, each in made.items()}


def content_of_function(components: Components, function: Any) -> JsonSchema:
    """Return the content of what a function of the app's answers with, from its return annotation."""
    try:
        said = typing.get_type_hints(function, include_extras=True).get("return", Any)
        return content_of(components, list(result_members(said))) or {ANYTHING: {}}
    except (NameError, TypeError):  # NoField is one: nothing of it is applied here
        return {ANYTHING: {}}


def without_none(said: Unfolded) -> Unfolded:
    """Return a type without ``None``, which a resource answers by an empty 204."""
    return said._replace(optional=False)


def media_types_of(said: Unfolded) -> list[str]:
    """Return in which media types a resource sends values of a type; none for ``None``, which has no body."""
    if says_schema(said):
        return [JSON]
    if typing.get_origin(said.plain) is typing.Literal:
        values = typing.get_args(said.plain)
        return list(dict.fromkeys(HTML if isinstance(each, TEXTS) else JSON for each in values if each is not None))
    if is_class(said.plain) and issubclass(said.plain, TEXTS):
        return [HTML]  # an Enum of texts, too
    return [] if said.plain is NOTHING else [ANYTHING] if is_for_flask(said.plain) else [JSON]


def is_for_flask(plain: Any) -> bool:
    """Whether the type does not say what Flask makes of its values."""
    kind = typing.get_origin(plain) or plain
    is_open = plain in (Any, object) or not is_class(kind)
    return is_open or is_response(plain) or getattr(kind, "__name__", "") in STREAMS


def json_of(components: Components, member: Member) -> JsonSchema:
    if member.said.plain in TEXTS and not says_schema(member.said):
        return {"type": "string"}
    return unfolded_schema(member.said, lambda said: written_schema(components, said))


def written_schema(components: Components, said: Unfolded) -> JsonSchema | None:
    """Return what the metadata at a type writes its values as; None where it writes nothing."""
    schema = schema_among(said.metadata)
    if schema is not None:
        return components.returned.reference(schema_of(schema, said.plain))
    field = next(filter(is_written, said.metadata), None)
    return None if field is None else components.returned.field2property(field_of(field))


def admits_none(annotation: Any) -> bool:
    """Whether a result may be None."""
    said = unfold(annotation)
    parts = typing.get_args(said.plain)
    if said.optional or said.plain in (NOTHING, Any, object):
        return True
    if union_members(said.plain):
        return any(map(admits_none, parts))
    if typing.get_origin(said.plain) in AWAITABLES:
        return admits_none(parts[-1])
    return typing.get_origin(said.plain) is tuple and is_value_and_status(parts) and admits_none(parts[0])


def tuple_statuses(annotation: Any) -> frozenset[int]:
    """Return the statuses that stand in the types of results: ``tuple[TodoOut, Literal[201]]``."""
    return frozenset(statuses_within(annotation)) if annotation is not MISSING else frozenset()


def statuses_within(annotation: Any) -> Iterator[int]:
    said = unfold(annotation)
    parts = typing.get_args(said.plain)
    if union_members(said.plain):
        for each in parts:
            yield from statuses_within(each)
    elif typing.get_origin(said.plain) in AWAITABLES:
        yield from statuses_within(parts[-1])
    elif typing.get_origin(said.plain) is tuple and is_value_and_status(parts):
        literals = typing.get_args(unfold(parts[1]).plain)
        statuses = (each for each in literals if isinstance(each, int) and not isinstance(each, bool))
        yield from (int(each) for each in statuses if 200 <= each <= 599)


def returns_job(annotation: Any) -> bool:
    """Whether a function says that it returns a job."""
    return annotation is not MISSING and any(each.said.plain is Job for each in result_members(annotation))
