"""The state of a form: what a template asks it for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from ..errors import WHOLE

Attributes = Mapping[str, Any]

TICKED = ("checkbox", "radio")
TRUE = ("true", "on", "1")  # what a box of a bool sends
NO_NAME = re.compile(r"""^$|[\s"'<>/=\x00-\x1f\x7f]""")  # HTML Living Standard, 13.1.2.3
DECIDED = ("value", "checked", "aria_describedby")  # given attributes that the state has a word in


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
        """Return what was submitted, or the default; ``""`` for a secret, which is never given back.

        :param name: as the input has it; nested ones with dots: ``"address.city"``.
        :param default: what a clean form shows.
        """
        value = self.values.get(name, default) if not self.describe(name).secret else ""
        return "" if value is None else value

    def attrs(self, name: str, **attributes: Any) -> Markup:
        """Return the attributes of an input element: ``<input {{ form.attrs("text") }}>``.

        ``name``, ``id`` and ``aria-describedby``; from the signature ``type``, ``required``, ``maxlength``, ``min``,
        ``max``, ``step`` and ``multiple``; and, once the form was sent, ``value`` or ``checked``, and ``aria-invalid``.

        :param name: the argument's; nested ones with dots: ``"address.city"``.
        :param attributes: further ones, or others, with ``_`` for ``-``; ``value`` is the initial value and
            ``checked`` the initial state of a box: what was submitted replaces them.
        """
        described = self.describe(name)
        kind = attributes.get("type", described.type)
        made = {"name": name, "id": self.input_id(name), **self.value_attributes(name, kind, described, attributes)}
        made |= {
            "type": described.type,
            "required": described.required and kind != "checkbox",
            "maxlength": described.maxlength,
            "min": described.min,
            "max": described.max,
            "step": described.step,
            "multiple": described.multiple and kind not in TICKED,
            "aria-invalid": "true" if self.messages_of(name) else None,
            "aria-describedby": self.described_by(name, attributes),
        }
        given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if key not in DECIDED}
        return render_attributes({**made, **given})

    def value_attributes(self, name: str, kind: str | None, described: Input, given: Attributes) -> Attributes:
        if described.secret or kind == "file":
            return {}
        if kind in TICKED:
            chosen = given.get("value", "true")
            ticked = self.is_chosen(name, chosen, described) if self.submitted else given.get("checked")
            return {"value": chosen, "checked": bool(ticked)}
        value = self.value(name, given.get("value"))
        if isinstance(value, bool):
            return {"value": str(value).lower()}
        return {} if value == "" or isinstance(value, (list, dict)) else {"value": value}

    def is_chosen(self, name: str, chosen: Any, described: Input) -> bool:
        """Whether a box or a radio button was ticked when the form was sent."""
        sent = self.values.get(name)
        texts = [as_text(each) for each in (sent if isinstance(sent, list) else [sent])]
        return as_text(chosen) in texts or (described.type == "checkbox" and any(each in TRUE for each in texts))

    def described_by(self, name: str, given: Attributes) -> str:
        """Return the IDs of what describes an input: its error first, by which the client finds it."""
        return " ".join([self.error_id(name), *str(given.get("aria_describedby", "")).split()])

    def error(self, name: str) -> Markup:
        """Return the element that holds a field's messages: there, and empty, where there are none.

        ``<span class="serveractions-error" id="…" data-error="text">…</span>``, escaped; several are parted by a space.
        """
        messages = self.messages_of(name)
        self.shown |= {name, *messages}
        text = " ".join(text for texts in messages.values() for text in texts)
        return Markup('<span class="serveractions-error" id="{}" data-error="{}">{}</span>').format(
            self.error_id(name), str(name), text
        )

    def messages_of(self, name: str) -> dict[str, list[str]]:
        """Return a field's messages, and those of its items where one input sends several values: ``tags.1``."""
        found = {name: self.errors[name]} if name in self.errors else {}
        if self.describe(name).multiple:
            found |= {each: texts for each, texts in self.errors.items() if is_item(each, name)}
        return found

    def input_id(self, name: str) -> str:
        return f"{self.id}-{name.replace('.', '-')}"

    def error_id(self, name: str) -> str:
        return f"{self.input_id(name)}-error"

    def unplaced_error(self) -> str:
        """Return what the template has not shown: the message, and messages of fields that it has no place for."""
        lines = [] if self.message_shown or self.has_field_error() else [self.text]
        for name, messages in self.errors.items():
            if name not in self.shown:
                lines += messages if name == WHOLE else [f"{name}: {message}" for message in messages]
        return " ".join(dict.fromkeys(line for line in lines if line))

    def has_field_error(self) -> bool:
        return any(self.text in messages for name, messages in self.errors.items() if name in self.shown)


def is_item(name: str, of: str) -> bool:
    head, _, index = name.rpartition(".")
    return head == of and index.isdigit()


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def render_attributes(attributes: Attributes) -> Markup:
    """Return ``name="value"`` pairs; True stands alone, None and False are left out.

    A value is text and nothing else: ``Markup`` is safe between tags, and not inside of quotes.

    :raises ValueError: a name that would end where it should not.
    """
    pairs = [
        attribute_name(key) if value is True else f'{attribute_name(key)}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    ]
    return Markup(" ".join(pairs))  # noqa: S704  # escaped above: Markup.format takes thrice the time


def attribute_name(name: str) -> str:
    if NO_NAME.search(name):
        raise ValueError(f"{name!r} is no name of an attribute. Give those that HTML has, and the value as its value.")
    return str(name)
