"""The part of ``make load`` that proves something, for a few seconds; and the parts that only count."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from load import faults, keys, memory, viewers, wrk
from load.cases import Case
from load.memory import Sample, levels
from load.proof import Broken, Outcome, Stored, Write, strangers, violations
from load.tables import PAGE, replaced, simple_table
from load.throughput import Figures, Measured, pairs, rows
from load.visitor import Request

SECONDS = 3
PRINTED = """Running 1s test @ http://127.0.0.1:5000
  1 threads and 8 connections
Requests/sec:   2000.00

RESULT {"requests": 2200, "microseconds": 1100000, "p50": 3500, "p99": 9000, "failed": 1, "lost": 0}
"""


# Under fire


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> faults.Found:
    """What a few visitors found while a real server's workers were killed and its keys rotated."""
    return faults.attack(tmp_path_factory.mktemp("load"), SECONDS, visitors=3)


def test_nothing_is_lost_run_twice_or_shown_to_a_wrong_visitor_while_workers_are_killed(found: faults.Found) -> None:
    assert found.violations() == []


def test_the_visitors_have_met_what_they_were_to_meet(found: faults.Found) -> None:
    assert found.kills > 0
    assert found.rotations > 0
    assert found.count("dropped") > 0
    assert found.count("replayed") > 0
    assert sum(write.outcome is Outcome.DONE for write in found.writes) > 5


def test_what_was_counted_stands_in_a_table(found: faults.Found) -> None:
    assert f"\nworkers killed {' ' * 20}" in found.table()


# What is proved


def written(outcome: Outcome) -> Write:
    return Write(text="v1x1", how="form", outcome=outcome)


@pytest.mark.parametrize(
    ("outcome", "times", "wrong"),
    [
        (Outcome.DONE, 0, "lost write: v1x1 (form) was acknowledged, and is there 0 times."),
        (Outcome.DONE, 1, None),
        (Outcome.DONE, 2, "double run: v1x1 (form) was acknowledged, and is there 2 times."),
        (Outcome.REFUSED, 0, None),
        (Outcome.REFUSED, 1, "refused and done: v1x1 (form) was refused, and is there 1 times."),
        (Outcome.UNKNOWN, 0, None),
        (Outcome.UNKNOWN, 1, None),
        (Outcome.UNKNOWN, 2, "double run: v1x1 (form) was of unknown outcome, and is there 2 times."),
    ],
)
def test_a_write_is_there_as_often_as_was_said(outcome: Outcome, times: int, wrong: str | None) -> None:
    stored = [Stored(owner="visitor-1", text="v1x1")] * times
    assert violations([written(outcome)], stored) == ([wrong] if wrong else [])


def test_a_row_that_belongs_to_somebody_else_is_found() -> None:
    stored = [Stored(owner="visitor-2", text="v1x1")]
    assert violations([written(Outcome.DONE)], stored) == ["wrong visitor: v1x1 belongs to visitor-2."]


def test_a_row_that_nobody_asked_for_is_found() -> None:
    assert violations([], [Stored(owner="visitor-1", text="v1x9")]) == ["not asked for: v1x9 is there."]


@pytest.mark.parametrize(
    ("text", "who"),
    [("<li>v3x1</li><li>v3x12</li>", set()), ("<li>v3x1</li><li>v13x2</li>", {13}), ("<h1>visitor-4</h1>", {4})],
)
def test_a_page_shows_whose_texts_are_in_it(text: str, who: set[int]) -> None:
    assert strangers(text, 3) == who


# Keys


def test_a_key_is_announced_then_signs_then_is_a_fallback_until_it_falls_out(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys.begin(path)
    key, places = keys.read(path)[0], []
    while key in keys.read(path):
        places.append(keys.read(path).index(key))
        keys.rotate(path)
    assert places == list(range(keys.KEPT + 2))


def test_every_request_is_answered_with_the_keys_of_the_file(tmp_path: Path) -> None:
    path, app = tmp_path / "keys.json", Flask(__name__)
    app.add_url_rule("/", view_func=lambda: [app.config["SECRET_KEY"], *app.config["SECRET_KEY_FALLBACKS"]])
    keys.begin(path)
    client = Client(keys.FollowKeys(app, path))
    for _ in range(3):
        keys.rotate(path)
        announced, signs, *_ = found = keys.read(path)
        assert client.get("/").json == [signs, *found]
        assert announced != signs


# wrk


def test_what_wrk_prints_is_read() -> None:
    report = wrk.report_in(PRINTED)
    assert (report.per_second, report.p50, report.p99, report.failed) == (2000, 3500, 9000, 1)


def test_what_wrk_prints_when_it_fails_is_shown() -> None:
    with pytest.raises(ValueError, match="wrk has printed no result: 'unable to connect'"):
        wrk.report_in("unable to connect")


def test_a_request_is_written_in_lua() -> None:
    request = Request(method="POST", path="/a", headers={"Accept": "text/html"}, body='{"é": "\\"}\n')
    assert wrk.lua_table(request) == (
        r'{method = "POST", path = "/a", headers = {["Accept"] = "text/html"},'
        r' body = "{\034\195\169\034: \034\092\034}\010", unique = false}'
    )


def test_a_request_that_is_another_one_each_time_is_marked() -> None:
    request = Request(method="POST", path="/", headers={"Idempotency-Key": wrk.UNIQUE})
    assert "unique = true" in wrk.lua_table(request)


def test_a_program_for_wrk_holds_all_its_requests_and_a_stamp_of_its_own() -> None:
    requests = [Request(method="GET", path=path, headers={}) for path in ("/a", "/b")]
    program = wrk.script(requests, "1f3d")
    assert [program.count(each) for each in ('path = "/a"', 'path = "/b"', '"1f3d"')] == [1, 1, 1]


# Ratios


def figures(time: float, p50: float, p99: float) -> Figures:
    return Figures(time=time, p50=p50, p99=p99)


def test_a_ratio_is_the_median_of_the_rounds_and_a_bare_view_has_no_line() -> None:
    bare = iter([figures(100, 10, 20), figures(200, 10, 20), figures(100, 10, 20)])
    ours = iter([figures(150, 30, 20), figures(800, 20, 60), figures(200, 40, 40)])
    measured = [
        Measured(title="bare", against="bare", measure=lambda: next(bare)),
        Measured(title="ours", against="bare", measure=lambda: next(ours)),
    ]
    assert [row.cells for row in rows(measured, rounds=3)] == [("ours", "bare", "2.00", "3.00", "2.00")]


def test_a_time_that_is_not_measured_is_a_dash() -> None:
    first = Figures(time=None, p50=10, p99=10)
    measured = [Measured(title=title, against="bare", measure=lambda: first) for title in ("bare", "ours")]
    assert rows(measured, rounds=1)[0].cells == ("ours", "bare", "–", "1.00", "1.00")


def test_the_example_is_held_against_the_same_by_hand_too() -> None:
    measured = [("bare", "bare"), ("by hand: GET", "bare"), ("example: GET", "bare"), ("example: page", "bare")]
    assert [pair for pair in pairs(measured) if pair[1] != "bare"] == [("example: GET", "by hand: GET")]


# Levels


def report(requests: int, failed: int, lost: int) -> wrk.Report:
    return wrk.Report(requests=requests, microseconds=1, p50=1, p99=1, failed=failed, lost=lost)


def samples(memory_of: list[float], leak: int = 0) -> list[Sample]:
    return [
        Sample(requests=number, memory=each, blocks=600_000 + number * leak, files=40, threads=10, store=1000)
        for number, each in enumerate(memory_of)
    ]


def test_memory_that_fills_up_and_wavers_is_level() -> None:
    filled = samples([50_000, 90_000, 100_000, 100_500, 99_800, 101_000, 100_700, 100_600])
    assert all(level.is_level for level in levels(filled))


def test_memory_that_goes_on_growing_is_not_level() -> None:
    growing = samples([100_000 + 2_000 * number for number in range(8)])
    assert [level.name for level in levels(growing) if not level.is_level] == ["memory"]


def test_a_leak_too_small_for_the_memory_is_found_by_counting_blocks() -> None:
    leaking = samples([100_000] * 8, leak=1_000)
    assert [level.name for level in levels(leaking) if not level.is_level] == ["blocks"]


def test_a_mix_that_is_answered_otherwise_than_it_should_be_is_no_measure() -> None:
    request = Request(method="GET", path="/", headers={})
    mix = [Case(title="", against="", request=request, status=status) for status in (200, 303, 422, 200)]
    memory.check(report(requests=1001, failed=250, lost=0), mix)
    for failed, lost in ((1001, 0), (250, 1)):
        with pytest.raises(RuntimeError, match="250 requests should have been answered by 400 and above"):
            memory.check(report(requests=1001, failed=failed, lost=lost), mix)


def test_private_memory_is_what_no_other_process_shares() -> None:
    assert memory.private("Rss: 900 kB\nPrivate_Clean:      12 kB\nPrivate_Dirty:     300 kB\n") == 312


# Tables


def test_a_table_has_its_numbers_to_the_right() -> None:
    assert simple_table(("what", "times"), [("killed", "7"), ("rotated", "1,012")]).splitlines() == [
        "=======  =====",
        "what     times",
        "=======  =====",
        "killed       7",
        "rotated  1,012",
        "=======  =====",
    ]


def test_a_row_that_does_not_fit_its_table_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"\('killed',\) is no row under \('what', 'times'\)"):
        simple_table(("what", "times"), [("killed",)])


def test_figures_are_put_between_two_comments_again_and_again() -> None:
    page = "Before\n\n.. faults begins\n.. faults ends\n\nAfter\n"
    once = replaced(page, "faults", "first\n")
    assert once == "Before\n\n.. faults begins\n\nfirst\n\n.. faults ends\n\nAfter\n"
    assert replaced(once, "faults", "second\n") == once.replace("first", "second")


def test_a_page_without_the_comments_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"'\.\. memory begins'"):
        replaced("Before", "memory", "figures")


def test_the_documentation_has_a_place_for_all_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(replaced(page, name, "figures") for name in ("throughput", "faults", "memory"))


def test_viewers_are_told_while_pages_are_served(tmp_path: Path) -> None:
    seen = viewers.look(tmp_path, 2, number=20)
    assert (seen.untold, seen.writes > 0, len(seen.ratios) > 0) == (0, True, True)


def seen_by(told: int = 1, **given: Any) -> viewers.Seen:
    usual = {"asked": 100, "seconds": 10.0, "writes": 5, "ratios": [1.0, 1.1, 9.0], "memory": (100.0, 101.0)}
    return viewers.Seen(viewers=[viewers.Viewer(0, asked=2, told=told)], **{**usual, **given})


def test_what_viewers_have_seen_stands_in_a_table() -> None:
    table = viewers.table(seen_by())
    assert re.search(r"asked again, a second +10\.0\n", table)
    assert re.search(r"a page beside them, to one without +1\.10\n", table)


@pytest.mark.parametrize(
    "given", [{"told": 0}, {"ratios": [2.0]}, {"asked": 1000}, {"writes": 0}, {"memory": (100.0, 150.0)}]
)
def test_a_promise_to_viewers_that_is_broken_is_an_error(given: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        viewers.table(seen_by(**given))
