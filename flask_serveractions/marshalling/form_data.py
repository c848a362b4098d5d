"""Between flat form names and nested data: ``address.city``, ``items.0.text``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, NamedTuple

from marshmallow import Schema, fields, missing, validate
from werkzeug.datastructures import MultiDict

from ..errors import WHOLE, TooLarge, Unreadable
from ..operation import MISSING
from .fields import (
    DataSchema,
    has_plain_values,
    is_delimited,
    is_list,
    is_many,
    is_text,
    plucked,
    simple_validators,
    typed,
)

Form = MultiDict[str, str]

MAX_DEPTH = 50  # dots in a name
MAX_NODES = 2000  # places that the names of one form lead through
LONGEST_NAME = 1000  # characters of a name in an answer: a thousand may have the same long beginning
LONGEST_KEY = 200


class Items(list[Any]):
    """The items of a list in a form, with the index that each of them had there."""

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        given = list(pairs)
        super().__init__(value for _, value in given)
        self.indices = [index for index, _ in given]


def data_for(schema: Schema, form: Form, *, is_form: bool) -> Any:
    """Return what a form or a query says to a schema: what it declares alone, nested.

    :param is_form: a form, where an absent box is one that is not ticked: False.
    :raises Unreadable: the names nest too deep.
    """
    reader, node = FormReader(is_form), tree_of(form.lists())
    if schema.many:
        return Items((index, reader.data(schema, node.below[index])) for index in node.indices())
    return reader.data(schema, node)


def raw_value(field: fields.Field[Any], form: Form, name: str, *, is_form: bool, required: bool) -> Any:
    """Return one field's value as a form or a query has it, or MISSING.

    An empty string for a type that is not text counts as absent.

    :raises Unreadable: the names nest too deep.
    """
    prefix = f"{name}."
    node = tree_of((key, texts) for key, texts in form.lists() if key == name or key.startswith(prefix)).at(name)
    reader = FormReader(is_form)
    value = reader.value(field, node)
    return reader.empty_value(field) if value is MISSING and required else value


@dataclass(slots=True, eq=False)
class Node:
    """What a form says at a name, and below it."""

    texts: list[str] = dataclass_field(default_factory=list)
    below: dict[str, Node] = dataclass_field(default_factory=dict)
    is_cut: bool = False  # names go on below, deeper than anybody follows

    def at(self, name: str) -> Node:
        """Return what stands at a name from here, which may have dots (a ``data_key``)."""
        node = self
        for step in name.split(".") if "." in name else (name,):
            node = node.below.get(step, NOWHERE)
        return node

    def indices(self) -> list[str]:
        """Return the indices below, in order: ``["0", "2"]``."""
        return sorted((step for step in self.below if step.isascii() and step.isdigit() and len(step) < 10), key=int)

    def leaves(self, name: str = "") -> Iterator[tuple[str, Node]]:
        """Yield what has texts, by its whole name from here: ``("example.com", ...)``."""
        self.check_depth()
        for step, node in self.below.items():
            if node.texts:
                yield f"{name}{step}", node
            yield from node.leaves(f"{name}{step}.")

    def check_depth(self) -> None:
        if self.is_cut:
            raise Unreadable("its names nest too deep")


NOWHERE = Node()


def tree_of(form: Iterable[tuple[str, list[str]]]) -> Node:
    """Return the names of a form as a tree, in which each is looked up once, however many there are.

    :raises TooLarge: they lead through too many places (413).
    """
    root, places = Node(), 0
    for name, texts in form:
        node = root
        *steps, last = name.split(".", MAX_DEPTH)
        for step in steps:
            below = node.below.get(step)
            if below is None:
                below = node.below[step] = Node()
                places += 1
            node = below
        if places > MAX_NODES:
            raise TooLarge(f"its names lead through more than {MAX_NODES} places")
        node.is_cut = node.is_cut or "." in last
        leaf = node.below.get(last) or node.below.setdefault(last, Node())
        leaf.texts = texts
    return root


class FormReader(NamedTuple):
    """Finds the values of fields among a form's names."""

    is_form: bool

    def data(self, schema: Schema, node: Node, partial: bool = False) -> dict[str, Any]:
        """Return what a form says to a schema."""
        node.check_depth()
        partial = partial or bool(schema.partial)
        data = {}
        for name, field in schema.load_fields.items():
            key = field.data_key if field.data_key is not None else name
            value = self.value(field, node.at(key), partial)
            if value is MISSING and not partial:
                value = self.missing_value(field, schema)
            if value is not MISSING:
                data[key] = value
        return data

    def missing_value(self, field: fields.Field[Any], schema: Schema) -> Any:
        """Return what it means that a field was not sent: an empty list, a box that is not ticked."""
        if self.is_form and is_box(field):
            return no_of(field)
        if not field.required:
            return MISSING
        if is_list(field) and isinstance(schema, DataSchema):
            return Items(())
        return self.empty_value(field)

    def empty_value(self, field: fields.Field[Any]) -> Any:
        """Return the object of which nothing was sent: its boxes are not ticked, its fields are what is missing."""
        if not isinstance(field, fields.Nested) or isinstance(field, fields.Pluck) or is_many(field):
            return MISSING
        return self.data(field.schema, NOWHERE) or MISSING

    def value(self, field: fields.Field[Any], node: Node, partial: bool = False) -> Any:
        if isinstance(field, fields.Pluck):
            field = plucked(field)
        if isinstance(field, fields.Nested):
            return self.nested(field, node, partial)
        if is_delimited(field):
            return field.delimiter.join(filter(None, node.texts)) or MISSING  # type: ignore[attr-defined]  # it has one
        if isinstance(field, (fields.List, fields.Tuple)):
            return self.items(field, node, partial)
        if isinstance(field, fields.Mapping):
            return self.mapping(field, node, partial)
        if not node.texts:
            return untyped_value(node) if node.below and type(field) is fields.Raw else MISSING
        return self.one_text(field, node.texts)

    def one_text(self, field: fields.Field[Any], texts: list[str]) -> Any:
        """Return what the texts of one name say to a field that takes one.

        A box stands behind a hidden field that says no: the last one counts. An empty text is None, if that is a value.
        """
        text = texts[-1] if self.is_form and isinstance(field, fields.Boolean) else texts[0]
        if text != "":
            return typed(field, text)
        if self.is_form and is_nullable(field):
            return None
        return text if is_text(field) else MISSING

    def nested(self, field: fields.Nested, node: Node, partial: bool) -> Any:
        if is_many(field):
            items = ((index, self.data(field.schema, node.below[index], partial)) for index in node.indices())
            return Items(items) or MISSING
        if not node.below:
            return MISSING
        if self.is_form and field.allow_none and is_left_empty(field, node):
            return None
        return self.data(field.schema, node, partial)

    def items(self, field: Any, node: Node, partial: bool) -> Any:
        inner = field.inner if isinstance(field, fields.List) else fields.Raw()
        if isinstance(field, fields.Tuple) and self.is_form and node.texts and is_left_empty(field, node):
            return self.empty_tuple(field)
        may_be_none = self.is_form and isinstance(field, fields.List) and is_nullable(inner)
        has_spare = may_be_none or (self.is_form and isinstance(field, fields.List) and is_free_text(inner))
        texts = node.texts[:-1] if has_spare and node.texts[-1:] == [""] else node.texts
        keeps_empty = may_be_none or (is_text(inner) and not (self.is_form and refuses_empty(inner)))
        given = [(index, text) for index, text in enumerate(texts) if text != "" or keeps_empty]
        pairs: list[tuple[str, Any]] = [
            (str(index), None if may_be_none and text == "" else typed(item_field(field, index), text))
            for index, text in given
        ]
        pairs += [(index, self.item(inner, node.below[index], partial)) for index in node.indices()]
        return Items(pair for pair in pairs if pair[1] is not MISSING) or MISSING

    def item(self, field: fields.Field[Any], node: Node, partial: bool) -> Any:
        """Return an item of a list, or what a mapping has at a key, that is there: a list may be there and be empty."""
        value = self.value(field, node, partial)
        return Items(()) if value is MISSING and is_list(field) and not is_delimited(field) else value

    def empty_tuple(self, field: fields.Tuple) -> Any:
        """Return what a tuple says whose inputs were left empty, as those of others are: the texts in it say that."""
        texts = ["" if is_text(each) else None for each in field.tuple_fields]
        if None in texts:
            return None if field.allow_none else MISSING
        return Items((str(index), text) for index, text in enumerate(texts))

    def mapping(self, field: fields.Mapping[Any], node: Node, partial: bool) -> Any:
        inner = field.value_field
        if inner is None:
            return {key: untyped_value(each) for key, each in node.below.items()} or MISSING
        below = node.leaves() if has_plain_values(field) else node.below.items()
        values = {key: self.item(inner, each, partial) for key, each in below}
        return {key: value for key, value in values.items() if value is not MISSING} or MISSING


def is_left_empty(field: fields.Field[Any], node: Node) -> bool:
    """Whether nothing was filled in, in no part of an object: all texts are empty, no box is ticked."""
    if not node.texts and not node.below:  # and so on, of a type that holds itself
        return True
    if isinstance(field, fields.Nested) and not is_many(field):
        parts = field.schema.load_fields.items()
        return all(is_left_empty(each, node.at(each.data_key or name)) for name, each in parts)
    nothing = ("", *field.falsy) if isinstance(field, fields.Boolean) else ("",)
    return not node.below and all(text in nothing for text in node.texts)


def item_field(field: fields.List[Any] | fields.Tuple, index: int) -> fields.Field[Any] | None:
    """Return the field of an item of a list or a tuple; None behind a tuple's end."""
    if isinstance(field, fields.List):
        inner: fields.Field[Any] = field.inner
        return inner
    return field.tuple_fields[index] if index < len(field.tuple_fields) else None


def untyped_value(node: Node) -> Any:
    """Return a text, the texts of a name that repeats, or what stands below a name: where that is numbered, a list."""
    node.check_depth()
    if not node.below:
        return node.texts[0] if len(node.texts) == 1 else node.texts
    values = {key: untyped_value(each) for key, each in node.below.items()}
    is_list = [*values] == [str(index) for index in range(len(values))]
    return [*values.values()] if is_list else values


def is_box(field: fields.Field[Any]) -> bool:
    """Whether a browser says False by sending nothing."""
    return isinstance(field, fields.Boolean) and not field.allow_none and field.load_default is missing


def no_of(field: fields.Field[Any]) -> Any:
    """Return what a box that is not ticked says: False, or a text where its field takes no other."""
    falsy = getattr(field, "falsy", ())
    return False if False in falsy else min((each for each in falsy if isinstance(each, str)), default=False)


def is_nullable(field: fields.Field[Any]) -> bool:
    """Whether an input that was left empty says None."""
    return field.allow_none and type(field) is not fields.Raw and not (is_text(field) and not is_free_text(field))


def is_free_text(field: fields.Field[Any]) -> bool:
    """Whether any text is a value: of a list of such, the form has one empty input more than values."""
    return is_text(field) and isinstance(field, (fields.String, fields.Raw))


def refuses_empty(field: fields.Field[Any]) -> bool:
    """Whether an empty text is never a value of the field: an input for an item that was left empty is none then."""
    lengths = [each for each in simple_validators(field.validators) if isinstance(each, validate.Length)]
    return any((each.min or each.equal or 0) > 0 for each in lengths)


def join_name(name: str, key: Any) -> str:
    if key == WHOLE and name:  # a nested object's own message stands at its name
        return name
    if len(name) > LONGEST_NAME:
        return name
    shown = key if isinstance(key, str) else str(key)
    if len(shown) > LONGEST_KEY:
        shown = f"{shown[:LONGEST_KEY]}…"
    if not is_clean(shown):
        shown = shown.encode("unicode_escape").decode("ascii")
    return f"{name}.{shown}" if name else shown


def flat_values(data: Any, name: str = "", most: int | None = None) -> Iterator[tuple[str, Any]]:
    """Yield nested JSON data by dotted names, as a form would have sent it.

    :param most: values, objects and lists to look at; None for all.
    """
    todo: list[Iterator[tuple[str, Any]]] = [iter([(name, data)])]
    looked_at = 0
    while todo and looked_at != most:
        pair = next(todo[-1], None)
        if pair is None:
            todo.pop()
            continue
        name, value = pair
        looked_at += 1
        inner = parts_of(value)
        if inner is not None:
            todo.append(named_below(name, inner))
        elif name:
            yield name, value


def parts_of(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """Return what an object or a list of such holds, by key or index; None for a value of a form."""
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value):
        return enumerate(value)
    return None


def named_below(name: str, inner: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    return ((join_name(name, key), each) for key, each in inner)


def unclean_names(data: Any, name: str = "") -> Iterable[str]:
    """Yield the names under which text stands that can't be stored."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if not is_clean(key):
                yield join_name(name, key)
            yield from unclean_names(value, join_name(name, key))
    elif isinstance(data, list):
        indices = data.indices if isinstance(data, Items) else range(len(data))
        for index, value in zip(indices, data, strict=True):
            yield from unclean_names(value, join_name(name, index))
    elif not is_clean(data):
        yield name or WHOLE


def is_clean(value: Any) -> bool:
    """Whether text, at any depth, can be stored and sent: without NUL and without halves of surrogate pairs."""
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or is_unicode(value))
    if isinstance(value, list):
        return all(map(is_clean, value))
    if isinstance(value, dict):
        return all(is_clean(key) and is_clean(each) for key, each in value.items())
    return True


def is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
