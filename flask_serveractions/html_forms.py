"""The forms of an HTML page, filled in as a browser without JavaScript does (HTML Living Standard, 4.10.22)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from .http.negotiation import MULTIPART, URLENCODED

CHOICES = frozenset({"checkbox", "radio", "option"})
SUBMITTERS = frozenset({"submit", "image"})
NEVER_SENT = frozenset({"button", "reset"})
BUTTONS = NEVER_SENT | {"submit"}
METHODS = frozenset({"get", "post", "dialog"})
ENCODINGS = frozenset({URLENCODED, MULTIPART, "text/plain"})

Attributes = dict[str, str | None]


@dataclass(slots=True, kw_only=True, eq=False)
class Control:
    """One input, text area, button, or one option of a choice."""

    name: str
    kind: str  # the type of an input; "option", "textarea", or "extra": none that the page has
    value: Any = ""
    sent: bool = True  # ticked, chosen, and not left out
    disabled: bool = False
    action: str | None = None  # a button's formaction, formmethod and formenctype
    method: str | None = None
    enctype: str | None = None


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
        return [each for each in self.controls if each.kind in SUBMITTERS and not each.disabled]

    def sent_by(self, button: Control | None) -> tuple[str, str, str]:
        """Return URL, method and encoding of what is sent when a button is pressed."""
        if button is None:
            return self.action, self.method, self.enctype
        action = self.action if button.action is None else button.action
        return action, button.method or self.method, button.enctype or self.enctype

    def fill(self, name: str, value: Any) -> None:
        """Type a value into the controls of a name, tick boxes, choose options; one that the form lacks is added.

        :param value: a text, a list of them, True or False for a box, a file, None to leave the field out.
        """
        named = (each for each in self.controls if each.name == name and each.kind not in SUBMITTERS)
        mine = [each for each in named if not each.disabled]
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
            if each.disabled or not each.sent or (each.kind in SUBMITTERS and each is not button):
                continue
            if each.kind == "image":  # it sends where it was clicked
                yield from ((f"{each.name}.{axis}".lstrip("."), "0") for axis in "xy")
            elif each.name:
                yield each.name, each.value if is_file(each.value) else with_crlf(as_text(each.value))


def as_text(value: Any) -> str:
    """Return a value as a form has it; ``true`` and ``false`` in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_file(value: Any) -> bool:
    """Whether a value is a file: one to read, or ``(stream, filename)`` and perhaps a media type."""
    return hasattr(value, "read") or (isinstance(value, tuple) and bool(value) and hasattr(value[0], "read"))


def with_crlf(text: str) -> str:
    return "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def known(value: str | None, values: frozenset[str], default: Any) -> Any:
    """Return an attribute's keyword; the default where it is absent, or no such word."""
    word = (value or "").lower()
    return word if word in values else default


@dataclass(slots=True)
class Fieldset:
    """One that is open. What stands in its first legend stays enabled, as a box that enables the others."""

    disabled: bool
    legends: int = 0  # that have begun
    in_legend: bool = False

    @property
    def disables(self) -> bool:
        return self.disabled and not (self.in_legend and self.legends == 1)


class Page(HTMLParser):
    """Collects the forms of a page; what stands in a ``<template>`` belongs to none."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.controls: list[tuple[Form | str, Control]] = []  # each with its form, or with the ID of that
        self.open_form: Form | None = None
        self.select: Attributes | None = None
        self.options: list[Control] = []
        self.text: Control | None = None  # what is being read: a text area, or an option without value
        self.templates = 0  # how many are open
        self.fieldsets: list[Fieldset] = []  # those that are open
        self.group_disabled = False  # of the options that come
        self.feed(html.replace("\r\n", "\n").replace("\r", "\n"))  # HTML Living Standard, 13.2.3.5
        self.close()
        self.hand_out()

    def hand_out(self) -> None:
        """Give the forms their controls; of the radio buttons of a name the last that is marked is chosen."""
        by_id = {form.id: form for form in reversed(self.forms)}
        for owner, control in self.controls:
            form = by_id.get(owner) if isinstance(owner, str) else owner
            if form is None:
                continue
            if control.kind == "radio" and control.sent and control.name:
                for each in form.controls:
                    each.sent = each.sent and (each.kind, each.name) != ("radio", control.name)
            form.controls.append(control)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(reversed(attrs))  # of two alike the first counts
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
            method=known(given.get("method"), METHODS, "get"),
            enctype=known(given.get("enctype"), ENCODINGS, URLENCODED),
        )
        self.forms.append(self.open_form)

    def end_form(self) -> None:
        self.open_form = None

    def begin_fieldset(self, given: Attributes) -> None:
        self.fieldsets.append(Fieldset("disabled" in given))

    def end_fieldset(self) -> None:
        del self.fieldsets[-1:]

    def begin_legend(self, given: Attributes) -> None:
        for fieldset in self.fieldsets[-1:]:
            fieldset.legends, fieldset.in_legend = fieldset.legends + 1, True

    def end_legend(self) -> None:
        for fieldset in self.fieldsets[-1:]:
            fieldset.in_legend = False

    def begin_input(self, given: Attributes) -> None:
        kind = (given.get("type") or "text").lower()
        ticked = kind not in ("checkbox", "radio") or "checked" in given
        default = "on" if kind in ("checkbox", "radio") else ""
        value = "" if kind == "file" else given.get("value", default) or ""
        self.add(given, kind, value, ticked)

    def begin_button(self, given: Attributes) -> None:
        self.add(given, known(given.get("type"), BUTTONS, "submit"), given.get("value") or "", True)

    def begin_textarea(self, given: Attributes) -> None:
        self.text = self.add(given, "textarea", "", True)

    def end_textarea(self) -> None:
        if self.text is not None:
            self.text.value = self.text.value.removeprefix("\n")  # the first line break is none
        self.text = None

    def begin_select(self, given: Attributes) -> None:
        self.select, self.options, self.group_disabled = given, [], False

    def begin_optgroup(self, given: Attributes) -> None:
        self.end_option()
        self.group_disabled = "disabled" in given

    def end_optgroup(self) -> None:
        self.end_option()
        self.group_disabled = False

    def begin_option(self, given: Attributes) -> None:
        self.end_option()
        if self.select is None:
            return
        option = Control(
            name=self.select.get("name") or "",
            kind="option",
            value=given.get("value") or "",
            sent="selected" in given,
            disabled="disabled" in given or self.group_disabled,
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
        if "multiple" not in given:
            chosen = chosen_option(self.options, is_list(given))
            for each in self.options:
                each.sent = each is chosen
        for option in self.options:
            self.place(given, option)

    def add(self, given: Attributes, kind: str, value: str, sent: bool) -> Control:
        control = Control(name=given.get("name") or "", kind=kind, value=value, sent=sent)
        control.action = given.get("formaction")
        if "formmethod" in given:
            control.method = known(given["formmethod"], METHODS, "get")
        if "formenctype" in given:
            control.enctype = known(given["formenctype"], ENCODINGS, URLENCODED)
        if kind not in NEVER_SENT:
            self.place(given, control)
        return control

    def place(self, given: Attributes, control: Control) -> None:
        control.disabled = control.disabled or "disabled" in given or any(each.disables for each in self.fieldsets)
        owner = (given["form"] or "") if "form" in given else self.open_form
        if owner:
            self.controls.append((owner, control))


def is_list(select: Attributes) -> bool:
    """Whether a choice shows several rows, of which none need be chosen."""
    size = (select.get("size") or "").strip()
    return size.isdecimal() and int(size) > 1


def chosen_option(options: list[Control], may_be_none: bool) -> Control | None:
    """Return the option that is chosen: the last that is marked, else the first that can be (4.10.7)."""
    marked = [each for each in options if each.sent]
    enabled = [] if may_be_none else [each for each in options if not each.disabled]
    return next(iter([*marked[-1:], *enabled]), None)


BEGIN: Mapping[str, Callable[[Page, Attributes], None]] = {
    "form": Page.begin_form,
    "fieldset": Page.begin_fieldset,
    "legend": Page.begin_legend,
    "input": Page.begin_input,
    "button": Page.begin_button,
    "textarea": Page.begin_textarea,
    "select": Page.begin_select,
    "optgroup": Page.begin_optgroup,
    "option": Page.begin_option,
}
END: Mapping[str, Callable[[Page], None]] = {
    "form": Page.end_form,
    "fieldset": Page.end_fieldset,
    "legend": Page.end_legend,
    "textarea": Page.end_textarea,
    "select": Page.end_select,
    "optgroup": Page.end_optgroup,
    "option": Page.end_option,
}


def forms_in(html: str) -> list[Form]:
    """Return the forms of a page, in its order."""
    return Page(html).forms
