from __future__ import annotations

from typing import Annotated, Any

import pytest
from marshmallow import Schema, fields

from flask_serveractions.testing import ActionsClient
from tests.calling import make_app


class Filters(Schema):
    kept = fields.List(fields.List(fields.Integer()), load_default=[[1]])


def changing_its_default(kept: list[list[int]] = [[1]]) -> list[list[int]]:  # noqa: B006
    kept[0].append(2)
    return kept


def changing_a_mapping(kept: dict[str, list[int]] = {"a": [1]}) -> list[list[int]]:  # noqa: B006
    kept["a"].append(2)
    return [*kept.values()]


def changing_a_schema_s(filters: Annotated[dict[str, Any], Filters()]) -> list[list[int]]:
    filters["kept"][0].append(2)
    return filters["kept"]


@pytest.mark.parametrize("function", [changing_its_default, changing_a_mapping, changing_a_schema_s])
def test_what_a_function_does_to_a_default_stays_in_its_request(function: Any) -> None:
    app, actions = make_app()
    actions.register(function)
    answers = [ActionsClient(app).call_action(function.__name__) for _ in range(2)]
    assert [answer.json["data"] for answer in answers] == [[[1, 2]], [[1, 2]]]
