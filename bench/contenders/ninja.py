"""Django Ninja, on Django without middleware."""

from __future__ import annotations

from datetime import date
from typing import Any

import django
from django.conf import settings

# Django Ninja reads the settings when it is imported
settings.configure(ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None, ROOT_URLCONF=__name__, SECRET_KEY="bench", USE_TZ=True)
django.setup()

# ruff: noqa: E402
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.urls import path
from ninja import Field, NinjaAPI, Schema

from ..todos import MANY, ONE, ONE_READY, Todo, created


class TodoIn(Schema):
    text: str = Field(min_length=1, max_length=200)
    completed: bool = False
    due: date | None = None


class TodoOut(Schema):
    id: int
    text: str
    completed: bool
    due: date | None


api = NinjaAPI()


@api.get("/plain/{int:todo_id}")
def plain(request: HttpRequest, todo_id: int) -> dict[str, Any]:
    return ONE_READY


@api.get("/todos/{int:todo_id}", response=TodoOut)
def one(request: HttpRequest, todo_id: int) -> Todo:
    return ONE


@api.get("/todos", response=list[TodoOut])
def many(request: HttpRequest) -> list[Todo]:
    return MANY


@api.post("/todos", response={201: TodoOut})
def create(request: HttpRequest, todo: TodoIn) -> tuple[int, Todo]:
    return 201, created(todo.dict())


urlpatterns = [path("", api.urls)]

rest_app = get_wsgi_application
