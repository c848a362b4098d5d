"""What ``make bench`` times does the work; how long it takes is not looked at here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from bench.cases import BARE, CONTENDERS, FLASK_FORM, OURS, Case, cases, load
from bench.pages import page_cases
from bench.start import registering
from bench.state import among, once, sqlite

# the others come from libraries that are installed for the bench alone
HERE = {BARE, FLASK_FORM, "MethodView + marshmallow", OURS}


@cache
def cases_here() -> list[Case]:
    return cases(load(without=set(CONTENDERS) - HERE))


def test_every_case_is_answered_as_it_should_be() -> None:
    chosen = cases_here()
    assert len(chosen) == 7
    for case in chosen:
        case.check()


def test_what_runs_once_and_what_revalidates_does_the_work(tmp_path: Path) -> None:
    urls = [sqlite(tmp_path, name) for name in ("few", "more")]
    for case in (once(sqlite(tmp_path, "once")), among("among", urls, (10, 20))):
        case.check()


def test_pages_of_forms_hold_what_their_titles_say() -> None:
    chosen = {case.title: case for case in page_cases()}
    for case in chosen.values():
        case.check()
    assert {name: call.send().count(b"<form ") for name, call in chosen["100 forms, a field each"].calls.items()} == {
        FLASK_FORM: 100,
        OURS: 100,
    }
    with_page = chosen["action with the page in it"].calls[OURS].send()
    assert b'"page"' in with_page
    assert b"<form " in with_page


def test_registering_is_weighed_and_timed() -> None:
    milliseconds, kept = registering()
    assert milliseconds > 0
    assert 0 < kept < 8  # KB: the limit that the bench states


def test_a_contender_that_answers_something_else_is_found_out() -> None:
    get_one = next(case for case in cases_here() if case.title.startswith("GET one"))
    wrong = Case(title=get_one.title, calls=get_one.calls, statuses=frozenset({201}))
    with pytest.raises(RuntimeError, match=r"GET one, a dict: bare Flask answers 200 b'\{"):
        wrong.check()
