"""Real stores for tests: an SQLite file, and a Redis server of our own.

A test module takes them by ``pytest_plugins = ["tests.stores_fixtures"]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_serveractions.stores.store import Store, open_store
from tests.stores_processes import EightProcesses, RedisServer


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> Iterator[RedisServer]:
    """An empty Redis, which the test may freeze or kill."""
    if not shared_redis.answers():
        shared_redis.start()
    shared_redis.client(lambda client: client.flushall())
    yield shared_redis
    shared_redis.thaw()
    if shared_redis.process.poll() is not None:
        shared_redis.start()


@pytest.fixture(scope="session")
def eight() -> Iterator[EightProcesses]:
    processes = EightProcesses()
    yield processes
    processes.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state.sqlite3'}"


@pytest.fixture(params=["sqlite", "redis"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store: each test runs on both."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return str(request.getfixturevalue("redis_server").url)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url, "")
    yield opened
    opened.close()
