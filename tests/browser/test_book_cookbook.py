"""The cookbook's pages, as a browser shows them."""

from __future__ import annotations

import pytest

from tests.browser.book import COOKBOOK, Reader
from tests.browser.book import reader as reader  # a fixture
from tests.test_docs_links import built as built  # a fixture


@pytest.mark.parametrize("name", COOKBOOK)
def test_a_recipe_fits_each_screen_and_axe_finds_nothing_in_it(reader: Reader, name: str) -> None:
    assert reader.faults_of(name) == []
