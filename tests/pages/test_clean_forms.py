"""What forms of one action have in common is remembered; what one page gave to its form is no part of that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Annotated, Any, Literal

from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields

from tests.callers import app_with


@dataclass
class Address:
    city: str
    zip: int = 1


class DaySchema(Schema):
    day = fields.Date(load_default=date(2026, 5, 1))


def act(
    address: Address,
    places: list[Address],
    names: list[str],
    days: Annotated[dict[str, Any], fields.Nested(DaySchema)],
    labels: dict[str, str],
    size: Literal["s", "m"] = "m",
    urgent: bool = False,
    amount: int | None = 3,
) -> None: ...


GIVEN = "{'city': 'Ours', 'zip': 77}"
CONTROLS = (
    "form.fields()",
    f"form.field('address', value={GIVEN})",
    f"form.field('places', value=[{GIVEN}])",
    "form.field('places', empty_rows=1)",
    "form.field('names', value=['Ours'])",
    "form.field('days', value={'day': '2001-02-03'})",
    "form.field('labels', value={'city': 'Ours'})",
    "form.field('size', value='s')",
    "form.field('urgent', checked=true)",
    "form.field('amount', value=77)",
    *(
        f"form.attrs({name!r})"
        for name in ("address.city", "places.0.zip", "names", "days.day", "labels.city", "size", "urgent", "amount")
    ),
)
FILLED = "{'address': {'city': 'Ours', 'zip': 77}, 'names': ['Ours'], 'amount': 77, 'urgent': true, 'size': 's'}"


def form_of(controls: list[str], values: str = "none") -> str:
    inside = "".join(f"<i {{{{ {each} }}}}></i>" for each in controls)
    return f'{{% call(form) action_form("act", values={values}) %}}{inside}{{% endcall %}}'


def new_app() -> Flask:
    """Return an app whose pages are the same for every visitor."""
    return app_with(act, WTF_CSRF_ENABLED=False, SERVERACTIONS_BIND_SESSION=False)


def shown(app: Flask, template: str) -> str:
    with app.test_request_context("/"):
        return render_template_string(template)


forms = st.builds(form_of, st.lists(st.sampled_from(CONTROLS), max_size=4), st.sampled_from(["none", FILLED]))


@given(templates=st.lists(forms, min_size=2, max_size=5))
def test_a_form_shows_the_same_whatever_was_shown_before(templates: list[str]) -> None:
    app = new_app()
    assert [shown(app, each) for each in templates] == [shown(new_app(), each) for each in templates]


def test_what_is_given_to_an_object_is_shown_to_nobody_else() -> None:
    app = new_app()
    ours = shown(app, form_of([f"form.field('address', value={GIVEN})", f"form.field('places', value=[{GIVEN}])"]))
    assert ours.count('value="Ours"') == 2
    clean = shown(app, form_of(["form.fields()", "form.attrs('places.0.city')"]))
    assert "Ours" not in clean
    assert "77" not in clean


class Lazy:
    """A text that is said anew each time, as those of Flask-Babel are."""

    def __init__(self) -> None:
        self.said = count(1)

    def __str__(self) -> str:
        return f"said {next(self.said)}"


def test_a_default_that_is_a_lazy_text_is_said_on_each_page() -> None:
    def act(text: Annotated[str, fields.String(load_default=Lazy())]) -> None: ...

    app = app_with(act)
    template = form_of(["form.attrs('text')"])
    first, second = (re.findall(r"said \d+", shown(app, template)) for _ in range(2))
    assert first != second
