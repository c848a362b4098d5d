"""The cases that need no store."""

from __future__ import annotations

from collections.abc import Iterable

from .cases import Case, cases, load
from .pages import page_cases


def stateless_cases(without: Iterable[str], only: str) -> list[Case]:
    """Return the cases.

    :param without: contenders that are left out.
    :param only: a part of the titles.
    """
    return [case for case in (*cases(load(without), only), *page_cases()) if only in case.title]
