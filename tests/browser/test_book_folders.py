"""The tutorial, and the pages on other libraries, as a browser shows them."""

from __future__ import annotations

import pytest

from tests.browser.book import FOLDERS, Reader
from tests.browser.book import reader as reader  # a fixture
from tests.test_docs_links import built as built  # a fixture


@pytest.mark.parametrize("name", FOLDERS)
def test_a_page_fits_each_screen_and_axe_finds_nothing_in_it(reader: Reader, name: str) -> None:
    assert reader.faults_of(name) == []
