"""Loaded by Schemathesis: gives most calls of actions what a page of the to-do example gave its visitor."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import schemathesis

VISITS = json.loads(os.environ["TODO_VISITS"])  # {action: [{"signature", "cookie", "token", "arguments"}]}
GENUINE = 0.8  # the others keep the signature that was made up
chance = random.Random(1)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Put a genuine signature, cookie and token into a call of an action."""
    visits = VISITS.get(case.operation.path.removeprefix("/_actions/").partition("/")[0])
    if not visits or chance.random() > GENUINE:
        return
    visit = chance.choice(visits)
    case.path_parameters = {"signature": visit["signature"]}
    case.headers["Cookie"] = visit["cookie"]
    case.headers["X-CSRFToken"] = visit["token"]
    if visit["arguments"] and isinstance(case.body, dict) and chance.random() < GENUINE:
        case.body = visit["arguments"]  # a password, which nobody guesses
