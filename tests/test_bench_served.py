"""What ``make bench-served`` asks of ours is answered, and its tables say what was measured; Next.js is not needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from bench.served import servers
from bench.served.report import rates, rows, verdicts
from bench.served.visits import ACTION, FORM, GOALS, MULTIPART, Visit, multipart, our_visits, script_data
from examples.ports import free_port
from load.visitor import Visitor

OURS = {"page": [500.0, 900.0, 1000.0], "GET of JSON": [140.0, 140.0, 140.0]}
THEIRS = {"page": [250.0, 300.0, 500.0], "GET of JSON": [100.0, 100.0, 100.0]}


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Somebody who visits our side, on gunicorn."""
    with servers.ours(tmp_path_factory.mktemp("served"), "gevent") as port:
        yield Visitor(port)


@pytest.fixture(scope="module")
def visits(visitor: Visitor) -> dict[str, Visit]:
    return {visit.title: visit for visit in our_visits(visitor)}


def test_everything_that_has_a_goal_is_answered_by_ours(visitor: Visitor, visits: dict[str, Visit]) -> None:
    assert list(visits) == list(GOALS)
    for visit in visits.values():
        visit.check(visitor)


def test_the_action_is_answered_with_the_fresh_page(visitor: Visitor, visits: dict[str, Visit]) -> None:
    answer = visitor.send(visits[ACTION].requests[0])
    assert "Buy milk</li>" in answer.json["page"]


def test_the_list_stays_as_long_as_it_was(visitor: Visitor, visits: dict[str, Visit]) -> None:
    for _ in range(3):
        visits[FORM].check(visitor)
    assert visitor.get("/").text.count("<li ") == 20


def test_an_answer_that_is_not_the_expected_one_is_found_out(visitor: Visitor, visits: dict[str, Visit]) -> None:
    visit = visits[ACTION]
    stranger = replace(visit.requests[0], headers={**visit.requests[0].headers, "Cookie": ""})
    with pytest.raises(RuntimeError, match=f"^{ACTION}: .*status=4"):
        replace(visit, requests=[stranger]).check(visitor)
    with pytest.raises(RuntimeError, match=f"^{ACTION}: "):
        replace(visit, shows="Buy tea").check(visitor)


def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    port = free_port()
    command = [*servers.gunicorn(port, "gevent"), "--no-such-option"]
    with (
        pytest.raises(RuntimeError, match=r"(?s)^gunicorn does not answer\..*--no-such-option"),
        servers.started(command, port, tmp_path, tmp_path / "gunicorn.log"),
    ):
        pass


def test_fields_are_written_as_a_browser_sends_them() -> None:
    fields = {"$ACTION_ID_1": "", "_1_text": "Buy milk", "0": '["$K1"]'}
    environ = EnvironBuilder(
        method="POST", content_type=MULTIPART["Content-Type"], data=multipart(fields).encode()
    ).get_environ()
    assert Request(environ).form.to_dict() == fields


def test_what_the_element_of_the_client_says_is_read() -> None:
    page = '<script src="/c.js" id="serveractions" data-token="a.b" data-header="X-CSRFToken"></script><p data-no="1">'
    assert script_data(page) == {"token": "a.b", "header": "X-CSRFToken"}
    assert script_data("<p>none</p>") == {}


def test_a_ratio_is_the_median_of_the_rounds_own_and_held_from_its_goal_on() -> None:
    found = rows(OURS, THEIRS, {"page": 2.0, "GET of JSON": 1.5})
    assert [(row.ours, row.theirs, row.ratio, row.is_held) for row in found] == [
        (900, 300, 2.0, True),
        (140, 100, 1.4, False),
    ]


def test_the_tables_have_a_line_for_each_request() -> None:
    found = rows(OURS, THEIRS, {"page": 2.0, "GET of JSON": 1.5})
    assert rates(found).splitlines()[3:5] == [
        "page          900      300",
        "GET of JSON   140      100",
    ]
    assert verdicts(found).splitlines()[3:5] == [
        "page                    2.00   2.0  yes",
        "GET of JSON             1.40   1.5  **no**",
    ]
