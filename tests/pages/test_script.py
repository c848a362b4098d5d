"""The element that loads the client, and what comes with it."""

from __future__ import annotations

import re

from tests.callers import app_with


def act() -> None:
    pass


def test_transitions_come_by_a_style_sheet_of_ours() -> None:
    client = app_with(act, page="{{ serveractions_script(transitions=True) }}").test_client()
    page = client.get("/").text
    url = re.findall('<link rel="stylesheet" href="(.*?)">', page)[0]
    assert " data-transitions" in page
    assert "<style" not in page
    answer = client.get(url)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert re.search(r"no-preference\) \{\s*@view-transition", answer.text)
    assert "immutable" not in client.get("/_actions/transitions.css?v=old").headers["Cache-Control"]


def test_without_the_option_there_is_no_style_sheet() -> None:
    page = app_with(act, page="{{ serveractions_script() }}").test_client().get("/").text
    assert "stylesheet" not in page
    assert "data-transitions" not in page
