"""Reading a request's body whole, or not at all.

Stock Werkzeug hands a multipart body that is cut off, or that lacks its boundary, over as an *empty form*, decodes
with replacement characters, and silently cuts a chunked body at the limit. Here each is an error before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from sys import maxsize
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import FileStorage, ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from ..errors import Refusal, TooLarge, Unreadable
from ..http.negotiation import JSON, MULTIPART, URLENCODED
from ..operation import MISSING
from .json_bodies import parse_json

if TYPE_CHECKING:
    from flask import Request

MAX_FIELDS = 1000  # fields or parts of one form
MAX_DIGITS = 18  # of a length
CHUNK = 64 * 1024  # bytes
CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"}

#: in the environ: that our parser has read a form, or why it could not
READ_EARLY = "flask_serveractions.read_early"

#: what a 415 says it by (W3C Linked Data Platform, 7.1; RFC 5789, 3.1), else RFC 9110's Accept (15.5.16)
ACCEPTING = {"POST": "Accept-Post", "PATCH": "Accept-Patch"}

FormData = tuple["ImmutableMultiDict[str, str]", "ImmutableMultiDict[str, FileStorage]"]


def check_size(request: Request, limit: int) -> None:
    """Refuse a body that says it is too large, before it is read.

    :param limit: bytes.
    :raises TooLarge: ``Content-Length`` is over the limit.
    :raises Unreadable: nobody can tell how long the body is.
    """
    length = declared_length(request.environ)
    if length is None and not is_length_known(request.environ):
        raise Unreadable("its length is not known")
    check_length(length or 0, limit)


def check_length(length: int, limit: int) -> None:
    if length > limit:
        raise TooLarge(f"{length} bytes, where {limit} are allowed", limit)


def declared_length(environ: Mapping[str, Any]) -> int | None:
    """Return a body's length in bytes, as it is declared; None where it is not, or where the body comes in chunks."""
    text: str = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in environ or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= MAX_DIGITS else maxsize


def is_length_known(environ: Mapping[str, Any]) -> bool:
    """Whether the end of a body can be found (RFC 9112, 6.3); a server that knows it says ``wsgi.input_terminated``."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return bool(environ.get("wsgi.input_terminated"))
    length = environ.get("CONTENT_LENGTH") or "0"
    return length.isascii() and length.isdigit()


def limit_stream(request: Request, limit: int) -> None:
    """Let the limit hold for a function that reads the request's body itself."""
    request.max_content_length = limit
    request.max_form_memory_size = limit


def check_encoding(request: Request) -> None:
    """Refuse a compressed body (RFC 9110, 15.5.16); 415."""
    encoding = request.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Refusal(
            415,
            f"Content-Encoding {encoding!r}",
            "A compressed body is not accepted.",
            headers=[("Accept-Encoding", "identity")],
        )


def is_json(mimetype: str) -> bool:
    return mimetype == JSON or (mimetype.startswith("application/") and mimetype.endswith("+json"))


def has_content(request: Request, length: int | None) -> bool:
    """Whether the request has a body, as far as its headers tell.

    :param length: as it is declared.
    """
    if length is None:
        return bool(request.environ.get("wsgi.input_terminated")) and "Transfer-Encoding" in request.headers
    return length > 0


def read_whole(request: Request, limit: int) -> bytes:
    """Return a body's bytes, and let ``request.get_data()`` return them too."""
    body = body_of(request, limit)
    request.__dict__["stream"] = BytesIO(body)
    return body


def body_of(request: Request, limit: int) -> bytes:
    body = read_at_once(request, limit)
    return b"".join(chunks(request, limit)) if body is None else body


def read_at_once(request: Request, limit: int) -> bytes | None:
    """Return a short body whose length is declared, as nearly every one; None for any other, of which nothing is read.

    It spares what reading by chunks takes, a fiftieth of a small change.
    """
    environ = request.environ
    length = declared_length(environ)
    if length is None or length > min(limit, CHUNK) or getattr(request, "_cached_data", None) is not None:
        return None
    body = read(environ["wsgi.input"], length)
    while len(body) < length:  # it comes in pieces
        more = read(environ["wsgi.input"], length - len(body))
        if not more:
            raise cut_off(request)
        body += more
    return body


def cut_off(request: Request) -> Unreadable:
    """Return what is wrong with a body that is shorter than its ``Content-Length``."""
    is_used = "stream" in request.__dict__  # by request.stream, or get_data(cache=False)
    return Unreadable("something has read it before" if is_used else "it is shorter than its Content-Length")


def read_form(request: Request, limit: int) -> FormData:
    """Return fields and files of a form, and let ``request.form`` and ``request.files`` say the same.

    :param limit: bytes.
    :raises Unreadable: it can't be read whole.
    :raises TooLarge: more than 1,000 fields or parts, or a chunked body over the limit.
    """
    if "form" in request.__dict__:  # somebody read it before us
        return parsed_before(request)
    reader = read_multipart if mimetype_of(request) == MULTIPART else read_urlencoded
    form, files = reader(request, limit)
    request.__dict__.update(stream=BytesIO(), form=form, files=files)
    return form, files


def parsed_before(request: Request) -> FormData:
    """Return what was read before us: by our rules, or by Werkzeug's lenient ones, before our view was known."""
    form, files = ImmutableMultiDict(request.form), ImmutableMultiDict(request.files)
    if READ_EARLY in request.environ:
        refusal: Refusal | None = request.environ[READ_EARLY]
        if refusal is not None:
            raise refusal
        return form, files
    if not form and not files and has_content(request, declared_length(request.environ)):
        raise Unreadable("it is not a whole form")
    if len(list(form.items(multi=True))) + len(list(files.items(multi=True))) > MAX_FIELDS:
        raise TooLarge(f"more than {MAX_FIELDS} fields")
    return form, files


def read_urlencoded(request: Request, limit: int) -> FormData:
    pairs = parse_urlencoded(body_of(request, limit), charset_of(request))
    return ImmutableMultiDict([(name, with_lf(value) if "\r" in value else value) for name, value in pairs]), EMPTY


def parse_urlencoded(body: bytes, charset: str) -> list[tuple[str, str]]:
    """Return the fields of a form (URL Standard, 5.1): what ``parse_qsl`` does, in half its time.

    :raises Unreadable: it is not in its charset.
    :raises TooLarge: more than 1,000 fields.
    """
    if body.count(b"&") >= MAX_FIELDS:
        raise TooLarge(f"more than {MAX_FIELDS} fields")
    text = decode(body, charset).replace("+", " ")  # a plus that was typed is escaped, as yet
    pieces = [piece.partition("=") for piece in text.split("&") if piece]
    try:
        return [
            (
                unescaped(name, charset) if "%" in name else name,
                unescaped(value, charset) if "%" in value else value,
            )
            for name, _, value in pieces
        ]
    except UnicodeDecodeError:
        raise Unreadable(f"it is not {charset}") from None


def unescaped(text: str, charset: str) -> str:
    """Return what ``unquote(text, charset, "strict")`` does, in half its time: it looks for ASCII in a text first.

    :param text: in the charset; its escapes need not be.
    :raises UnicodeDecodeError: they are not.
    """
    return unquote_to_bytes(text.encode(charset)).decode(charset)


def read_multipart(request: Request, limit: int) -> FormData:
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary or not boundary.isascii():
        raise Unreadable("it has no boundary")
    decoder = MultipartDecoder(boundary.encode("ascii"), limit + CHUNK, max_parts=MAX_FIELDS)
    with Parts(request) as parts:
        try:
            for chunk in separator_end(chunks(request, limit)):
                decoder.receive_data(chunk)
                while not isinstance(event := decoder.next_event(), (Epilogue, NeedData)):
                    parts.take(event)
        except RequestEntityTooLarge:
            raise TooLarge(f"more than {MAX_FIELDS} parts, or a part that is too long") from None
        except ValueError:
            raise Unreadable("its multipart form is cut off or malformed") from None
    return ImmutableMultiDict(parts.fields), ImmutableMultiDict(parts.files)


def separator_end(data: Iterator[bytes]) -> Iterator[bytes | None]:
    yield from data
    yield None  # tells the decoder that this was all


class Parts:
    """Collects the events of a multipart body: fields in memory, files where Werkzeug puts them."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []
        self.part: Field | File | None = None
        self.container: IO[bytes] = BytesIO()

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, kind: Any, *rest: object) -> None:
        """Close the temporary files of a form that could not be read whole; of any other, the request closes them."""
        if kind is not None:
            self.container.close()
            for _, file in self.files:
                file.close()

    def take(self, event: Any) -> None:
        if isinstance(event, (Field, File)):
            self.begin(event)
        elif isinstance(event, Data) and self.part is not None:
            self.container.write(event.data)
            if not event.more_data:
                self.end(self.part)

    def begin(self, part: Field | File) -> None:
        if not part.name:
            raise Unreadable("a part of its form has no name")
        self.part = part
        self.container = BytesIO() if isinstance(part, Field) else self.file_stream(part)

    def file_stream(self, part: File) -> IO[bytes]:
        kind = part.headers.get("Content-Type")
        return self.request._get_file_stream(self.request.content_length, kind, part.filename)

    def end(self, part: Field | File) -> None:
        self.container.seek(0)
        if isinstance(part, File):
            self.files.append((part.name, FileStorage(self.container, part.filename, part.name, headers=part.headers)))
            return
        parameters = parse_options_header(part.headers.get("Content-Type", ""))[1]
        text = decode(self.container.read(), checked_charset(parameters.get("charset")))
        self.fields.append((part.name, with_lf(text)))


def with_lf(text: str) -> str:
    """Return a text with the line ends that a script sees in it, and that ``maxlength`` counts.

    Browsers send them as CRLF, whatever was typed (HTML Living Standard, 4.10.22.3 and 4.10.11.5).
    """
    return text.replace("\r\n", "\n")


def mimetype_of(request: Request) -> str:
    """Return ``request.mimetype``; that of a browser's form, which has no parameters, needs no parsing."""
    return URLENCODED if request.environ.get("CONTENT_TYPE") == URLENCODED else request.mimetype


def charset_of(request: Request) -> str:
    if request.environ.get("CONTENT_TYPE") == URLENCODED:
        return "utf-8"
    declared = request.mimetype_params.get("charset")
    return "utf-8" if declared is None else checked_charset(declared)


def checked_charset(declared: str | None) -> str:
    if declared is None:
        return "utf-8"
    if declared.lower() not in CHARSETS:
        raise Refusal(415, f"charset {declared!r}", "The request's charset is not known here. Send UTF-8.")
    return declared.lower()


def decode(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        raise Unreadable(f"it is not {charset}") from None


def chunks(request: Request, limit: int) -> Iterator[bytes]:
    """Yield the body, never more than ``limit`` bytes of it and never less than there should be.

    :raises TooLarge: the body is over the limit.
    :raises Unreadable: the body is shorter than its ``Content-Length``.
    """
    cached = getattr(request, "_cached_data", None)
    if cached is not None:  # somebody called request.get_data()
        check_length(len(cached), limit)
        yield cached
        return
    stream, left = request.environ["wsgi.input"], declared_length(request.environ)
    check_length(left or 0, limit)  # of a GET, which comes here unchecked
    counted = left is not None
    if left is None:
        left = limit + 1 if request.environ.get("wsgi.input_terminated") else 0
    while left > 0:
        data = read(stream, min(CHUNK, left))
        if not data:
            break
        left -= len(data)
        yield data
    if counted and left:
        raise cut_off(request)
    if not counted and not left and request.environ.get("wsgi.input_terminated"):
        raise TooLarge(f"over {limit} bytes", limit)


def read(stream: IO[bytes], size: int) -> bytes:
    try:
        return stream.read(size)
    except OSError as error:
        raise Unreadable(f"the connection broke ({type(error).__name__})") from None


class Received:
    """A request's body as it came: a form, a JSON value, or nothing (then it is an empty form)."""

    __slots__ = ("files", "form", "is_json", "json", "plain")

    def __init__(
        self, form: Any = None, files: Any = None, json: Any = None, is_json: bool = False, plain: bool = False
    ) -> None:
        self.form: ImmutableMultiDict[str, str] = EMPTY if form is None else form
        self.files: ImmutableMultiDict[str, FileStorage] = EMPTY if files is None else files
        self.json = json  # MISSING: its type is JSON, and there is none
        self.is_json = is_json
        self.plain = plain  # it is known to hold neither NUL nor surrogates


EMPTY: ImmutableMultiDict[str, Any] = ImmutableMultiDict()


def receive(request: Request, limit: int) -> Received:
    """Return the body of a request, whatever it is.

    :raises Unreadable: it can't be read whole.
    :raises Refusal: 415, neither a form nor JSON, or compressed.
    """
    check_encoding(request)
    mimetype, length = request.mimetype, declared_length(request.environ)
    is_empty = not length and not has_content(request, length)
    if mimetype == MULTIPART or (mimetype == URLENCODED and not is_empty):
        return Received(*read_form(request, limit))
    if is_empty:
        return Received(json=MISSING, is_json=True) if is_json(mimetype) else Received()
    if is_json(mimetype):
        body = read_whole(request, limit)
        # JSON writes both as escapes alone
        return Received(json=parse_json(body, charset_of(request)), is_json=True, plain=b"\\u" not in body)
    raise Refusal(
        415,
        f"Content-Type {mimetype!r}",
        "Send a form or JSON.",
        headers=[(ACCEPTING.get(request.method, "Accept"), f"{URLENCODED}, {MULTIPART}, {JSON}")],
    )
