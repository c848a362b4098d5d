from __future__ import annotations

import datetime as dt
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields, missing, post_dump, pre_dump
from sqlalchemy import orm

from flask_serveractions.marshalling.dump import compile_dump
from tests.generated_schemas import (
    AttributeDict,
    Colour,
    Elsewhere,
    objects_for,
    outcome,
    schemas,
    several,
    tables_for,
    values,
)

SETTINGS = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


@given(st.data())
@SETTINGS
def test_one_object_is_dumped_as_marshmallow_dumps_it(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    recipe = data.draw(objects_for(schema))
    expected = outcome(lambda obj: schema.dump(obj, many=False), recipe)
    assert outcome(compile_dump(schema, False), recipe) == expected


@given(st.data())
@SETTINGS
def test_many_objects_are_dumped_as_marshmallow_dumps_them(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    recipe = data.draw(several(objects_for(schema)))
    expected = outcome(lambda objects: schema.dump(objects, many=True), recipe)
    assert outcome(compile_dump(schema, True), recipe) == expected


@given(st.data())
@SETTINGS
def test_a_table_of_objects_is_dumped_column_by_column_as_marshmallow_dumps_it(data: st.DataObject) -> None:
    schema = data.draw(schemas(plain=True))
    recipe = data.draw(tables_for(schema))
    expected = outcome(lambda objects: schema.dump(objects, many=True), recipe)
    assert outcome(compile_dump(schema, True), recipe) == expected


@given(st.data())
@SETTINGS
def test_whatever_comes_in_place_of_an_object_fails_as_in_marshmallow(data: st.DataObject) -> None:
    schema, many, recipe = data.draw(schemas()), data.draw(st.booleans()), data.draw(values())
    expected = outcome(lambda obj: schema.dump(obj, many=many), recipe)
    assert outcome(compile_dump(schema, many), recipe) == expected


class Person(Schema):
    id = fields.Integer()
    name = fields.String()
    colour = fields.Enum(Colour)
    born = fields.Date()
    friends = fields.List(fields.Nested(lambda: Person(only=("id", "friends"))))


def person(number: int, **more: Any) -> SimpleNamespace:
    found = {"id": number, "name": f"No. {number}", "colour": Colour.RED, "born": dt.date(2000, 1, number + 1)}
    return SimpleNamespace(**found, **more)


def assert_dumped_alike(schema: Schema, objects: list[Any]) -> list[Any]:
    expected = schema.dump(objects, many=True)
    assert compile_dump(schema, True)(objects) == expected
    assert [compile_dump(schema, False)(obj) for obj in objects] == expected
    return expected


def test_a_schema_that_nests_itself_is_compiled_as_deep_as_the_objects_go() -> None:
    people = [person(1, friends=[person(2, friends=[person(3, friends=None)])]), person(4, friends=[])]
    assert assert_dumped_alike(Person(), people)[0]["friends"][0]["friends"] == [{"id": 3, "friends": None}]


@pytest.mark.parametrize(
    "make", [dict, AttributeDict, namedtuple("Found", "id name")], ids=["dict", "attributes", "tuple"]
)
def test_mappings_and_named_tuples_are_read_as_marshmallow_reads_them(make: Any) -> None:
    found = [make(id=number, name="x") for number in range(3)]
    assert assert_dumped_alike(Person(), found)[2] == {"id": 2, "name": "x"}


def test_a_list_of_several_kinds_of_objects_is_dumped_object_by_object() -> None:
    assert_dumped_alike(Person(), [person(1), {"id": 2, "name": "x"}, AttributeDict(id=3), None, Person, "text"])


def test_classes_are_read_as_marshmallow_reads_them() -> None:
    """``dict["__name__"]`` is a type, and no error."""
    schema = Schema.from_dict({"name": fields.String(attribute="__name__")})()
    assert assert_dumped_alike(schema, [dict, SimpleNamespace]) == [
        {"name": "dict['__name__']"},
        {"name": "SimpleNamespace"},
    ]


def test_a_field_that_finds_its_value_in_its_own_way_keeps_it() -> None:
    schema = Schema.from_dict({"seven": Elsewhere(), "text": fields.Integer(as_string=True)})()
    assert assert_dumped_alike(schema, [{"seven": 1, "text": 2}] * 2) == [{"seven": 7, "text": "2"}] * 2


def test_what_an_iterator_holds_is_written_once_though_a_later_field_fails() -> None:
    class Failing(Schema):
        numbers = fields.List(fields.Integer())
        day = fields.Date()

    dump = compile_dump(Failing(), True)
    with pytest.raises(ValueError, match="'x'"):
        dump([{"numbers": iter([1]), "day": None}, {"numbers": iter(["x", 2]), "day": "no date"}])
    assert dump([{"numbers": iter([1, 2])}]) == [{"numbers": [1, 2]}]


def test_models_of_sqlalchemy_and_rows_are_dumped(tmp_path: Path) -> None:
    base: Any = orm.declarative_base()

    class Human(base):
        __tablename__ = "human"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String)
        colour = sa.Column(sa.Enum(Colour))
        born = sa.Column(sa.Date)
        friend_id = sa.Column(sa.ForeignKey("human.id"))
        friends = orm.relationship("Human")

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'people.sqlite3'}")
    base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        first = Human(id=1, name="Ada", colour=Colour.GREEN, born=dt.date(1815, 12, 10))
        session.add_all([first, Human(id=2, name=None, friend_id=1)])
        session.commit()
        people = session.scalars(sa.select(Human).order_by(Human.id)).all()
        assert assert_dumped_alike(Person(), list(people))[0]["friends"] == [{"id": 2, "friends": []}]
        session.expire_all()
        rows = session.execute(sa.select(Human.id, Human.name).order_by(Human.id)).all()
        assert assert_dumped_alike(Person(), list(rows)) == [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}]
        found = compile_dump(Person(only=("id",)), True)(session.scalars(sa.select(Human).order_by(Human.id)))
        assert found == [{"id": 1}, {"id": 2}]
    engine.dispose()


def test_hooks_are_run_by_marshmallow() -> None:
    class Enveloped(Person):
        @pre_dump
        def rename(self, data: Any, **kwargs: Any) -> Any:
            return {**vars(data), "name": "Nobody"}

        @post_dump(pass_collection=True)
        def envelop(self, data: Any, many: bool, **kwargs: Any) -> Any:
            return {"data": data, "many": many}

    class Outer(Schema):
        one = fields.Nested(Enveloped)
        some = fields.Nested(Enveloped(only=("name",)), many=True)

    dump = compile_dump(Enveloped(only=("name",)), True)
    assert dump([person(1), person(2)]) == {"data": [{"name": "Nobody"}, {"name": "Nobody"}], "many": True}
    assert_dumped_alike(Outer(), [SimpleNamespace(one=person(1), some=[person(2), person(3)]) for _ in range(2)])


def test_a_schema_that_finds_attributes_in_its_own_way_keeps_it() -> None:
    class Upper(Person):
        def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
            return obj.get(attr.upper(), default)

    assert compile_dump(Upper(), True)([{"ID": 1, "id": 2}]) == [{"id": 1}]


def test_a_method_field_sees_the_object_as_the_fields_before_it_left_it() -> None:
    class Counting(Schema):
        before = fields.Integer(attribute="count")
        counted = fields.Method("count")
        after = fields.Integer(attribute="count", dump_only=True)

        def count(self, obj: Any) -> int:
            obj.count += 1
            return int(obj.count)

    dumped = compile_dump(Counting(), True)([SimpleNamespace(count=1), SimpleNamespace(count=5)])
    assert dumped == [{"before": 1, "counted": 2, "after": 2}, {"before": 5, "counted": 6, "after": 6}]


def test_an_iterator_that_yields_one_object_again_and_again_is_dumped_as_it_goes() -> None:
    def numbers() -> Iterator[dict[str, int]]:
        found = {"id": 0}
        for number in range(3):
            found["id"] = number
            yield found

    assert compile_dump(Person(), True)(numbers()) == [{"id": 0}, {"id": 1}, {"id": 2}]


def test_the_first_error_is_the_first_object_s_and_not_the_first_field_s() -> None:
    with pytest.raises(ValueError, match="'two'"):
        compile_dump(Person(), True)([{"id": 1, "born": dt.date(2000, 1, 1)}, {"id": "two"}, {"id": "three"}])
    with pytest.raises(TypeError, match="isoformat"):
        compile_dump(Person(), True)([{"id": 1, "born": "yesterday"}, {"id": "two"}])


def test_an_error_in_a_property_is_not_taken_for_a_missing_attribute() -> None:
    class Broken:
        id = 1

        @property
        def name(self) -> str:
            raise LookupError("the database is gone")

    for many, value in ((False, Broken()), (True, [Broken()])):
        with pytest.raises(LookupError, match="the database is gone"):
            compile_dump(Person(), many)(value)


def test_a_name_that_no_schema_has_is_an_error_when_it_is_dumped() -> None:
    class Waiting(Schema):
        other = fields.Nested("NobodyHasThisName")

    dump = compile_dump(Waiting(), True)
    assert dump([]) == []
    with pytest.raises(NameError, match="NobodyHasThisName"):
        dump([{"other": None}])


def test_a_constant_that_is_missing_is_left_out() -> None:
    class Odd(Schema):
        nothing = fields.Constant(missing)
        one = fields.Constant(1)

    assert assert_dumped_alike(Odd(), [{}, {}]) == [{"one": 1}, {"one": 1}]


def test_none_in_place_of_many_is_what_marshmallow_makes_of_it() -> None:
    schema = Person.from_dict({"id": fields.Integer(dump_default=5)})()
    assert compile_dump(schema, True)(None) == schema.dump(None, many=True) == {"id": 5}
