"""The element that loads the client, and what comes with it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

from flask_babel import Babel

from flask_serveractions.http.messages import CLIENT
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


def test_what_the_client_says_by_itself_comes_in_the_language_of_the_page() -> None:
    app = app_with(act, page="{{ serveractions_script() }}")
    language = "de"
    Babel(app, locale_selector=lambda: language)
    texts = json.loads(unescape(re.findall('data-texts="(.*?)"', app.test_client().get("/").text)[0]))
    assert texts["The page could not be loaded."] == "Die Seite konnte nicht geladen werden."
    assert set(texts) == set(CLIENT)
    language = "en"
    assert "data-texts" not in app.test_client().get("/").text


def test_what_the_client_says_by_itself_is_known_to_the_server() -> None:
    sources = Path(__file__).parents[2] / "client" / "src"
    said = "".join(path.read_text(encoding="utf-8") for path in sources.rglob("*.js"))
    assert set(re.findall(r'(?:const [A-Z_]+ = |localized\()"([A-Z][^"]*)"', said)) == set(CLIENT)
