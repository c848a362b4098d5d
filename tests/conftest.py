"""What all tests share: how property tests run, and in which order the tests do."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

BROWSER = Path(__file__).parent / "browser"
LONGEST = "test_book.py"
ADDRESS = re.compile(r" at 0x[0-9a-f]{6}")

# A busy machine is no failure, and the suite tries the same examples every time: what it finds, the change has brought.
# pytest --hypothesis-profile random looks for what nobody has seen yet.
settings.register_profile("suite", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("random", deadline=None, max_examples=200)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def forget_the_command_line() -> Iterator[None]:
    """Forget what ``flask`` commands leave in the environment, with which a child's ``app.run()`` would do nothing."""
    yield
    os.environ.pop("FLASK_RUN_FROM_CLI", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the browser come last: Playwright keeps an event loop running in the main thread, where no other can run.

    Of its files the longest comes first, or one process would work at it alone in the end.

    :raises pytest.UsageError: an ID holds an address, and so is another one in each process that runs tests.
    """
    changing = [item.nodeid for item in items if ADDRESS.search(item.nodeid)]
    if changing:
        raise pytest.UsageError(f"Give ids= that are the same in each process to the parameters of {changing}.")
    items.sort(key=lambda item: (BROWSER in item.path.parents, item.path.name != LONGEST))


def pytest_collection_finish() -> None:
    """Let the collector go through what the tests make, and not through all that was imported for them."""
    gc.collect()
    gc.freeze()
