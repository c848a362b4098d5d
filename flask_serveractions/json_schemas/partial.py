"""``partial`` of marshmallow's schemas, in an OpenAPI document: what may be absent, and is not filled in then."""

from __future__ import annotations

from marshmallow import Schema, fields

from ..marshalling.schema_cycles import all_fields

Partial = bool | frozenset[str] | None  # True: nothing is required; names: these are not; None: nobody said


def partial_of(schema: Schema, given: Partial) -> Partial:
    """Return what ``partial`` means to a schema: what it was told by the one that it is nested in, or else its own."""
    if given is None:
        own = schema.partial
        given = own if own is None or isinstance(own, bool) else frozenset(own)
    if given is True or given is None or given:
        return given
    nested = (each for each in all_fields(schema) if isinstance(each, fields.Nested))
    return given if any(each.schema.partial for each in nested) else None


def partial_below(partial: Partial, key: str) -> Partial:
    """Return what a nested schema is told: names below it, without the name that it stands at."""
    if partial is None or isinstance(partial, bool):
        return partial
    prefix = f"{key}."
    return frozenset(each.removeprefix(prefix) for each in partial if each.startswith(prefix))


def is_partial(partial: Partial, name: str) -> bool:
    """Whether a field may be absent, and nothing is filled in then."""
    return partial is True or (isinstance(partial, frozenset) and name in partial)
