"""Who asked, and in which form the answer shall come."""

from __future__ import annotations

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from flask_serveractions.http.negotiation import accepts, is_htmx, preference, wants_html


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/vnd.turbo-stream.html, text/html, application/xhtml+xml",
        "text/html, */*",
        "text/html;q=0.9, application/json;q=0.8",
        "application/json, text/html",
    ],
)
def test_a_caller_whose_accept_names_html_is_a_browser(accept: str) -> None:
    assert wants_html(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/*",
        "application/json",
        "application/json, text/html;q=0.5",
        "text/event-stream, application/json",
        "text/html;q=0",
        "application/xhtml+xml",
        "text/htmlx",
    ],
)
def test_any_other_caller_is_a_program(accept: str) -> None:
    assert not wants_html(accept)


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "Accept": "*/*"}, True),
        ({"HX-Request": "true", "Accept": "application/json"}, False),
        ({"Accept": "*/*"}, False),
        ({}, False),
    ],
)
def test_htmx_gets_what_a_plain_browser_gets_unless_it_was_told_otherwise(headers: dict[str, str], asked: bool) -> None:
    assert is_htmx(EnvironBuilder(headers=headers).get_environ()) is asked


@given(accept=st.text())
def test_no_accept_is_an_error(accept: str) -> None:
    assert wants_html(accept) in (True, False)
    assert accepts(accept, "application/json") in (True, False)


@pytest.mark.parametrize(
    ("accept", "acceptable"),
    [
        ("", True),
        ("*/*", True),
        ("application/*", True),
        ("application/json", True),
        ("text/html", False),
        ("application/json;q=0", False),
        ("image/png, */*;q=0.1", True),
    ],
)
def test_what_is_acceptable(accept: str, acceptable: bool) -> None:
    assert accepts(accept, "application/json") is acceptable


def asking(*prefer: str) -> Request:
    return Request(EnvironBuilder(headers=[("Prefer", each) for each in prefer]).get_environ())


@pytest.mark.parametrize(
    ("prefer", "wanted"),
    [
        (["return=representation"], "representation"),
        (["Return=Representation"], "representation"),
        (["RETURN=MINIMAL"], "minimal"),
        (['return="representation"'], "representation"),
        (["return = representation"], "representation"),
        (["respond-async, wait=10, return=representation"], "representation"),
        (["return=representation; x=1"], "representation"),
        (["respond-async", "return=minimal"], "minimal"),
        (["return=minimal, return=representation"], "minimal"),
        (["return=nothing"], None),
        (["handling=lenient"], None),
        (["returns=representation"], None),
        (["return"], None),
        ([""], None),
        ([], None),
    ],
)
def test_the_one_preference_that_is_known(prefer: list[str], wanted: str | None) -> None:
    assert preference(asking(*prefer)) == wanted


@given(prefer=st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF)))
def test_no_preference_is_an_error(prefer: str) -> None:
    assert preference(asking(prefer)) in ("representation", "minimal", None)


@pytest.mark.parametrize(
    ("accept", "fits"),
    [
        ("text/html, image/gif, *; q=.2, */*; q=.2", True),  # Java's
        ("application/json; charset=utf-8; q=0.5", True),
        ("application/json;q=0, */*", False),
        ("application/*;q=0, */*", False),
        ("*/*;q=.0", False),
    ],
)
def test_odd_but_honest_ranges_are_read(accept: str, fits: bool) -> None:
    assert accepts(accept, "application/json") is fits


def test_an_accept_of_thousands_of_ranges_is_not_read() -> None:
    assert not wants_html("text/html," * 5_000)
    assert accepts("image/png," * 5_000, "application/json")
    assert not accepts("image/png", "application/json")
