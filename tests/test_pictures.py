"""The pictures of the book: each recipe with a page has one, and each is small enough to be read on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.recipe_scenes import SCENES

DOCS = Path(__file__).parents[1] / "docs"
RECIPES = sorted(page for page in (DOCS / "cookbook").glob("*.rst") if page.stem != "index")
PICTURES = sorted((DOCS / "_static").glob("**/*.png"))
IMAGE = re.compile(r"^\.\. image:: (\S+)\n((?: +.*\n)*)", re.MULTILINE)


def images_of(page: Path) -> dict[Path, str]:
    """Return the options of each picture on a page by its file."""
    found = IMAGE.findall(page.read_text(encoding="utf-8"))
    return {(page.parent / path).resolve(): options for path, options in found}


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_a_recipe_that_has_a_page_shows_it(page: Path) -> None:
    has_page = "<main>" in page.read_text(encoding="utf-8") or "<main " in page.read_text(encoding="utf-8")
    picture = DOCS / "_static" / "cookbook" / f"{page.stem}.png"
    assert (picture in images_of(page)) == has_page == (page.stem in SCENES)


@pytest.mark.parametrize("page", sorted(DOCS.glob("**/*.rst")), ids=lambda page: page.stem)
def test_a_picture_is_there_and_is_told_to_who_does_not_see_it(page: Path) -> None:
    lost = [path.name for path, options in images_of(page).items() if not path.exists() or ":alt: " not in options]
    assert lost == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_is_small_and_on_a_page(picture: Path) -> None:
    assert picture.stat().st_size < 60_000
    assert any(picture in images_of(page) for page in DOCS.glob("**/*.rst"))
