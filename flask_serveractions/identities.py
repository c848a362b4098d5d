"""What an auth hook returned: somebody, nobody, or an answer; and who somebody is, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import AsyncGeneratorType, BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.sansio.response import Response

if TYPE_CHECKING:
    from flask import Flask

#: values that tell themselves from others
PLAIN = (str, bytes, int, float, Decimal, date, UUID)

#: what a hook returns by mistake: a function that was not called, or a generator, since it yielded
NOBODY = (FunctionType, BuiltinFunctionType, MethodType, GeneratorType, AsyncGeneratorType, type, ModuleType)


def identity_in(app: Flask, returned: Any) -> Any:
    """Return the identity that a hook returned; None for nobody.

    :raises HTTPException: it is an answer: a response, or a tuple whose second item is a status from 300 on.
    :raises TypeError: it is neither an identity nor an answer.
    """
    returned = behind_proxies(returned)
    if isinstance(returned, Exception):  # as a view may return an HTTPException
        raise returned
    if isinstance(returned, Response) or is_answer(returned):
        send(app, returned)
    if not returned:
        return None
    if type(returned) is tuple:
        raise TypeError(
            f"The auth hook returned a tuple of {len(returned)}, which is neither an identity nor a refusal."
            " Return the identity alone; or an answer and its status, as in ('Sign in.', 401)."
        )
    if isinstance(returned, NOBODY):
        raise TypeError(f"The auth hook returned {returned!r}, which is nobody. Return the identity, or None.")
    return returned if is_authenticated(returned) else None


def behind_proxies(value: Any) -> Any:
    """Return what a proxy stands for now, such as Flask-Login's ``current_user``."""
    while isinstance(value, LocalProxy):
        value = value._get_current_object()
    return value


def is_answer(returned: Any) -> bool:
    """Whether a hook returned ``(body, status)`` or ``(body, status, headers)``; named tuples are identities."""
    return type(returned) is tuple and 2 <= len(returned) <= 3 and is_refusing_status(returned[1])


def is_refusing_status(value: Any) -> bool:
    if isinstance(value, str):
        return value[:3].isdecimal() and int(value[:3]) >= 300
    return isinstance(value, int) and not isinstance(value, bool) and value >= 300


def send(app: Flask, answer: Any) -> NoReturn:
    """:raises HTTPException: always; with the answer as its response, as ``abort(response)`` does."""
    raise HTTPException(response=app.make_response(answer))


def is_authenticated(identity: Any) -> bool:
    """Whether an identity does not say of itself that it is nobody; once Flask-Login said it by a method."""
    by_key = identity.get("is_authenticated", True) if isinstance(identity, Mapping) else True
    told = getattr(identity, "is_authenticated", by_key)
    return bool(told() if callable(told) else told)


def identity_text(identity: Any) -> str:
    """Return who somebody is as text: ``get_id()``, ``id``, a mapping's or a row's ``"id"``, or the plain value itself.

    :raises TypeError: it can't be told from others of its kind.
    """
    if type(identity) in PLAIN:  # these have none of what is looked for below, which takes ten times as long
        return repr(identity)
    for tell in (id_by_method, id_by_attribute, id_by_key):
        told = tell(identity)
        if is_telling(told):
            return str(told)
    if isinstance(identity, PLAIN):
        return repr(identity)
    raise TypeError(
        f"The auth hook returned a {type(identity).__qualname__}, and one can't be told from another: forms, jobs"
        ' and once=True belong to somebody. Give it get_id() or an id (a mapping or a row: "id"), or return the ID.'
    )


def id_by_method(identity: Any) -> Any:
    get_id: Callable[[], Any] | None = getattr(identity, "get_id", None)
    return get_id() if callable(get_id) else None


def id_by_attribute(identity: Any) -> Any:
    return getattr(identity, "id", None)


def id_by_key(identity: Any) -> Any:
    if not hasattr(identity, "keys") or "id" not in {str(key).lower() for key in identity.keys()}:  # noqa: SIM118 a row
        return None
    try:
        return identity["id"]
    except LookupError:  # "ID", and no row that takes either
        return None


def is_telling(told: Any) -> bool:
    """Whether an ID tells one from another: there is one, and it has a text of its own."""
    if told is None or told == "" or callable(told):
        return False
    bare: Any = object
    return type(told).__str__ is not bare.__str__ or type(told).__repr__ is not bare.__repr__
