"""What all tests share: how property tests run, and in which order the tests do."""

from __future__ import annotations

import gc
import os
import re
import socket
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from flask_serveractions.app_state import OPENED
from tests.built_rules import build_each_rule_once

BROWSER = Path(__file__).parent / "browser"
# the files that take longest, the longest first: one that began last would be worked at alone in the end
LONGEST = [
    # these mostly wait, for processes that were killed and stores that stand still, and leave the cores to the others
    "test_job_lists.py",
    "test_caching_faults.py",
    "test_jobs.py",
    # these are the browser's
    "test_todo.py",
    "test_board.py",
    "test_recipes.py",
    "test_attacks.py",
    "test_book_chapters.py",
    "test_dialogs.py",
    "test_client_heads.py",
    "test_shop.py",
    "test_book_cookbook.py",
    "test_book_folders.py",
    "test_search.py",
    "test_live.py",
    "test_client_trouble.py",
    "test_client_forms.py",
    "test_dialogs_parts.py",
    "test_live_faults.py",
    "test_client_firefox.py",
    "test_docs_page.py",
    "test_client_answers.py",
    "test_book.py",
    "test_client_swaps.py",
    "test_client_leaving.py",
    "test_page_jobs.py",
    "test_client_keeps.py",
    "test_client_mistakes.py",
    "test_endless.py",
]
ADDRESS = re.compile(r" at 0x[0-9a-f]{6}")

# A busy machine is no failure, and the suite tries the same examples every time: what it finds, the change has brought.
# pytest --hypothesis-profile random looks for what nobody has seen yet.
settings.register_profile("suite", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("random", deadline=None, max_examples=200)
settings.load_profile("suite")
build_each_rule_once()


@pytest.fixture(autouse=True)
def forget_the_command_line() -> Iterator[None]:
    """Forget what ``flask`` commands leave in the environment, with which a child's ``app.run()`` would do nothing."""
    yield
    os.environ.pop("FLASK_RUN_FROM_CLI", None)


@pytest.fixture(autouse=True)
def forget_opened_stores() -> Iterator[None]:
    """Forget which app has opened a store: one of another test would be told of, wherever it is still alive."""
    yield
    OPENED.clear()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let a process ask at once how many second goes there were: each test does, and else waits 40 ms for TCP."""
    if counts := getattr(getattr(config, "failures_db", None), "sock", None):  # with several processes alone
        counts.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the collector wait: it would go through all that is imported again and again, and hardly any is garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the browser come last: Playwright keeps an event loop running in the main thread, where no other can run.

    Of both kinds the files that take longest come first, and all others after them.

    :raises pytest.UsageError: an ID holds an address, and so is another one in each process that runs tests.
    """
    changing = [item.nodeid for item in items if ADDRESS.search(item.nodeid)]
    if changing:
        raise pytest.UsageError(f"Give ids= that are the same in each process to the parameters of {changing}.")
    items.sort(key=lambda item: place_of(item.path))


@cache
def place_of(file: Path) -> tuple[bool, int]:
    """Return what the order of the files is by."""
    return BROWSER in file.parents, LONGEST.index(file.name) if file.name in LONGEST else len(LONGEST)


def pytest_collection_finish() -> None:
    """Let the collector go through what the tests make, and not through all that was imported for them."""
    gc.collect()
    gc.freeze()
