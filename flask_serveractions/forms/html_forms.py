"""The forms of an HTML page, filled in as a browser without JavaScript does (HTML Living Standard, 4.10.22)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from ..http.negotiation import URLENCODED

CHOICES = frozenset({"checkbox", "radio", "option"})
SUBMITTERS = frozenset({"submit", "image"})
NEVER_SENT = frozenset({"button", "reset"})

Attributes = dict[str, str | None]


@dataclass(slots=True, kw_only=True, eq=False)
class Control:
    """One input, text area, button, or one option of a choice."""

    name: str
    kind: str  # the type of an input; "option", "textarea", or "extra": none that the page has
    value: Any = ""
    sent: bool = True  # ticked, chosen, and not left out
    action: str | None = None  # a button's formaction


@dataclass(slots=True, kw_only=True, eq=False)
class Form:
    """A form as it stands in a page."""

    id: str = ""
    name: str | None = None  # data-serveraction
    action: str = ""
    method: str = "get"
    enctype: str = URLENCODED
    controls: list[Control] = field(default_factory=list)

    @property
    def buttons(self) -> list[Control]:
        return [each for each in self.controls if each.kind in SUBMITTERS]

    def fill(self, name: str, value: Any) -> None:
        """Type a value into the controls of a name, tick boxes, choose options; one that the form lacks is added.

        :param value: a text, a list of them, True or False for a box, a file, None to leave the field out.
        """
        mine = [each for each in self.controls if each.name == name and each.kind not in SUBMITTERS]
        if isinstance(value, bool) and mine and all(each.kind == "checkbox" for each in mine):
            for box in mine:
                box.sent = value
            return
        given = list(value) if isinstance(value, (list, set, frozenset)) else [] if value is None else [value]
        for control in mine:
            if control.kind in CHOICES:
                control.sent = control.value in map(as_text, given)
                given = [each for each in given if as_text(each) != control.value]
            elif given:
                control.value = given.pop(0)
            else:
                control.sent = control.sent and value is not None
        self.controls += [Control(name=name, kind="extra", value=each) for each in given]

    def entries(self, button: Control | None) -> Iterator[tuple[str, Any]]:
        """Yield what is sent, in the order of the page: names with texts or files.

        :param button: the one that was pressed.
        """
        for each in self.controls:
            if each.name and each.sent and (each.kind not in SUBMITTERS or each is button):
                yield each.name, each.value if is_file(each.value) else with_crlf(as_text(each.value))


def as_text(value: Any) -> str:
    """Return a value as a form has it; ``true`` and ``false`` in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_file(value: Any) -> bool:
    """Whether a value is a file: one to read, or ``(stream, filename)`` and perhaps a media type."""
    return hasattr(value, "read") or (isinstance(value, tuple) and bool(value) and hasattr(value[0], "read"))


def with_crlf(text: str) -> str:
    return "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


class Page(HTMLParser):
    """Collects the forms of a page; what stands in a ``<template>``, or is disabled, belongs to none."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.strays: list[tuple[str, Control]] = []  # controls that name their form by its ID
        self.open_form: Form | None = None
        self.select: Attributes | None = None
        self.options: list[Control] = []
        self.text: Control | None = None  # what is being read: a text area, or an option without value
        self.templates = 0  # how many are open
        self.fieldsets: list[bool] = []  # those that are open: whether each is disabled
        self.feed(html.replace("\r\n", "\n").replace("\r", "\n"))  # HTML Living Standard, 13.2.3.5
        self.close()
        for form_id, control in self.strays:
            for form in self.forms:
                if form.id == form_id:
                    form.controls.append(control)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "template":
            self.templates += 1
        elif not self.templates and tag in BEGIN:
            BEGIN[tag](self, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.templates = max(0, self.templates - 1)
        elif not self.templates and tag in END:
            END[tag](self)

    def parse_marked_section(self, i: int, report: object = True) -> int:
        """Read ``<![...`` as browsers do, as a comment; of some, Python makes an error."""
        return self.parse_bogus_comment(i)

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.value += data

    def begin_form(self, given: Attributes) -> None:
        if self.open_form is not None:
            return  # HTML Living Standard, 13.2.6.4.7
        self.open_form = Form(
            id=given.get("id") or "",
            name=given.get("data-serveraction"),
            action=given.get("action") or "",
            method=(given.get("method") or "get").lower(),
            enctype=(given.get("enctype") or URLENCODED).lower(),
        )
        self.forms.append(self.open_form)

    def end_form(self) -> None:
        self.open_form = None

    def begin_fieldset(self, given: Attributes) -> None:
        self.fieldsets.append("disabled" in given)

    def end_fieldset(self) -> None:
        del self.fieldsets[-1:]

    def begin_input(self, given: Attributes) -> None:
        kind = (given.get("type") or "text").lower()
        ticked = kind not in ("checkbox", "radio") or "checked" in given
        default = "on" if kind in ("checkbox", "radio") else ""
        value = "" if kind == "file" else given.get("value", default) or ""
        self.add(given, kind, value, ticked)

    def begin_button(self, given: Attributes) -> None:
        self.add(given, (given.get("type") or "submit").lower(), given.get("value") or "", True)

    def begin_textarea(self, given: Attributes) -> None:
        self.text = self.add(given, "textarea", "", True)

    def end_textarea(self) -> None:
        if self.text is not None:
            self.text.value = self.text.value.removeprefix("\n")  # the first line break is none
        self.text = None

    def begin_select(self, given: Attributes) -> None:
        self.select, self.options = given, []

    def begin_option(self, given: Attributes) -> None:
        self.end_option()
        if self.select is None or "disabled" in given:
            return
        option = Control(
            name=self.select.get("name") or "",
            kind="option",
            value=given.get("value") or "",
            sent="selected" in given,
        )
        self.options.append(option)
        if "value" not in given:
            self.text = option

    def end_option(self) -> None:
        if self.text is not None and self.text.kind == "option":
            self.text.value = " ".join(self.text.value.split())
            self.text = None

    def end_select(self) -> None:
        self.end_option()
        given, self.select = self.select, None
        if given is None:
            return
        chosen = [each for each in self.options if each.sent]
        if "multiple" not in given and self.options:  # the last that is marked, else the first of all
            for each in self.options:
                each.sent = each is (chosen or self.options[:1])[-1]
        for option in self.options:
            self.place(given, option)

    def add(self, given: Attributes, kind: str, value: str, sent: bool) -> Control:
        control = Control(name=given.get("name") or "", kind=kind, value=value, sent=sent)
        control.action = given.get("formaction")
        if kind not in NEVER_SENT:
            self.place(given, control)
        return control

    def place(self, given: Attributes, control: Control) -> None:
        if "disabled" in given or any(self.fieldsets):
            return
        if given.get("form"):
            self.strays.append((given["form"] or "", control))
        elif self.open_form is not None:
            self.open_form.controls.append(control)


BEGIN: Mapping[str, Callable[[Page, Attributes], None]] = {
    "form": Page.begin_form,
    "fieldset": Page.begin_fieldset,
    "input": Page.begin_input,
    "button": Page.begin_button,
    "textarea": Page.begin_textarea,
    "select": Page.begin_select,
    "option": Page.begin_option,
}
END: Mapping[str, Callable[[Page], None]] = {
    "form": Page.end_form,
    "fieldset": Page.end_fieldset,
    "textarea": Page.end_textarea,
    "select": Page.end_select,
    "option": Page.end_option,
}


def forms_in(html: str) -> list[Form]:
    """Return the forms of a page, in its order."""
    return Page(html).forms
