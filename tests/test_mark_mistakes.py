"""Marks that contradict each other, say nothing, or can't be set: an error at once."""

from __future__ import annotations

from typing import Any

import pytest

from flask_serveractions import MethodRoute, ServerActions, public, requires
from tests.decorators import Decorator, decorated, wrapping

other = requires("root")


def register(function: Any) -> Any:
    return ServerActions().register(name="purge")(function)


@pytest.mark.parametrize(
    "order",
    [
        (public, other),
        (other, public),
        (public, wrapping, other),
        (other, wrapping, public),
        (public, register, other),
        (other, wrapping, register, wrapping, public),
    ],
)
def test_public_and_requires_on_one_function_are_an_error_at_once(order: tuple[Decorator, ...]) -> None:
    with pytest.raises(TypeError, match="@public and with @requires"):
        decorated(*order)


def test_public_and_requires_on_one_class_are_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="@public and with @requires"):

        @public
        @requires("root")
        class Thing(MethodRoute):
            pass


@pytest.mark.parametrize("what", [(), (lambda: None,), (["admin"],), (None,)])
def test_requires_without_names_is_an_error_at_once(what: Any) -> None:
    with pytest.raises(TypeError, match="name what is required"):
        requires(*what)


def test_what_takes_no_attributes_can_not_be_marked() -> None:
    with pytest.raises(TypeError, match="takes no attributes"):
        public(len)
