"""The state of a form: what a template asks it for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from .errors import WHOLE

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What the signature says of one input element."""

    type: str | None = None  # None: a text field, a text area or a choice
    required: bool = False
    maxlength: int | None = None
    min: Any = None
    max: Any = None
    step: str | None = None
    multiple: bool = False
    secret: bool = False  # never filled in again


@dataclass(slots=True, kw_only=True, eq=False)
class FormState:
    """One form on one page: clean, or as the call that failed left it.

    ``values`` are the submitted values by name, ``errors`` the messages by name, ``message`` is for the whole form, and
    ``result`` is what ``ActionError(..., result=)`` carried.
    """

    id: str  # unique on the page
    describe: Callable[[str], Input]
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    text: str = ""
    result: Any = None
    submitted: bool = False
    shown: set[str] = field(default_factory=set)  # the fields whose errors the template has placed
    message_shown: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing went wrong so far."""
        return not self.submitted

    @property
    def message(self) -> str:
        """Return the failure's message, or ``""``. Who asks for it shows it: the form then does not."""
        self.message_shown = True
        return self.text

    def value(self, name: str, default: Any = "") -> Any:
        """Return what was submitted, or the default; a secret is never given back."""
        value = self.values.get(name, default) if not self.describe(name).secret else ""
        return "" if value is None else value

    def attrs(self, name: str, **attributes: Any) -> Markup:
        """Return the attributes of an input element: ``<input {{ form.attrs("text") }}>``.

        :param attributes: further ones, or others; ``value`` is the initial value, which a submitted one replaces.
        """
        described = self.describe(name)
        made = {"name": name, "id": self.input_id(name), **self.value_attributes(name, described, attributes)}
        made |= {
            "type": described.type,
            "required": described.required and described.type != "checkbox",
            "maxlength": described.maxlength,
            "min": described.min,
            "max": described.max,
            "step": described.step,
            "multiple": described.multiple,
            "aria-invalid": "true" if self.errors.get(name) else None,
            "aria-describedby": self.error_id(name),
        }
        given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if key != "value"}
        return render_attributes({**made, **given})

    def value_attributes(self, name: str, described: Input, given: Attributes) -> Attributes:
        if described.secret or described.type == "file":
            return {}
        if described.type == "checkbox":
            chosen = given.get("value", "true")
            ticked = (
                self.values.get(name) in (True, "true", "on", "1", chosen) if self.submitted else given.get("checked")
            )
            return {"value": chosen, "checked": bool(ticked)}
        value = self.value(name, given.get("value"))
        return {} if value == "" or isinstance(value, (list, dict)) else {"value": value}

    def error(self, name: str) -> Markup:
        """Return the element that holds a field's messages: there, and empty, where there are none."""
        self.shown.add(name)
        text = " ".join(self.errors.get(name, ()))
        return Markup('<span class="serveractions-error" id="{}" data-error="{}">{}</span>').format(
            self.error_id(name), name, text
        )

    def input_id(self, name: str) -> str:
        return f"{self.id}-{name.replace('.', '-')}"

    def error_id(self, name: str) -> str:
        return f"{self.input_id(name)}-error"

    def leftover(self) -> str:
        """Return what the template has not shown: the message, and messages of fields that it has no place for."""
        lines = [] if self.message_shown or self.said_at_a_field() else [self.text]
        for name, messages in self.errors.items():
            if name not in self.shown:
                lines += messages if name == WHOLE else [f"{name}: {message}" for message in messages]
        return " ".join(dict.fromkeys(line for line in lines if line))

    def said_at_a_field(self) -> bool:
        return any(self.text in messages for name, messages in self.errors.items() if name in self.shown)


def render_attributes(attributes: Attributes) -> Markup:
    """Return ``name="value"`` pairs, escaped; True stands alone, None and False are left out."""
    pairs = [
        escape(key) if value is True else Markup('{}="{}"').format(key, value)
        for key, value in attributes.items()
        if value is not None and value is not False
    ]
    return Markup(" ").join(pairs)
