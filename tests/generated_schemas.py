"""Schemas, objects and data for Hypothesis: what people write, and what they should not."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import ipaddress
import re
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

from hypothesis import strategies as st
from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError, fields, missing, validate

ADDRESS = re.compile(r" at 0x[0-9a-f]+")
Recipe = Callable[[], Any]  # makes a value anew: an iterator can be used once


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Opaque:
    def __repr__(self) -> str:
        return "<opaque>"


class AttributeDict(dict[str, Any]):
    """A dict whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Stubborn:
    """Has ``__getitem__``, which finds nothing."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __getitem__(self, key: str) -> Any:
        raise IndexError(key)


class Shout(fields.String):
    """Serializes and deserializes in its own way."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return f"{attr}: {value}!"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).upper() + str(attr)


class Quiet(fields.Integer):
    """Deserializes in its own way alone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        return -super()._deserialize(value, attr, data, **kwargs)


class Elsewhere(fields.Integer):
    """Finds its value in its own way."""

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = missing) -> Any:
        return 7

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        return 7


def is_even(value: Any) -> None:
    if value % 2:
        raise ValidationError("Odd.")


def is_bad(value: Any) -> None:
    raise ValidationError({"why": ["bad"]})


SCALARS: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -3,
        10**25,
        1.5,
        float("nan"),
        float("inf"),
        "",
        "abc",
        "1",
        "2.50",
        "true",
        b"bytes",
        b"\xff",
    ),
    *(decimal.Decimal("1.10"), decimal.Decimal("NaN"), uuid.UUID(int=5), str(uuid.UUID(int=6)), Colour.RED, Size.LARGE),
    *(dt.datetime(2024, 2, 29, 1, 2, 3, 4), dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc), dt.date(2024, 2, 29)),
    *(dt.time(1, 2, 3), dt.timedelta(seconds=90), ipaddress.ip_address("::1"), ipaddress.ip_interface("10.0.0.1/8")),
    *(
        "r",
        "RED",
        "2024-02-29",
        "2024-02-29T01:02:03",
        "01:02:03",
        "http://example.org/",
        "a@b.cd",
        "::1",
        missing,
        Opaque(),
    ),
]


def scalars() -> st.SearchStrategy[Recipe]:
    return st.sampled_from(SCALARS).map(lambda value: lambda: value)


def collections(inner: st.SearchStrategy[Recipe]) -> st.SearchStrategy[Recipe]:
    several = st.lists(inner, max_size=3)
    keyed = st.dictionaries(st.sampled_from(["a", "b", "f0", "f1"]), inner, max_size=3)
    return st.one_of(
        several.map(lambda recipes: lambda: [make() for make in recipes]),
        several.map(lambda recipes: lambda: tuple(make() for make in recipes)),
        several.map(lambda recipes: lambda: iter([make() for make in recipes])),
        keyed.map(lambda recipes: lambda: {key: make() for key, make in recipes.items()}),
    )


def values() -> st.SearchStrategy[Recipe]:
    return st.recursive(scalars(), collections, max_leaves=6)


#: What fits a field, to be dumped or loaded; beside it whatever there is.
FITTING: dict[type[Any], list[Any]] = {
    fields.String: ["abc", "", "x", None],
    fields.Integer: [1, 2, -3, None, True],
    fields.Float: [1.5, 2, None],
    fields.Boolean: [True, False, None],
    fields.Decimal: [decimal.Decimal("1.10"), 2, None],
    fields.UUID: [uuid.UUID(int=5), uuid.UUID(int=6), None],
    fields.DateTime: [dt.datetime(2024, 2, 29, 1, 2, 3), dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc), None],
    fields.Date: [dt.date(2024, 2, 29), dt.date(2024, 3, 1), None],
    fields.Time: [dt.time(1, 2, 3), None],
    fields.TimeDelta: [dt.timedelta(seconds=90), None],
    fields.IP: [ipaddress.ip_address("::1"), None],
    fields.IPInterface: [ipaddress.ip_interface("10.0.0.1/8"), None],
    fields.Dict: [{}, {"a": 1}, None],
}
IN_TEXT: dict[type[Any], list[Any]] = {
    fields.Integer: ["4", 1],
    fields.Float: ["2.5"],
    fields.Boolean: ["true", "r"],
    fields.DateTime: ["2024-02-29T01:02:03"],
    fields.Date: ["2024-02-29"],
    fields.Enum: ["r", "RED", 1],
}


def fitting_values(field: Any, in_text: bool) -> list[Any]:
    found = [*field.enum, None] if isinstance(field, fields.Enum) else []
    for table in (FITTING, IN_TEXT) if in_text else (FITTING,):
        found += next((values for kind, values in table.items() if isinstance(field, kind)), [])
    return found


def values_for(field: Any, in_text: bool = False, wild: int = 10) -> st.SearchStrategy[Recipe]:
    """Make recipes of values that fit a field, and of others in ``wild`` of a hundred cases."""
    fitting = fitting_values(field, in_text)
    plain = st.sampled_from(fitting).map(lambda value: lambda: value) if fitting else values()
    if isinstance(field, fields.List):
        lists = several(values_for(field.inner, in_text, wild))
        plain = st.one_of(lists, lists, lists.map(lambda make: lambda: iter(make()))) if wild else lists
    if isinstance(field, fields.Nested):
        one = st.one_of(objects_for(nested_schema(field), wild), st.just(lambda: None))
        plain = several(one) if field.many else one
    return st.integers(0, 99).flatmap(lambda roll: values() if roll < wild else plain)


def nested_schema(field: fields.Nested) -> Schema:
    made = field.nested() if callable(field.nested) else field.nested
    assert isinstance(made, Schema)
    return made


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "load_only": st.just(True),
        "dump_default": st.sampled_from([None, 5, "x", list, lambda: "made", missing]),
        "allow_none": st.booleans(),
        "validate": st.sampled_from(
            [validate.Length(1, 2), validate.Range(0, 5), [is_even, is_bad], validate.Equal(1), []]
        ),
        "error_messages": st.just({"null": "No nothing.", "required": ["Give", "it."]}),
    },
)
PRESENCE = st.sampled_from(
    [{}, {}, {"required": True}, {"load_default": 3}, {"load_default": list}, {"load_default": None}]
)
SIMPLE: list[Callable[..., Any]] = [
    *(fields.String, fields.Integer, fields.Float, fields.Boolean, fields.UUID, fields.Raw, fields.Decimal),
    *(
        fields.DateTime,
        fields.Date,
        fields.Time,
        fields.TimeDelta,
        fields.Url,
        fields.Email,
        fields.IP,
        fields.IPInterface,
    ),
    *(fields.NaiveDateTime, fields.AwareDateTime, Shout, Quiet, Elsewhere),
    lambda **options: fields.Integer(strict=True, **options),
    lambda **options: fields.Integer(as_string=True, **options),
    lambda **options: fields.Float(allow_nan=True, **options),
    lambda **options: fields.Decimal(2, as_string=True, allow_nan=True, **options),
    lambda **options: fields.Boolean(truthy={"r"}, falsy={1}, **options),
    lambda **options: fields.DateTime("rfc", **options),
    lambda **options: fields.DateTime("timestamp", **options),
    lambda **options: fields.DateTime("timestamp_ms", **options),
    lambda **options: fields.DateTime("%d.%m.%Y", **options),
    lambda **options: fields.Date("%d.%m.%Y", **options),
    lambda **options: fields.TimeDelta("minutes", **options),
    lambda **options: fields.Enum(Colour, **options),
    lambda **options: fields.Enum(Colour, by_value=True, **options),
    lambda **options: fields.Enum(Size, by_value=fields.Integer, **options),
    lambda **options: fields.Constant("fixed", **options),
    lambda **options: fields.Dict(**options),
    lambda **options: fields.Function(lambda obj: repr(type(obj)), lambda value: [value], **without_direction(options)),
]


def without_direction(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key != "load_only"}


PLAIN = [made for made in SIMPLE[:-1] if made not in (Shout, Elsewhere)]
NAMES = ["f0", "items", "count", "f3"]  # dicts and tuples have methods of some of these names


@st.composite
def field(draw: Any, depth: int = 2, options: dict[str, Any] | None = None, plain: bool = False) -> Any:
    """Make fields; plain ones have no code of their own."""
    given = {**draw(OPTIONS), **draw(PRESENCE)} if options is None else options
    kind = draw(st.integers(0, 9 if depth else 4))
    if kind == 5:
        return fields.List(draw(field(depth - 1, {}, plain)), **given)
    if kind == 6 and not plain:
        return fields.Dict(draw(field(0, {})), draw(field(depth - 1, {})), **given)
    if kind == 7 and not plain:
        return fields.Tuple([draw(field(depth - 1, {})), draw(field(0, {}))], **given)
    if kind >= 8:
        return draw(nested(depth, given, plain))
    return draw(st.sampled_from(PLAIN if plain else SIMPLE))(**given)


@st.composite
def nested(draw: Any, depth: int, options: dict[str, Any], plain: bool) -> Any:
    inner = draw(schemas(depth - 1, plain))
    given = {**options, "many": draw(st.sampled_from([None, False, True]))}
    given["unknown"] = draw(st.sampled_from([None, EXCLUDE, INCLUDE, RAISE]))
    names = list(inner.fields)
    if names and draw(st.booleans()):
        given[draw(st.sampled_from(["only", "exclude"]))] = names[:1]
    if names and not plain and draw(st.integers(0, 5)) == 0:
        return fields.Pluck(inner, names[0], many=bool(given["many"]), **options)
    return fields.Nested((lambda: inner) if draw(st.booleans()) else inner, **given)


@st.composite
def schemas(draw: Any, depth: int = 2, plain: bool = False) -> Schema:
    declared: dict[str, Any] = {}
    for number in range(draw(st.integers(0, 4))):
        made = draw(field(depth, plain=plain))
        made.data_key = draw(st.sampled_from([None, None, f"key{number}"]))
        made.attribute = draw(st.sampled_from([None, None, f"other{number}", f"path{number % 2}.{NAMES[number]}"]))
        declared[NAMES[number]] = made
    kept = draw(st.sampled_from([None, None, list(declared)[::-1]]))
    unknown = draw(st.sampled_from([None, EXCLUDE, INCLUDE, RAISE]))
    made_class = Schema.from_dict(declared)
    return made_class(only=kept, unknown=unknown, many=draw(st.integers(0, 9)) == 0)


class Row(NamedTuple):
    f0: Any
    f3: Any


SHAPES: list[Callable[[dict[str, Any]], Any]] = [
    lambda found: SimpleNamespace(**found),
    lambda found: SimpleNamespace(**found),
    dict,
    dict,
    AttributeDict,
    Stubborn,
    lambda found: Row(found.get("f0"), found.get("f3")),
]


@st.composite
def objects_for(draw: Any, schema: Schema, wild: int = 10, shape: Any = None) -> Recipe:
    """Make recipes of objects that mostly have what a schema reads."""
    made = draw(st.sampled_from(SHAPES)) if shape is None else shape
    found: dict[str, Recipe] = {}
    for name, each in schema.fields.items():
        if draw(st.integers(0, 9)):
            add(found, each.attribute or name, draw(values_for(each, wild=wild)))
    return lambda: made({name: make() for name, make in found.items()})


@st.composite
def tables_for(draw: Any, schema: Schema) -> Recipe:
    """Make recipes of lists of objects of one shape, nearly all of which can be dumped."""
    one = objects_for(schema, draw(st.sampled_from([0, 0, 3])), draw(st.sampled_from(SHAPES)))
    recipes = draw(st.lists(one, min_size=1, max_size=4))
    return lambda: [make() for make in recipes]


def add(found: dict[str, Recipe], attribute: str, recipe: Recipe) -> None:
    name, dot, rest = attribute.partition(".")
    found[name] = (lambda: {rest: recipe()}) if dot else recipe


@st.composite
def data_for(draw: Any, schema: Schema) -> Recipe:
    """Make recipes of data that mostly have what a schema loads, and sometimes more."""
    found: dict[str, Recipe] = {}
    for name, made in schema.fields.items():
        if draw(st.integers(0, 9)):
            found[made.data_key or name] = draw(values_to_load(made))
    for name in draw(st.lists(st.sampled_from(["stray", "more", "f0"]), max_size=2)):
        found[name] = draw(scalars())
    return lambda: {name: make() for name, make in found.items()}


def values_to_load(field: Any) -> st.SearchStrategy[Recipe]:
    if not isinstance(field, fields.Nested) or isinstance(field, fields.Pluck):
        return values_for(field, in_text=True)
    schema = nested_schema(field)
    one = data_for(schema)
    return several(one) if field.many or schema.many else one


def several(one: st.SearchStrategy[Recipe]) -> st.SearchStrategy[Recipe]:
    return st.lists(one, max_size=3).map(lambda recipes: lambda: [make() for make in recipes])


def outcome(function: Callable[[Any], Any], recipe: Recipe) -> tuple[Any, ...]:
    """Return what a function makes of a value: shown with its types and in its order, or as the error."""
    try:
        return ("value", shown(function(recipe())))
    except ValidationError as error:
        return ("invalid", shown(plain(error.messages)), shown(error.data), shown(error.valid_data), error.field_name)
    except Exception as error:
        return ("error", type(error), ADDRESS.sub("", str(error)))


def plain(messages: Any) -> Any:
    """Return messages without their kinds of dict: marshmallow's own are of several."""
    return {key: plain(each) for key, each in messages.items()} if isinstance(messages, dict) else messages


def shown(value: Any) -> str:
    return ADDRESS.sub("", repr(value))
