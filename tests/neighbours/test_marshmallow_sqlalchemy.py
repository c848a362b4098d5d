"""Schemas that marshmallow-sqlalchemy makes of models load rows, dump them, and are described as what they take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from marshmallow_sqlalchemy import SQLAlchemyAutoSchema
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import String

from flask_serveractions import MethodRoute, ServerActions
from flask_serveractions.openapi import document


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Book(db.Model):  # type: ignore[name-defined]  # Flask-SQLAlchemy makes it
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(20))
    pages: Mapped[int | None]


class BookSchema(SQLAlchemyAutoSchema):
    class Meta:
        model = Book
        load_instance = True
        sqla_session = db.session


BookIn = Annotated[Book, BookSchema(exclude=("id",))]
BookOut = Annotated[Book, BookSchema()]
Changes = Annotated[dict[str, Any], BookSchema(exclude=("id",), load_instance=False, partial=True)]


class Books(MethodRoute):
    def get(self) -> list[BookOut]:
        return list(db.session.scalars(db.select(Book)))

    def post(self, book: BookIn) -> Annotated[Book, BookSchema(), 201]:
        db.session.add(book)
        db.session.commit()
        return book


class BookItem(MethodRoute):
    def patch(self, book_id: int, changes: Changes) -> BookOut:
        book: Book = db.get_or_404(Book, book_id)
        for name, value in changes.items():
            setattr(book, name, value)
        db.session.commit()
        return book


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests", SQLALCHEMY_DATABASE_URI="sqlite://")
    db.init_app(app)
    actions = ServerActions(app)
    actions.route("/books")(Books)
    actions.route("/books/<int:book_id>")(BookItem)
    with app.app_context():
        db.create_all()
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


def test_a_row_is_loaded_changed_and_dumped(client: FlaskClient) -> None:
    assert client.post("/books", json={"title": "Emma"}).json == {"id": 1, "title": "Emma", "pages": None}
    assert client.post("/books", data={"title": "Persuasion", "pages": "250"}).status_code == 201
    assert client.patch("/books/1", json={"pages": 400}).json == {"id": 1, "title": "Emma", "pages": 400}
    assert [book["title"] for book in client.get("/books").json] == ["Emma", "Persuasion"]


def test_what_the_columns_refuse_is_a_422_with_all_errors(client: FlaskClient) -> None:
    refused = client.post("/books", json={"title": "x" * 21, "pages": "many", "id": 7})
    assert (refused.status_code, sorted(refused.json["errors"])) == (422, ["id", "pages", "title"])


def test_what_is_sent_is_described_by_the_columns(client: FlaskClient) -> None:
    schemas = document(client.application)["components"]["schemas"]
    pages = {"type": ["integer", "null"]}
    title = {"type": "string", "maxLength": 20}
    sent = schemas["BookInput_without_id"]
    assert (sent["properties"], sent["required"]) == ({"title": title, "pages": pages}, ["title"])
    assert schemas["BookPartial_without_id"]["properties"] == {"title": title, "pages": pages}
