"""What all rooms speak of: an operation, where its arguments come from, and what is passed along."""

from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, partialmethod
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from marshmallow import Schema
    from marshmallow.fields import Field

T = TypeVar("T")


class Source(enum.Enum):
    """Where an argument comes from."""

    PATH = "path"
    BOUND = "bound"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"
    BODY = "body"  # one field of the form or of the JSON object
    WHOLE = "whole body"  # loaded by a marshmallow schema
    FORM = "form"  # loaded by a FlaskForm
    FILE = "file"

    def __repr__(self) -> str:
        return self.name.capitalize()  # in annotations that a message shows


#: ``Bound[int]``: an argument that only the signed ID brings. Signed, not secret: it can be read.
Bound = Annotated[T, Source.BOUND]
#: ``Query[int]``: an argument from the query string, whatever the method.
Query = Annotated[T, Source.QUERY]
#: ``Header[str]``: an argument from a header; ``x_request_id`` reads ``X-Request-Id``.
Header = Annotated[T, Source.HEADER]
#: ``Cookie[str]``: an argument from a cookie.
Cookie = Annotated[T, Source.COOKIE]
#: ``Body[int]``: an argument from the form or JSON body, whatever the method.
Body = Annotated[T, Source.BODY]


def annotation_text(annotation: Any) -> str:
    """Return an annotation as it is written: ``"Bound[int]"``, where ``repr`` shows what a mark is made of."""
    marks = getattr(annotation, "__metadata__", ())
    source = next((each for each in reversed(marks) if isinstance(each, Source)), None)  # the outer one stands last
    if source is None:
        return inspect.formatannotation(annotation)
    others = tuple(each for each in marks if each is not source)
    rest = (annotation.__origin__, *others)
    inner = Annotated[rest] if others else rest[0]
    return f"{source!r}[{annotation_text(inner)}]"


MISSING: Final = object()

HOLDS_FORMS: Final = "flask_serveractions.forms"  # in the environ of a page that holds a form of ours

SENDS_NO_COOKIES: Final = "flask_serveractions.no_cookies"  # in the environ of an answer that leaves the session alone

REGION_FIELD: Final = "_region"  # of a form within a region: its path
KEY_FIELD: Final = "idempotency_key"  # of a form whose action runs once

SENT_HEADERS: Final = "flask_serveractions.sent"  # in the environ, once they are: a page that is streamed is made after

STATE_KEY: Final = "serveractions.state"  # in app.extensions

ACTION: Final = "action"
ROUTE: Final = "route"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter:
    """One argument of an operation, compiled from the signature."""

    name: str  # in Python
    key: str  # in the place that it comes from: "X-Request-Id"
    source: Source
    annotation: Any
    text: Field[Any] | None = None  # loads what is text by nature: forms, queries, headers, cookies, paths
    json: Field[Any] | None = None  # loads what has types: JSON bodies, bound arguments
    load_text: Callable[[Any, Any, Any], Any] | None = None  # the fields' deserialize, compiled
    load_json: Callable[[Any, Any, Any], Any] | None = None
    fields: Any = None  # holds these four, which equal parameters share
    schema: Schema | None = None  # Source.WHOLE
    load: Callable[[Any], tuple[Any, Any]] | None = None  # the schema's load, compiled: what it gives, or its messages
    form_class: type[Any] | None = None  # Source.FORM
    make_form: Callable[..., Any] | None = None  # makes it, with what is set per request
    many: bool = False  # a list of files
    flat: bool = False  # one text by one name: nothing nested, no list
    is_text: bool = False  # an empty string is a value, not its absence
    is_box: bool = False  # a browser may say no by sending nothing
    plain: type[Any] | None = None  # a path value of this very type needs no loading
    optional: bool = False  # T | None
    default: Any = MISSING

    @property
    def required(self) -> bool:
        return self.default is MISSING and not self.optional


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What an operation returns, compiled from the return annotation."""

    dump: Callable[[Any], Any] | None = None  # to JSON-ready data; None: as it is
    rows: Callable[[Any, Any], str | None] | None = None  # a list to JSON at once; None from it: by ``dump``
    schema: Schema | None = None
    many: bool = False
    is_list: bool = False  # whatever the items are
    status: int | None = None
    is_json: bool = False  # known at registration, so that 406 can come before the function
    texts: tuple[type[Any], ...] = ()  # the schema is not for these: text that a resource sends as it is
    annotation: Any = MISSING  # as it was written, with its names resolved


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """A callable that a request can reach: compiled at registration, never changed."""

    name: str  # unique in the app; dots are allowed
    kind: str  # "action" or "route"
    method: str  # "POST"
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...] = ()
    path: tuple[Parameter, ...] = ()  # the parameters again, by where they come from
    bound: tuple[Parameter, ...] = ()
    located: tuple[Parameter, ...] = ()  # query, header, cookie
    body: tuple[Parameter, ...] = ()
    whole: Parameter | None = None
    form: Parameter | None = None
    files: tuple[Parameter, ...] = ()
    has_body: bool = False  # arguments come from the request's body
    is_async: bool = False
    is_generator: bool = False  # an action that yields Progress
    is_plain: bool = True  # neither once, nor in the background, nor a generator
    open_ended: bool = False  # takes **kwargs: further path values go there
    answer: Answer = field(default_factory=Answer)
    vary: tuple[str, ...] = ()  # the headers of a request that its answer is chosen by (RFC 9110, 12.5.5)
    public: bool = False
    requires: frozenset[str] = frozenset()
    paginate: bool | str = False  # lists are given out page by page; "cursor": by cursors
    verifier: Any = None  # a webhook's: the signature is the caller's identity
    event: str = ""  # a webhook's: the parameter that gets the message
    event_types: tuple[type[Any], ...] = (dict,)  # a webhook's: dict, list, or both
    once: bool = False
    background: bool = False
    show_result: bool = False  # success, too, is the page rendered again
    max_content_length: int | None = None  # bytes; None: the app's
    endpoint: str = ""
    blueprint: Any = None  # an action's: the app's Blueprint that it belongs to, or its name
    rule: str = ""
    owner: type[Any] | None = None  # the MethodRoute class
    is_wrapped: bool = False  # something is around its view, which hears what the method raises
    limits: tuple[Callable[[], object], ...] = ()  # each counts a call that does not come to the function
    checks: tuple[Callable[[], object], ...] = ()  # called right before the function, or before its job is queued

    @property
    def where(self) -> str:
        """Return where the function stands: ``module.function (file, line 12)``."""
        return where(self.function)


def where(function: Callable[..., Any]) -> str:
    """Return where a function stands, for messages: ``app.actions.create (/app/actions.py, line 12)``."""
    written = undecorated(function)
    name = f"{getattr(written, '__module__', '?')}.{getattr(written, '__qualname__', written)}"
    code = getattr(written, "__code__", None)
    return f"{name} ({code.co_filename}, line {code.co_firstlineno})" if code else name


def undecorated(function: Callable[..., Any]) -> Any:
    """Return the function that was written, below its decorators."""
    inner: Any = inspect.unwrap(function)
    part = partial_object(inner)
    return inner if part is None else undecorated(part.func)


def partial_object(function: Any) -> Any:
    """Return the ``partial`` that a function is, or the ``partialmethod`` that a method was made of; else None."""
    if isinstance(function, partial):
        return function
    # Python 3.13 has given it the second name
    return getattr(function, "_partialmethod", None) or getattr(function, "__partialmethod__", None)


PLACEHOLDER = getattr(functools, "Placeholder", MISSING)  # of Python 3.14: an argument that is not set


def preset_arguments(function: Callable[..., Any]) -> frozenset[str]:
    """Return what each ``partial`` in a function has set, also one that is given out as what it was made of.

    To Python what is set by name is a default, but it is no caller's to change here.
    """
    part = partial_object(function)
    if part is None:
        inner = getattr(function, "__wrapped__", None)
        return frozenset() if inner is None else preset_arguments(inner)
    names = list(inspect.signature(part.func).parameters)[isinstance(part, partialmethod) :]  # without self
    by_place = (name for name, given in zip(names, part.args, strict=False) if given is not PLACEHOLDER)
    return frozenset({*by_place, *part.keywords, *preset_arguments(part.func)})


class Region(NamedTuple):
    """The region of a page that is being rendered."""

    name: str
    lazy: bool
    path: str  # names, from the outermost region around it to its own: "panel stats"


@dataclass(slots=True, kw_only=True, eq=False)
class Submission:
    """A form that was sent, and what came of it, as the page that is rendered again shall show it: failed, or done."""

    action: str
    payload: str  # the ID's payload, unverified: it chooses the form, for display alone
    ordinal: str  # which of several equal forms of one page, or of one region of it
    region: str = ""  # where it stood in one: its path
    values: Mapping[str, Any]
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    message: str = ""
    result: Any = None
    failed: bool = True
    bound: Mapping[str, Any] | None = None  # what the payload says; None where it can't be read
    is_shown: bool = False  # by a form of the page
    key: str = ""  # of what still runs under it: who sends the form again means the same


Host = tuple[tuple[Any, ...], tuple[Any, ...]]  # as the environ says it, and what it is to the URL map
Cookies = tuple[type[Any], str, Any]  # as a class of requests has read them: the class, the header, and what is in it


@dataclass(slots=True, kw_only=True, eq=False)
class Rerender:
    """What a call wants from the second pass. Not frozen: it is made at each call, which takes a fifth so."""

    target: str  # path and query in this app, without SCRIPT_NAME
    submission: Submission | None = None
    as_json: bool = False  # the page goes into the JSON answer, not in its place
    must_show: bool = False  # the page counts only if it shows the submission
    mount: str = ""  # SCRIPT_NAME, as the app had it
    cookie_root: str = ""  # what browsers see before the path
    status: int = 200  # of the answer that the page belongs to: with another status it is not that answer any more
    body: Iterable[bytes] = ()  # the answer as it was made, for where it was compressed since
    cookies: Cookies | None = None  # of the call; those of the page as well, if nothing has set one
    host: Host | None = None  # of the call; and of the page, unless a middleware has changed it
    messages: Sequence[Mapping[str, str]] = ()  # what the function has flashed
    leaves_messages: bool = False  # set by the second pass: the page does not show them, and the client does


@dataclass(slots=True, eq=False)
class MiddlewareState:
    """Passed in the environ between the middleware and the pipeline: no header can forge it."""

    #: the key in the environ
    KEY = "flask_serveractions.middleware"

    environ: Mapping[str, Any] = field(default_factory=dict)  # in a first pass: as the request came in
    rerender: Rerender | None = None  # in a first pass: set by the pipeline
    page_for: Rerender | None = None  # in a second pass: what the page is rendered for
    undo: Callable[[], None] | None = None  # in a second pass: gives back what a page has used up that is not used
    streams: bool = False  # the answer is a stream of events
    last_event: tuple[str, bytes] | None = None  # its name and its JSON, which the middleware sends
    reached: bool = False  # the call came to its door, and not to a guard before it alone


def middleware_state_of(environ: Mapping[str, Any]) -> MiddlewareState | None:
    middleware = environ.get(MiddlewareState.KEY)
    return middleware if isinstance(middleware, MiddlewareState) else None
