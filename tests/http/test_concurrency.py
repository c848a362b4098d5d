"""Whether others are served while a call runs: what WSGI says, and what asgiref does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async

from flask_serveractions.http.concurrency import serves_others

THREADS = {"wsgi.multithread": True}


@pytest.mark.parametrize(("environ", "expected"), [(THREADS, True), ({"wsgi.multithread": False}, False), ({}, False)])
def test_a_server_says_whether_it_has_threads(environ: dict[str, Any], expected: bool) -> None:
    assert serves_others(environ) is expected


def test_the_one_thread_of_asgiref_serves_nobody_else() -> None:
    assert asyncio.run(sync_to_async(serves_others)(THREADS)) is False
    assert serves_others(THREADS) is True


def test_a_thread_for_each_request_does() -> None:
    async def call() -> bool:
        async with ThreadSensitiveContext():
            return await sync_to_async(serves_others)(THREADS)

    assert asyncio.run(call()) is True
