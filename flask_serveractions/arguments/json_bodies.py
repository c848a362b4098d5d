"""A body of JSON, from its bytes to what it says (RFC 8259)."""

from __future__ import annotations

import json
from itertools import chain
from math import isinf
from typing import Any, NoReturn

from ..errors import Unreadable

MAX_DEPTH = 200  # objects and arrays in each other
TOO_DEEP = "its JSON nests too deep"


def parse_json(body: bytes, charset: str) -> Any:
    """Return what a JSON body says (RFC 8259).

    :raises Unreadable: it does not parse, nests too deep, or holds NaN or Infinity.
    """
    try:
        text = body.decode(charset).removeprefix("\ufeff")  # a byte order mark, which may be ignored (RFC 8259, 8.1)
        value = DECODER.decode(text)
    except UnicodeDecodeError:
        raise Unreadable(f"it is not {charset}") from None
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    except ValueError as error:
        raise Unreadable(f"it is not JSON ({error})") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and not is_shallow(value):
        raise Unreadable(TOO_DEEP)
    return value


def is_shallow(value: Any) -> bool:
    """Whether JSON nests no deeper than the functions that look through it can follow."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))]
        level = list(chain.from_iterable(inner))
        if not level:
            return True
    return False


def refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def parse_finite(number: str) -> float:
    value = float(number)
    if isinf(value):
        raise ValueError(f"{number[:20]} is beyond every float")
    return value


DECODER = json.JSONDecoder(parse_constant=refuse_constant, parse_float=parse_finite)
