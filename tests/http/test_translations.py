"""The catalogues that come with the package: whole, with the variables of the English, and compiled."""

from __future__ import annotations

import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from flask_serveractions.http.messages import FOR_VISITORS, TRANSLATIONS

LANGUAGES = ["de", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "sv", "tr", "uk", "zh"]
VARIABLE = re.compile(r"\{\w+\}")


def catalogue(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / "flask_serveractions.po"


def read_catalogue(language: str) -> Catalog:
    with catalogue(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def test_the_languages() -> None:
    assert sorted(path.name for path in TRANSLATIONS.iterdir()) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_visitors_read_is_translated(language: str) -> None:
    texts = {message.id: message.string for message in read_catalogue(language) if message.id and not message.fuzzy}
    assert set(texts) == set(FOR_VISITORS)
    assert [english for english, text in texts.items() if not text] == []
    assert texts["en"] == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_variables_of_the_english(language: str) -> None:
    for message in read_catalogue(language):
        if message.id:
            assert set(VARIABLE.findall(message.string)) == set(VARIABLE.findall(message.id)), message.id  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_of_the_catalogue(language: str) -> None:
    with catalogue(language).with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for message in read_catalogue(language):
        if message.id:
            assert compiled.gettext(str(message.id)) == message.string
