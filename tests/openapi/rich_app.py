"""An app with every kind of field, argument and answer, which does as it says: for what reads its document."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

from flask import Flask, Response, request
from marshmallow import EXCLUDE, Schema, fields, validate
from werkzeug.datastructures import FileStorage

from flask_serveractions import (
    ActionError,
    Bound,
    Cookie,
    Header,
    Job,
    MethodRoute,
    Operation,
    Query,
    ServerActions,
    enqueue,
    public,
    requires,
    webhooks,
)
from flask_serveractions.jobs.progress import Progress

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)
TOKEN = "ada-token"


class Kind(enum.Enum):
    CHORE = "chore"
    HOBBY = "hobby"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Address:
    street: Annotated[str, validate.Length(1, 50)]
    city: str = "Berlin"
    floor: int | None = None


@dataclass
class Trip:
    mode: Literal["bike", "train"]
    stops: list[Address] = field(default_factory=list)
    when: dt.date = dt.date(2026, 1, 1)


class TagSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 20))


class BookSchema(Schema):
    """A book, with something of every kind in it."""

    id = fields.Integer(dump_only=True)
    title = fields.String(required=True, validate=validate.Length(1, 100))
    isbn = fields.String(validate=validate.Regexp(r"[0-9]{3}-[0-9]{10}\Z"))
    language = fields.String(validate=validate.OneOf(["de", "en"]), load_default="en")
    pages = fields.Integer(strict=True, validate=validate.Range(1, 5000))
    weight = fields.Float(validate=validate.Range(0, 100, min_inclusive=False), allow_none=True)
    price = fields.Decimal(as_string=True)
    lent = fields.Boolean(load_default=False)
    bought = fields.Date()
    printed = fields.AwareDateTime(default_timezone=dt.timezone.utc)
    opened = fields.NaiveDateTime()
    seen = fields.DateTime(format="timestamp", load_default=NOW)
    noon = fields.Time()
    takes = fields.TimeDelta(precision="minutes")
    key = fields.UUID(load_default=uuid.UUID(int=1))
    link = fields.URL()
    mail = fields.Email()
    host = fields.IPv4()
    kind = fields.Enum(Kind)
    mood = fields.Enum(Kind, by_value=True)
    tags = fields.List(fields.Nested(TagSchema), validate=validate.Length(max=5))
    names = fields.Pluck(TagSchema, "name", many=True)
    first = fields.Nested(TagSchema(only=("name",)), allow_none=True)
    stars = fields.Dict(keys=fields.String(), values=fields.Integer(strict=True))
    size = fields.Tuple((fields.Integer(strict=True), fields.Integer(strict=True)))
    version = fields.Constant(3, dump_only=True)
    extra = fields.Raw(allow_none=True)
    secret = fields.String(load_only=True)
    shout = fields.Method("shouted", dump_only=True)

    def shouted(self, book: Any) -> str:
        return str(book["title"]).upper()


class NoteSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.Integer(dump_only=True)
    text = fields.String(required=True)
    most = fields.Float(load_default=float("inf"), allow_nan=True)


BookIn = Annotated[dict[str, Any], BookSchema()]
BookOut = Annotated[dict[str, Any], BookSchema()]
BookChanges = Annotated[dict[str, Any], BookSchema(partial=True)]
NoteOut = Annotated[dict[str, Any], NoteSchema()]
BOOK: dict[str, Any] = {
    "id": 1,
    "title": "Emma",
    "language": "en",
    "lent": False,
    "seen": NOW,
    "key": uuid.UUID(int=1),
    "printed": NOW,
    "price": Decimal("2.50"),
}
NOTE: dict[str, Any] = {"id": 1, "most": 1.0}


class Books(MethodRoute):
    paginate = True

    @public
    def get(self, language: list[Literal["de", "en"]], kind: Kind | None = None, page: int = 1) -> list[BookOut]:
        """List the books."""
        return [BOOK] * 45

    def post(self, book: BookIn) -> tuple[BookOut, Literal[201]]:
        """Add a book.

        :status 409: it is there already
        """
        if book["title"] == "Emma":
            raise ActionError("That is there already.", status=409)
        return {**BOOK, **book}, 201


class BookItem(MethodRoute):
    def get(self, book_id: int) -> BookOut | None:
        return BOOK if book_id == 1 else None

    def put(self, book_id: int, book: BookIn) -> BookOut:
        return {**BOOK, **book}

    def patch(self, book_id: int, changes: BookChanges) -> BookOut:
        return {**BOOK, **changes}

    @requires("librarian")
    def delete(self, book_id: int) -> None: ...


class Notes(MethodRoute):
    paginate = "cursor"

    def get(self) -> Sequence[NoteOut]:
        return [{**NOTE, "id": number, "text": str(number)} for number in range(30)]

    def post(self, notes: Annotated[list[dict[str, Any]], NoteSchema(many=True)]) -> dict[str, list[NoteOut]]:
        return {"notes": [{**each, **NOTE} for each in notes]}


class NoteItem(MethodRoute):
    require_if_match = True

    def get(self, key: uuid.UUID) -> NoteOut:
        return {"text": str(key), **NOTE}

    def put(self, key: uuid.UUID, note: Annotated[dict[str, Any], NoteSchema()]) -> NoteOut:
        return {**note, **NOTE}


class Search(MethodRoute):
    @public
    def get(
        self,
        area: str,
        where: Query[Address],
        since: dt.date | None = None,
        within: Annotated[int, validate.Range(1, 50)] = 5,
        price: Decimal = Decimal("1.50"),
        levels: Query[list[Level] | None] = None,
        x_request_id: Header[str] = "none",
        theme: Cookie[str] = "light",
    ) -> dict[str, list[list[BookOut]]]:
        return {area: [[BOOK], []]}


class Trips(MethodRoute):
    def post(
        self,
        trip: Trip,
        start: dt.datetime,
        length: dt.timedelta,
        at: dt.time | None,
        weights: dict[str, float] | None,
        codes: list[int],
    ) -> Trip:
        return trip

    def delete(self, reason: Query[Literal["ill", "busy"]]) -> Annotated[dict[str, str], 202]:
        return {"reason": reason}


class Covers(MethodRoute):
    def post(self, cover: FileStorage, more: list[FileStorage], title: str = "untitled") -> dict[str, int]:
        return {"bytes": len(cover.read()), "more": len(more)}

    def get(self, plain: bool = False) -> Response | BookOut:
        return Response("a cover", mimetype="text/plain") if plain else BOOK


class Reports(MethodRoute):
    def post(self, months: Annotated[int, validate.Range(1, 3)]) -> Job:
        return enqueue(report, months=months)


class Shelf(MethodRoute):
    def get(self, name: str) -> tuple[BookOut, int] | tuple[dict[str, str], Literal[410]]:
        return ({"why": "it was given away"}, 410) if name == "old" else (BOOK, 200)


def add_book(title: Annotated[str, validate.Length(1, 100)], when: dt.date | None, tags: list[str]) -> BookOut | None:
    return BOOK


def lend(book_id: Bound[int], to: str, address: Address) -> Annotated[dict[str, Any], NoteSchema()]:
    if to == "nobody":
        raise ActionError("Nobody is nobody.", field="to")
    return {"text": to, **NOTE}


def pay(amount: Decimal) -> str:
    return str(amount)


def count_up(to: Annotated[int, validate.Range(1, 3)]) -> Generator[Progress, None, list[int]]:
    yield Progress(1, to)
    return [to]


def report(months: int) -> dict[str, int]:
    return {"months": months}


def preview(text: str) -> int:
    return len(text)


def paid(event: dict[str, Any] | list[Any]) -> None: ...


def authenticate(operation: Operation) -> str | None:
    sent = request.authorization
    return "ada" if sent is not None and sent.token == TOKEN else None


RESOURCES: dict[str, type[MethodRoute]] = {
    "/books": Books,
    "/books/<int(max=99):book_id>": BookItem,
    "/notes": Notes,
    "/notes/<uuid:key>": NoteItem,
    "/search/<any(people, places):area>": Search,
    "/trips": Trips,
    "/covers": Covers,
    "/reports": Reports,
    "/shelves/<string(length=3):name>": Shelf,
}
#: actions, and the arguments that their signatures hold
ACTIONS: dict[str, dict[str, Any]] = {
    "add_book": {}, "lend": {"book_id": 1}, "pay": {}, "count_up": {}, "report": {}, "preview": {},
}  # fmt: skip


def make_rich_app(store: str) -> Flask:
    """Return the app: what is not public asks for a bearer token."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="a key for tests",
        WTF_CSRF_ENABLED=False,
        SERVERACTIONS_BIND_SESSION=False,
        SERVERACTIONS_STORE_URL=store,
        SERVERACTIONS_MAX_JOBS=1000,
    )
    actions = ServerActions(app)
    for rule, resource in RESOURCES.items():
        actions.route(rule)(resource)
    for function in (add_book, lend, count_up):
        actions.register(function)
    actions.register(once=True)(pay)
    actions.register(background=True)(report)
    actions.register(show_result=True)(preview)
    actions.webhook("/hooks/paid", webhooks.github("a secret"))(paid)
    actions.auth_hook(schemes={"bearer": {"type": "http", "scheme": "bearer"}})(authenticate)
    return app
