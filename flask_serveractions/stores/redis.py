"""The store on Redis: for many machines.

What must be atomic is one Lua script, so each operation is one round trip. The client's own retries are off and its
timeouts short: redis-py's defaults hang a page for most of a minute on a Redis that accepts and never answers. Expiry
and leases follow the server's clock alone.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha1
from typing import Any

from redis import Connection, RedisError
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.exceptions import NoScriptError, ResponseError
from redis.retry import Retry

from .backend import Found, Row
from .changes import Subscription

CONNECT_SECONDS = 0.3
ANSWER_SECONDS = 0.6  # with the above: less than a second, also where the connection is new
MOST_IDLE = 32  # connections that are kept for the next who asks: of hundreds that were in use at once most are closed


class Script:
    """A Lua script, known to the server by its digest once it has run."""

    def __init__(self, *parts: str) -> None:
        self.source = "\n".join(parts)
        self.digest = sha1(self.source.encode(), usedforsecurity=False).hexdigest()


# KEYS: record, lease. A lease is a key that the server lets expire; the record stays.
ROW = """
local row = redis.call('HMGET', KEYS[1], 'value', 'token')
local function answer() return {row[1], row[2], redis.call('PTTL', KEYS[2])} end
local function write(value, ttl, token, lease)
  redis.call('HSET', KEYS[1], 'value', value, 'token', token)
  redis.call('PEXPIRE', KEYS[1], ttl)
  if token ~= '' then redis.call('SET', KEYS[2], '1', 'PX', lease) else redis.call('DEL', KEYS[2]) end
end
"""
GET = Script(ROW, "if row[1] then return answer() end")
ADD = Script(ROW, "if row[1] then return answer() end", "write(ARGV[1], ARGV[2], ARGV[3], ARGV[4])")
SWAP = Script(ROW, "if row[2] ~= ARGV[1] then return 0 end", "write(ARGV[2], ARGV[3], ARGV[4], ARGV[5])", "return 1")
RENEW = Script(
    ROW, "if row[2] ~= ARGV[1] then return 0 end", "redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])", "return 1"
)
REMOVE = Script(ROW, "if row[2] ~= ARGV[1] then return 0 end", "redis.call('DEL', KEYS[1], KEYS[2])", "return 1")

# KEYS: generations, value. All in one hash, so that the server can't evict one of them alone.
GENERATIONS = """
local state = redis.call('HMGET', KEYS[1], '\\0epoch', '\\0counter', '\\0floor')
if not state[1] then
  local now = redis.call('TIME')
  state = {now[1] .. '.' .. now[2], 0, 0}
  redis.call('HSET', KEYS[1], '\\0epoch', state[1], '\\0counter', 0, '\\0floor', 0)
end
local function restart(number)
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], '\\0epoch', state[1], '\\0counter', number, '\\0floor', number)
end
"""
# an account may be allowed no channel: what was done stays done
TELL = "redis.pcall('PUBLISH', KEYS[1], number)"
LOOKUP = Script(
    GENERATIONS,
    "local latest = tonumber(state[3])",
    "if #ARGV > 0 then",
    "  for _, number in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV))) do",
    "    if number then latest = math.max(latest, tonumber(number)) end",
    "  end",
    "end",
    "local value = redis.call('GET', KEYS[2])",
    # one text, which a client reads faster than a list
    "return string.format('%s %s %d %s', state[1], state[2], latest, value and '+' .. value or '-')",
)
BUMP = Script(
    GENERATIONS,
    "local number = redis.call('HINCRBY', KEYS[1], '\\0counter', 1)",
    "for each = 2, #ARGV do redis.call('HSET', KEYS[1], ARGV[each], number) end",
    "if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then restart(number) end",
    TELL,
)
CLEAR = Script(GENERATIONS, "local number = redis.call('HINCRBY', KEYS[1], '\\0counter', 1)", "restart(number)", TELL)
NUMBERS = Script(
    GENERATIONS,
    "local numbers = #ARGV > 0 and redis.call('HMGET', KEYS[1], unpack(ARGV)) or {}",
    "for each = 1, #ARGV do numbers[each] = math.max(tonumber(state[3]), tonumber(numbers[each] or 0)) end",
    "return {state[1], tonumber(state[2]), numbers}",
)


class RedisBackend:
    """See ``stores.Backend`` for what each operation promises.

    :param url: ``redis://``, ``rediss://`` or ``unix://``, as redis-py reads it.
    :param prefix: goes before every key.
    :param most_names: so many tags and paths are told apart; beyond, everything cached counts as stale once.
    :raises ValueError: an URL that redis-py can't read.
    """

    failures: tuple[type[Exception], ...] = (RedisError, OSError)
    shared_fate = True  # a Redis that can't be written can't be read

    def __init__(self, url: str, prefix: str = "serveractions:", most_names: int = 100_000) -> None:
        self._options = connection_options(url)
        self.prefix = prefix
        self.most_names = most_names
        self._generations = f"{prefix}generations"
        self._idle: deque[StoreConnection] = deque()
        self._idle.append(self._new_connection())  # not connected yet: so that a bad option shows here
        self._pid = os.getpid()

    def __str__(self) -> str:
        where = self._options
        return (
            f"Redis at {where.get('path') or '{}:{}'.format(where.get('host', 'localhost'), where.get('port', 6379))}"
        )

    # Records

    def get(self, key: str, patience: float) -> Row | None:
        return as_row(self._run(GET, self._keys(key)))

    def add(
        self, key: str, value: str, ttl: float, token: str, lease: float, patience: float, durable: bool = True
    ) -> Row | None:
        return as_row(self._run(ADD, self._keys(key), value, milliseconds(ttl), token, milliseconds(lease)))

    def swap(self, key: str, expected: str, value: str, ttl: float, token: str, lease: float, patience: float) -> bool:
        arguments = (expected, value, milliseconds(ttl), token, milliseconds(lease))
        return bool(self._run(SWAP, self._keys(key), *arguments))

    def renew(self, key: str, token: str, lease: float, patience: float) -> bool:
        return bool(self._run(RENEW, self._keys(key), token, milliseconds(lease)))

    def remove(self, key: str, token: str, patience: float) -> bool:
        return bool(self._run(REMOVE, self._keys(key), token))

    def put(self, key: str, value: str, ttl: float, patience: float) -> None:
        with self._connection() as line:
            line.send("SET", self._value(key), value, "PX", milliseconds(ttl))

    # Generations

    def lookup(self, key: str, names: Sequence[str], patience: float) -> Found:
        with self._connection() as line:
            answer = line.run(LOOKUP, (self._generations, self._value(key)), *names)
            epoch, counter, latest, value = answer.split(" ", 3)
            # a server that was restarted may have lost its latest revalidations, but not the values before them
            epoch = f"{epoch} {line.server_run}"
        return value[1:] if value[0] == "+" else None, epoch, int(counter), int(latest)

    def bump(self, names: Sequence[str], patience: float) -> None:
        self._run(BUMP, (self._generations,), self.most_names, *names)

    def generations(self, names: Sequence[str], patience: float) -> tuple[str, int, dict[str, int]]:
        with self._connection() as line:
            epoch, counter, numbers = line.run(NUMBERS, (self._generations,), *names)
            return f"{epoch} {line.server_run}", counter, dict(zip(names, numbers, strict=True))

    def watch(self) -> Subscription:
        return Subscription(self._new_line(protocol=2), self._generations)  # RESP3's messages are no responses

    def entries(self, prefix: str, patience: float) -> Iterator[tuple[str, str]]:
        start = self._value("")
        for keys in self._scan(self._value(prefix)):
            with self._connection() as line:
                values = line.send("MGET", *keys)
            yield from ((key[len(start) :], value) for key, value in zip(keys, values, strict=True) if value)

    def clear(self, prefix: str, patience: float) -> None:
        self._run(CLEAR, (self._generations,))
        for keys in self._scan(self._value(prefix)):
            with self._connection() as line:
                line.send("UNLINK", *keys)

    # The server

    def check(self) -> str | None:
        """Return what is wrong for good, or None: a server that is away now may come back."""
        return None

    def probe_reads(self) -> None:
        with self._connection() as line:
            line.send("PING")

    def probe_writes(self) -> None:
        self.probe_reads()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().connection.disconnect()

    def __del__(self) -> None:
        if hasattr(self, "_idle"):  # else its options were wrong
            self.close()

    def _keys(self, key: str) -> tuple[str, str]:
        return f"{self.prefix}record:{key}", f"{self.prefix}lease:{key}"

    def _value(self, key: str) -> str:
        return f"{self.prefix}value:{key}"

    def _run(self, script: Script, keys: Sequence[str], *arguments: object) -> Any:
        with self._connection() as line:
            return line.run(script, keys, *arguments)

    def _scan(self, prefix: str) -> Iterator[list[str]]:
        pattern = "".join(f"\\{character}" if character in "*?[]\\" else character for character in prefix) + "*"
        cursor = "0"
        while True:
            with self._connection() as line:
                cursor, keys = line.send("SCAN", cursor, "MATCH", pattern, "COUNT", 500)
            if keys:
                yield keys
            if str(cursor) == "0":
                return

    def _new_connection(self) -> StoreConnection:
        return StoreConnection(self._new_line(), self._idle)

    def _new_line(self, **others: Any) -> Any:
        options = {**self._options, **others}
        return options.pop("connection_class", Connection)(**options)

    def _connection(self) -> StoreConnection:
        """Return a connection for ``with``, for one thread alone."""
        if self._pid != os.getpid():  # a fork: the connections are the parent's
            self._idle, self._pid = deque(), os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return self._new_connection()


class StoreConnection:
    """One connection, by redis-py's own means below its client: no retries, no pool, half the time.

    :param idle: where it goes after use, unless it has failed.
    """

    def __init__(self, connection: Any, idle: deque[StoreConnection]) -> None:
        self.connection = connection
        self.idle = idle
        self.server_run = ""  # the server's run_id: another one after each restart

    def __enter__(self) -> StoreConnection:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None and len(self.idle) < MOST_IDLE:
            self.idle.append(self)
        else:
            self.connection.disconnect()

    def send(self, *command: object) -> Any:
        self._refresh()
        self.connection.send_command(*command)
        return self.connection.read_response()

    def run(self, script: Script, keys: Sequence[str], *arguments: object) -> Any:
        try:
            return self.send("EVALSHA", script.digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return self.send("EVAL", script.source, len(keys), *keys, *arguments)

    def _refresh(self) -> None:
        """Connect, or connect anew where the server has hung up since."""
        if self.server_run and not self._has_hung_up():
            return
        self.connection.disconnect()
        self.connection.connect()
        self.connection.send_command("INFO", "server")
        try:
            info = str(self.connection.read_response())
        except ResponseError:  # an account that may not ask
            info = ""
        self.server_run = next((line[7:] for line in info.splitlines() if line.startswith("run_id:")), "unknown")

    def _has_hung_up(self) -> bool:
        try:
            return bool(self.connection.can_read(0))  # nothing was asked, so there is nothing to read but the end
        except (RedisError, OSError):
            return True


parse: Callable[[str], dict[str, Any]] = parse_url  # redis-py says not what it returns


def connection_options(url: str) -> dict[str, Any]:
    """Return the arguments of one connection; what the URL's query says wins."""
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        **parse(url),
        "decode_responses": True,
    }
    return {name: value for name, value in options.items() if name not in ("max_connections", "timeout")}  # a pool's


def as_row(answer: Any) -> Row | None:
    if answer is None:
        return None
    value, token, left = answer
    return value, token, int(left) / 1000


def milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))  # Redis takes no zero
