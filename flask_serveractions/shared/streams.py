"""Streams of server-sent events: one event, and a body that gives them as they come (WHATWG HTML, 9.2)."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

from ..scope import request_context

T = TypeVar("T")

HEARTBEAT_SECONDS = 15.0  # proxies cut a line that is silent for 30 to 60
#: A comment: clients ignore it, proxies see that the line lives (WHATWG HTML, 9.2.6).
HEARTBEAT = b":\n\n"
#: nginx would collect the events otherwise.
STREAM_HEADERS = (("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"))


def event(name: str, data: Any) -> bytes:
    """Return one server-sent event (WHATWG HTML, 9.2.5).

    :param name: ``"progress"``, ``"result"`` or ``"error"``.
    :param data: JSON-ready, or a text that is JSON already.
    """
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    # a line of a stream ends at CR, LF or both, wherever it stands
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join([f"event: {name}", *(f"data: {line}" for line in lines), "", ""]).encode()


def in_this_context(chunks: WithHeartbeats[bytes]) -> Generator[bytes, None, None]:
    """Return chunks that are made in the running request's context, which is torn down after the last of them.

    Flask's ``stream_with_context`` tears it down before the first, since 3.1.2: uploaded files are closed then, and
    what the auth hook has read belongs to a database session that is gone.
    """
    made = with_context_kept(chunks)
    next(made)  # from here on the context is held
    return made


def with_context_kept(chunks: WithHeartbeats[bytes]) -> Generator[bytes, None, None]:
    with request_context():
        try:
            yield b""
            yield from chunks
        finally:
            chunks.close()


class WithHeartbeats(Iterator[T]):
    """Chunks as a generator gives them, and a heartbeat whenever it gives none for a while.

    The generator runs in a thread of its own, in a copy of the caller's context (Flask's ``request``, ``session`` and
    ``g`` are the same objects there). :meth:`close`, which WSGI servers call when the client is gone, closes it at its
    next yield and waits for that, so that nothing it uses is torn down under it.

    :param chunks: closed in its own thread, whatever happens; what it raises is raised to the reader.
    :param heartbeat: what to give meanwhile, every ``seconds``.
    """

    def __init__(self, chunks: Generator[T, None, Any], heartbeat: T, seconds: float = HEARTBEAT_SECONDS) -> None:
        self._chunks = chunks
        self._heartbeat = heartbeat
        self._seconds = seconds
        self._ready: list[T] = []  # at most one: a slow reader slows the generator down
        self._error: BaseException | None = None
        self._ended = self._closed = self._started = False
        self._changed = threading.Condition()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="serveractions-stream", daemon=True)

    def __next__(self) -> T:
        with self._changed:
            self._start()
            self._changed.wait_for(lambda: self._ready or self._ended, self._seconds)
            if self._ready:
                self._changed.notify_all()
                return self._ready.pop()
            if not self._ended:
                return self._heartbeat
            error, self._error = self._error, None
            raise error or StopIteration

    def close(self) -> None:
        """Close the generator, at its next yield, and wait until it has ended."""
        with self._changed:
            self._closed = True
            self._start()  # also a generator that never ran wants to be closed
            self._changed.notify_all()
        self._thread.join()

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._thread.start()

    def _run(self) -> None:
        try:
            if not self._closed:
                self._hand_over_all()
            self._chunks.close()
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _hand_over_all(self) -> None:
        for chunk in self._chunks:
            with self._changed:
                if self._closed:
                    return
                self._ready.append(chunk)
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._ready or self._closed)
                if self._closed:
                    return
