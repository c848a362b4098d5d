"""The attributes of an input: from the signature, with what a form shows in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .inputs import NESTED, TICKED, Attributes, Input, Kind, written
from .native_inputs import native_attributes, room_for

if TYPE_CHECKING:
    from .form_state import FormState

DECIDED = ("value", "checked", "aria_describedby")  # given attributes that the state has a word in
BUTTONS = {Kind.BOX: "checkbox", Kind.CHOICE: "radio", Kind.RADIOS: "radio", Kind.CHOICES: "checkbox"}
SAID_BY_NOTHING = frozenset(BUTTONS)


def input_attributes(form: FormState, name: str, given: Attributes) -> dict[str, Any]:
    """Return the attributes of an input by their names in HTML; those that are None or False are not there."""
    described = form.describe(name)
    kind = given.get("type", described.type)
    if kind is None and "value" in given:
        kind = BUTTONS.get(described.kind)
    made: dict[str, Any] = {"name": name, "id": form.next_id(name), "type": kind}
    made |= {
        "required": described.required and kind != "checkbox",
        "maxlength": described.maxlength,
        "min": None if kind in TICKED else described.min,
        "max": None if kind in TICKED else described.max,
        "multiple": described.multiple and described.kind is not Kind.LIST and kind not in TICKED,
        "accept": described.accept,
        **dict(described.further),
    }
    made |= value_attributes(form, name, kind, described, given)
    made["maxlength"] = room_for(made.get("value"), described.maxlength)
    made |= {
        "aria-invalid": "true" if form.has_messages(name) else None,
        "aria-describedby": described_by(form, name, given),
    }
    return made | written({key: value for key, value in given.items() if key not in DECIDED})


def value_attributes(
    form: FormState, name: str, kind: str | None, described: Input, given: Attributes
) -> dict[str, Any]:
    if described.secret or kind == "file":
        return {}
    if kind in TICKED:
        return button_attributes(form, name, described, given)
    is_list = described.kind is Kind.LIST
    if is_list and "value" in given:
        made = button_attributes(form, name, described, given)
        return {**made, **native_attributes(kind, made["value"], described.step)}
    texts = form.texts_of(name, given.get("value"))
    place = form.rendered[name] - 1 if is_list else 0
    text = texts[place] if place < len(texts) else None
    if text is None or described.kind in NESTED:
        return {"step": described.step}
    if "type" in given:
        return {"value": text or None, "step": described.step}
    return {"value": text or None, **native_attributes(kind, text, described.step)}


def button_attributes(form: FormState, name: str, described: Input, given: Attributes) -> dict[str, Any]:
    """Return the value of a button, which is its own, and whether it is chosen."""
    value = given.get("value", described.ticked)
    text = described.write(value)
    is_known = form.is_sent(name, described) or "checked" not in given
    chosen = text in form.control(name).chosen if is_known else bool(given["checked"])
    return {"value": value if isinstance(value, str) else text, "checked": chosen}


def described_by(form: FormState, name: str, given: Attributes) -> str:
    """Return the IDs of what describes an input: its error first, by which the client finds it."""
    return " ".join([form.error_id(name), *str(given.get("aria_describedby", "")).split()])
