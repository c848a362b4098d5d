"""Loaded by Schemathesis: calls of the rich app's actions get signatures that the app has made."""

from __future__ import annotations

import datetime as dt
import json
import os
from typing import Any

import schemathesis
from hypothesis import strategies as st

SIGNATURES = json.loads(os.environ["RICH_SIGNATURES"])  # {action: signature}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    name = case.operation.path.removeprefix("/_actions/").partition("/")[0]
    if name in SIGNATURES:
        case.path_parameters = {"signature": SIGNATURES[name]}


#: of times without a zone, which are no formats of RFC 3339's
schemathesis.openapi.format("iso-time", st.times().map(dt.time.isoformat))
schemathesis.openapi.format("iso-date-time", st.datetimes().map(dt.datetime.isoformat))
