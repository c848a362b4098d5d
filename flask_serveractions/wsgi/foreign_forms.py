"""Whether a form that was posted to a page's URL with ``_action`` is an action's, or the page's own.

A page that is rendered again stands at a URL that calls an action, and so a plain ``<form method="post">`` of it is
posted there. An action's form has a field ``_action``; it is looked for in the body, which is replayed afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from io import BufferedReader, BytesIO, RawIOBase
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from weakref import finalize

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Epilogue, Field, MultipartDecoder, NeedData

from ..arguments.bodies import CHUNK, MAX_FIELDS, declared_length
from ..http.negotiation import HTML, MULTIPART, URLENCODED
from ..http.page_arguments import ACTION_ARGUMENT
from ..security.origin import is_cross_site

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIEnvironment

    from ..config import Origin

PLAIN = "text/plain"  # <form enctype="text/plain">
FIRST = ACTION_ARGUMENT.encode() + b"="
LONGEST_NAME = 64  # bytes of a field's name that can still be ours, however it is escaped

#: what only a script can send, beside the headers of the CSRF token
SCRIPTS_HEADERS = ("HTTP_X_REQUESTED_WITH", "HTTP_IDEMPOTENCY_KEY")


def is_foreign(
    environ: WSGIEnvironment, limit: int, allowed: frozenset[Origin], token_headers: Callable[[], Iterable[str]]
) -> bool:
    """Whether a body is a form without the field; of what was read of it, the environ gets a copy.

    What a browser sends from another site runs no action: of that no more than the beginning is read, and what does not
    end there is the action's to refuse.

    :param limit: bytes; where the field is not found in so many, it is not looked for any further.
    :param allowed: other sites whose forms may call actions.
    :param token_headers: gives the environ keys of the CSRF token's headers.
    """
    kind = environ.get("CONTENT_TYPE", "")
    parameters: dict[str, str] = {}
    if kind != URLENCODED:  # as nearly every form is
        kind, parameters = parse_options_header(kind)
        kind = kind.lower()  # media types have no case (RFC 9110, 8.3.1)
    if kind not in (URLENCODED, MULTIPART, PLAIN) or HTML not in environ.get("HTTP_ACCEPT", ""):
        return False
    if kind == PLAIN:
        return not is_script(environ, token_headers())
    finder = MultipartFinder(parameters.get("boundary", ""), limit) if kind == MULTIPART else UrlencodedFinder()
    is_refused = is_cross_site(environ, allowed)
    is_whole = look_ahead(environ, finder, 0 if is_refused else limit)
    return not (finder.found or (is_refused and not is_whole) or is_script(environ, token_headers()))


def is_script(environ: Mapping[str, Any], token_headers: Iterable[str]) -> bool:
    """Whether a request that accepts HTML has what no form of a browser can send."""
    if "HTTP_HX_REQUEST" in environ and "HTTP_HX_BOOSTED" not in environ:
        return True
    if any(key in environ for key in (*SCRIPTS_HEADERS, *token_headers)):
        return True
    # one search, where a look at each of thirty keys takes a fortieth of a call
    return " HTTP_SERVERACTIONS_" in f" {' '.join(environ)}"


class UrlencodedFinder:
    """Looks for the field in a body that comes in pieces (URL Standard, 5.1)."""

    def __init__(self) -> None:
        self.found = False
        self.rest = b""  # the beginning of a field whose end has not come

    def feed(self, data: bytes) -> None:
        data = self.rest + data
        if data.startswith(FIRST):
            self.found = True
            return
        *whole, last = data.split(b"&")
        self.found = any(map(is_field, whole)) or (b"=" in last and is_field(last))
        # of the last one the name is enough; one that is too long stays so
        self.rest = b"=" if b"=" in last else last[: LONGEST_NAME + 1]

    def finish(self) -> None:
        self.found = self.found or is_field(self.rest)


def is_field(piece: bytes) -> bool:
    name = piece.partition(b"=")[0]
    return len(name) <= LONGEST_NAME and unquote_plus(name.decode("latin-1")) == ACTION_ARGUMENT


class MultipartFinder:
    """Looks for the field in a multipart body (RFC 7578); one that can't be read is the action's to refuse."""

    def __init__(self, boundary: str, limit: int) -> None:
        self.found = not boundary or not boundary.isascii()
        # the same limits as the action's
        self.decoder = MultipartDecoder(boundary.encode("ascii", "replace"), limit + CHUNK, max_parts=MAX_FIELDS)

    def feed(self, data: bytes) -> None:
        try:
            self.decoder.receive_data(data)
            while not self.found and not isinstance(event := self.decoder.next_event(), (Epilogue, NeedData)):
                self.found = isinstance(event, Field) and event.name == ACTION_ARGUMENT
        except (RequestEntityTooLarge, ValueError):
            self.found = True

    def finish(self) -> None:
        """Leave it at that: a body that is cut off has not shown the field."""


def look_ahead(environ: WSGIEnvironment, finder: UrlencodedFinder | MultipartFinder, limit: int) -> bool:
    """Read until the field is found, the body ends, or the limit is passed; let the environ give all of it again.

    Returns whether the body has ended.
    """
    reader = Reader(environ["wsgi.input"], length_of(environ))
    first = reader.read(CHUNK)
    finder.feed(first)
    if reader.left == 0 and reader.error is None:  # as nearly every form
        finder.finish()
        environ["wsgi.input"] = BytesIO(first)
        return True
    head: IO[bytes] = SpooledTemporaryFile(max_size=CHUNK)  # noqa: SIM115 the replay closes it
    head.write(first)
    while not finder.found and head.tell() <= limit and (data := reader.read(CHUNK)):
        head.write(data)
        finder.feed(data)
    head.seek(0)
    if reader.left == 0:
        finder.finish()
    if reader.error is not None:
        finder.found = True  # the action's door says that it can't be read
    environ["wsgi.input"] = Replay(head, reader)
    return reader.left == 0


def length_of(environ: Mapping[str, Any]) -> int | None:
    """Return how many bytes a body has; None where the stream itself knows its end."""
    length = declared_length(environ)
    return 0 if length is None and not environ.get("wsgi.input_terminated") else length


class Reader:
    """Reads a body, and never more than there is of it.

    :param left: how many bytes are to come; None: until the stream ends.
    """

    def __init__(self, stream: IO[bytes], left: int | None) -> None:
        self.stream = stream
        self.left = left
        self.error: OSError | None = None  # the connection broke

    def read(self, size: int) -> bytes:
        """Return what there is, at most so many bytes; nothing at the end, or where the connection broke."""
        if self.left == 0 or self.error is not None:
            return b""
        try:
            data = self.stream.read(size if self.left is None else min(size, self.left))
        except OSError as error:
            self.error = error
            return b""
        if self.left is not None:
            self.left -= len(data)
        if not data:
            self.left = 0
        return data


class Replay(BufferedReader):
    """A body from its beginning: what was read of it, then the rest."""

    def __init__(self, head: IO[bytes], reader: Reader) -> None:
        super().__init__(RawReplay(head, reader))
        finalize(self, head.close)


class RawReplay(RawIOBase):
    def __init__(self, head: IO[bytes], reader: Reader) -> None:
        self.head = head
        self.reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self.head.read(len(view)) or self.reader.read(len(view))
        if not data and self.reader.error is not None:
            raise self.reader.error
        view[: len(data)] = data
        return len(data)
