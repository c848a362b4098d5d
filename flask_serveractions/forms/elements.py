"""The elements of a form, each with its label and its error: what ``FormState`` renders."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from functools import partial
from html import unescape
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from .attributes import input_attributes
from .initial_values import leads_back
from .inputs import (
    NESTED,
    TICKED,
    YES_OR_NO,
    Attributes,
    Input,
    Kind,
    Options,
    humanized,
    option_groups,
    render_attributes,
    written,
)

if TYPE_CHECKING:
    from .form_state import FormState

AREA_ATTRIBUTES = frozenset({"type", "value", "min", "max", "step", "multiple", "checked"})
SELECT_ATTRIBUTES = frozenset({"type", "value", "min", "max", "step", "maxlength", "checked", "accept"})
EMPTY_OPTION = "–"


def joined(*parts: str) -> Markup:
    """Return escaped pieces as one: ``Markup.join`` would look at each again."""
    return Markup("".join(parts))  # noqa: S704  # each is escaped


def element(tag: str, attributes: Attributes, content: str) -> Markup:
    return joined(f"<{tag} {render_attributes(attributes)}>{escape(content)}</{tag}>")


def input_element(form: FormState, name: str, attributes: Attributes) -> Markup:
    return joined(f"<input {form.attrs(name, **attributes)}>")


def without(names: frozenset[str], attributes: Attributes) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if key not in names}


def textarea(form: FormState, name: str, attributes: Attributes) -> Markup:
    """Return a ``<textarea>``; browsers drop the first newline in it, which is ours."""
    texts = form.texts_of(name, attributes.get("value"))
    made = without(AREA_ATTRIBUTES, input_attributes(form, name, attributes))
    return joined(f"<textarea {render_attributes(made)}>\n{escape(texts[0] if texts else '')}</textarea>")


def select(form: FormState, name: str, options: Options | None, attributes: Attributes) -> Markup:
    """Return a ``<select>`` with what was chosen; a value that is no option any more is one here."""
    described = form.describe(name)
    chosen = dict.fromkeys(form.texts_of(name, attributes.get("value")))
    groups = option_groups(options_for(form, name, options, "select"), described.write)
    known = {value for _, pairs in groups for value, _ in pairs}
    extra = [(text, text) for text in chosen if text not in known and text != ""]
    may_be_none = described.nullable or "" in chosen or form.may_be_nothing(name, described)
    if may_be_none and not described.multiple and "" not in known:
        extra.insert(0, ("", EMPTY_OPTION))
    made = without(SELECT_ATTRIBUTES, input_attributes(form, name, attributes))
    made["multiple"] = described.multiple
    content = "".join(grouped(label, pairs, chosen) for label, pairs in [(None, extra), *groups])
    return joined(f"<select {render_attributes(made)}>{content}</select>")


def options_for(form: FormState, name: str, options: Options | None, called: str) -> Options:
    """Return what is given, else what the argument's type says.

    :raises TypeError: neither says what can be chosen.
    """
    described = form.describe(name)
    known = described.options or (YES_OR_NO if described.kind is Kind.BOX else ())
    if options is None and not known and not described.has_choices:
        raise TypeError(
            f"form.{called}({name!r}) has nothing to choose from. Give it, as in form.{called}({name!r}, ['a', 'b']),"
            " or annotate the argument as a Literal or an Enum."
        )
    return known if options is None else options


def grouped(label: str | None, pairs: list[tuple[str, str]], chosen: Container[str]) -> str:
    items = [element("option", {"value": value, "selected": value in chosen}, text) for value, text in pairs]
    content = joined(*items)
    return content if label is None else f'<optgroup label="{escape(label)}">{content}</optgroup>'


def buttons(form: FormState, name: str, options: Options | None, kind: str, given: Attributes) -> Markup:
    """Return radio buttons or checkboxes, each in its label."""
    described = form.describe(name)
    if kind == "checkbox" and not described.multiple and described.kind is not Kind.BOX:
        raise TypeError(
            f"form.checkboxes({name!r}) sends several values, and the argument takes one."
            f" Write form.radios({name!r}), or annotate it as a list."
        )
    called = "radios" if kind == "radio" else "checkboxes"
    groups = option_groups(options_for(form, name, options, called), described.write)
    known = {value for _, pairs in groups for value, _ in pairs}
    initial = form.texts_of(name, given.get("value"))
    extra = [(text, text) for text in initial if text not in known and text != ""]
    rest = {key: each for key, each in given.items() if key not in ("value", "options")} | {"type": kind}
    chosen = frozenset(initial) if "value" in given else None
    return joined(*(button_group(form, name, label, pairs, rest, chosen) for label, pairs in [*groups, (None, extra)]))


def button_group(
    form: FormState,
    name: str,
    label: str | None,
    pairs: list[tuple[str, str]],
    given: Attributes,
    chosen: Container[str] | None,
) -> str:
    """Return buttons, each in its label, in a group if that has a label.

    :param chosen: initially, where it is the template that says so.
    """
    items = []
    for value, text in pairs:
        initial = {} if chosen is None else {"checked": value in chosen}
        button = input_element(form, name, {**given, "value": value, **initial})
        items.append(f"<label>{button} {escape(text)}</label>\n")
    if label is None or not items:
        return "".join(items)
    return f"<fieldset><legend>{escape(label)}</legend>{''.join(items)}</fieldset>\n"


def group(form: FormState, name: str, role: str, content: Markup) -> Markup:
    """Return a group of buttons that a screen reader names."""
    made = {"role": role, "aria-label": label_text(form, name), "aria-describedby": form.error_id(name)}
    return joined(f'<div class="serveractions-options" {render_attributes(made)}>\n{content}</div>')


def label_text(form: FormState, name: str, text: str | None = None) -> str:
    if isinstance(text, (Mapping, list)):
        raise TypeError(f"{text!r} is no label of {name!r}. Attributes are given by name: class_='wide'.")
    return text if text is not None else str(form.describe(name).label) or humanized(name)


def label(form: FormState, name: str, text: str | None, attributes: Attributes) -> Markup:
    shown = label_text(form, name, text)
    return element("label", {"for": form.input_id(name), **written(attributes)}, shown)


Field = Callable[["FormState", str, Input, str, Attributes], str]


def field(form: FormState, name: str, text: str | None, attributes: Attributes) -> Markup:
    """Return label, control and error in one block."""
    described = form.describe(name)
    shown = label_text(form, name, text)
    if attributes.get("type", described.type) == "hidden":  # without a label: nobody sees it, but for its error
        return joined(f"{control(form, name, described, attributes)}\n{form.error(name)}\n")
    kind = Kind.RADIOS if attributes.get("type") == "radio" else described.kind
    make = BLOCKS.get(kind, labelled)
    if kind in NESTED and "value" in attributes:
        form.give(name, attributes["value"])
    if kind in BLOCKS:
        return joined(make(form, name, described, shown, attributes))
    return joined(f'<div class="serveractions-field">\n{make(form, name, described, shown, attributes)}</div>\n')


def described_by_hint(form: FormState, name: str, described: Input, given: Attributes) -> tuple[Attributes, str]:
    """Return the control's attributes with its hint named, and the hint's element."""
    text = str(described.hint)
    if not text:
        return given, ""
    identity = f"{form.input_id(name)}-hint"
    others = str(given.get("aria_describedby", ""))
    hint = element("small", {"class": "serveractions-hint", "id": identity}, text)
    return {**given, "aria_describedby": f"{identity} {others}".strip()}, f"{hint}\n"


def labelled(form: FormState, name: str, described: Input, text: str, given: Attributes) -> str:
    given, hint = described_by_hint(form, name, described, given)
    shown = element("label", {"for": str(given.get("id", form.input_id(name)))}, text)
    return f"{shown}\n{hint}{control(form, name, described, given)}\n{form.error(name)}\n"


def control(form: FormState, name: str, described: Input, given: Attributes) -> Markup:
    """Return the control that suits a type, and the value that it shows."""
    options = given.get("options")
    given = {key: value for key, value in given.items() if key != "options"}
    if described.kind is Kind.CHOICE or options is not None:
        return select(form, name, options, given)
    texts = form.texts_of(name, given.get("value"))
    if described.kind is Kind.AREA or (described.type is None and any("\n" in text for text in texts)):
        return textarea(form, name, given)
    return input_element(form, name, given)


def box_field(form: FormState, name: str, described: Input, text: str, given: Attributes) -> str:
    """A box before its label; where nothing sent would not mean no, a hidden field says no."""
    given, hint = described_by_hint(form, name, described, given)
    if not isinstance(given.get("value", ""), str):  # of the one box there is: whether it is ticked
        given = {"checked": bool(given["value"]), **{key: each for key, each in given.items() if key != "value"}}
    identity = str(given.get("id", form.input_id(name)))
    shown = element("label", {"for": identity}, text)
    block = f"{hidden_no(name, described)}{input_element(form, name, given)} {shown}\n{hint}{form.error(name)}\n"
    return f'<div class="serveractions-field">\n{block}</div>\n'


def hidden_no(name: str, described: Input) -> str:
    """Return the hidden field that says that no box is ticked, where one is needed."""
    if described.says_no is None:
        return ""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(described.says_no)}">\n'


def fieldset(form: FormState, name: str, text: str, content: str, **attributes: Any) -> str:
    made = render_attributes({"class": "serveractions-field", **attributes})
    return f"<fieldset {made}>\n<legend>{escape(text)}</legend>\n{content}{form.error(name)}\n</fieldset>\n"


def choices_field(form: FormState, name: str, described: Input, text: str, given: Attributes) -> str:
    _, hint = described_by_hint(form, name, described, {})
    content = f"{hint}{buttons(form, name, given.get('options'), 'checkbox', given)}{hidden_no(name, described)}"
    return fieldset(form, name, text, content, **{"aria-describedby": form.error_id(name)})


def radios_field(form: FormState, name: str, described: Input, text: str, given: Attributes) -> str:
    _, hint = described_by_hint(form, name, described, {})
    content = f"{hint}{buttons(form, name, given.get('options'), 'radio', given)}"
    return fieldset(form, name, text, content, role="radiogroup", **{"aria-describedby": form.error_id(name)})


def list_field(form: FormState, name: str, described: Input, text: str, given: Attributes) -> str:
    """An input for each value, and as many empty ones as ``empty_rows`` says: one, where it says nothing."""
    texts = list(form.texts_of(name, given.get("value")))
    empty_sent = takewhile(lambda text: form.submitted and not text, reversed(texts))
    more = max(described.rows - len(texts), 0) if described.rows else 1
    texts.extend([""] * (int(given.get("empty_rows", more) or 0) - len(list(empty_sent))))
    _, hint = described_by_hint(form, name, described, {})
    rest = {key: value for key, value in given.items() if key not in ("value", "empty_rows")}
    inputs = [
        list_input(
            form,
            name,
            {"aria_label": f"{text} {number}", **rest, "value": each, "required": False, "checked": bool(each)},
        )
        for number, each in enumerate(texts, 1)
    ]
    return fieldset(form, name, text, hint + "".join(f"{each}\n" for each in inputs))


def list_input(form: FormState, name: str, attributes: Attributes) -> str:
    """Return one of the inputs of a free list, which is no button: whether it is chosen says nothing."""
    made = input_attributes(form, name, attributes)
    if made["type"] not in TICKED:
        made.pop("checked", None)  # a secret has none
    return f"<input {render_attributes(made)}>"


MAX_LISTS = 2  # lists in lists whose rows a script may add
MAX_OBJECTS = 6  # steps of a name, from where on an object in its like that holds nothing ends it
NAME_STEP = re.compile(r"[.-]")


def object_field(form: FormState, name: str, described: Input, text: str, given: Attributes) -> str:
    return "" if is_endless(form, name, described) else fieldset(form, name, text, parts(form, name, described))


def is_endless(form: FormState, name: str, described: Input) -> bool:
    """Whether an object is deep in others like it, and holds nothing: a type may hold itself, and so may data."""
    steps = name.split(described.separator)
    if is_shown_around(form, name, described):
        return True
    if len(steps) <= MAX_OBJECTS or form.holds(name, described):
        return False
    around = (form.describe(described.separator.join(steps[:count])) for count in range(1, len(steps)))
    declared = (each.declared for each in around if each.kind is Kind.OBJECT)
    return described.declared is not None and any(each is described.declared for each in declared)


def is_shown_around(form: FormState, name: str, described: Input) -> bool:
    """Whether an object is deep, and one of those around it."""
    is_deep = name.count(described.separator) >= MAX_OBJECTS
    return is_deep and not form.submitted and leads_back(form.initial, form.given, name, described)


def objects_field(form: FormState, name: str, described: Input, text: str, given: Attributes) -> str:
    """A group for each item that there is, some empty ones, and one in a ``<template>`` for a script to copy.

    A list that takes no more of them has none of these.
    """
    keys = form.keys_below(name)
    following = int(keys[-1]) + 1 if keys else 0
    empty = int(given.get("empty_rows") or 0)
    indices = [*keys, *(str(following + more) for more in range(empty + 1))]
    most = max(described.most, len(keys)) if described.most else None
    rows = [row(form, f"{name}{described.separator}{index}", index) for index in indices[:-1][:most]]
    spare = [
        row_template(form, f"{name}{described.separator}{index}", index) for index in indices[len(keys) + empty : most]
    ]
    return fieldset(form, name, text, "".join(rows + spare))


def row_template(form: FormState, name: str, index: str) -> str:
    """Return a row that is not there yet; none in a row of rows, whose type may hold itself."""
    is_deep = sum(step.isdigit() for step in NAME_STEP.split(name)) > MAX_LISTS
    made = render_attributes({"data-row": name})
    return "" if is_deep else f"<template {made}>\n{row(form, name, index)}</template>\n"


def row(form: FormState, name: str, index: str) -> str:
    """Return an item of a list: an object's fields as a group, the one field of anything else."""
    described = form.describe(name)
    if described.kind is Kind.OBJECT:
        is_shown = is_shown_around(form, name, described)
        return "" if is_shown else fieldset(form, name, humanized(index), parts(form, name, described))
    return form.field(name, humanized(index))


def parts(form: FormState, name: str, described: Input) -> str:
    return "".join(form.field(f"{name}{described.separator}{part}") for part in described.parts)


def mapping_field(form: FormState, name: str, described: Input, text: str, given: Attributes) -> str:
    """A control for each key.

    :raises LookupError: a key has a dot, and so have the names below it: nobody could tell where the key ends.
    """
    keys = form.keys_below(name)
    dotted = next((key for key in keys if "." in key and not described.whole_keys), None)
    if dotted is not None:
        raise LookupError(
            f"The key {dotted!r} of {name!r} has a dot, and so have the names below it."
            " Make it a list of objects, each with its key."
        )
    return fieldset(form, name, text, "".join(form.field(f"{name}.{key}", key) for key in keys))


#: the kinds whose block is more than a label, a control and an error
BLOCKS: Mapping[Kind, Field] = {
    Kind.BOX: box_field,
    Kind.RADIOS: radios_field,
    Kind.CHOICES: choices_field,
    Kind.LIST: list_field,
    Kind.OBJECT: object_field,
    Kind.OBJECTS: objects_field,
    Kind.MAPPING: mapping_field,
}


#: controls written by hand around ``form.attrs``: a textarea and a select have no ``value`` of their own in HTML
AREA = re.compile(r'<textarea\b([^>]*?) value="([^"]*)"([^>]*)>\s*</textarea>')
SELECT = re.compile(r'<select\b([^>]*?) value="([^"]*)"([^>]*)>(.*?)</select>', re.DOTALL)
OPTION = re.compile(r"<option\b([^>]*)>([^<]*)")
NAME = re.compile(r'\bname="([^"]*)"')
VALUE = re.compile(r'\bvalue="([^"]*)"')
SELECTED = re.compile(r'\s+selected(="[^"]*")?(?=\s|$)')
MULTIPLE = re.compile(r'\s+multiple(="[^"]*")?(?=\s|$)')


def fill_in(form: FormState, content: str) -> str:
    """Return the content of a form, where what ``attrs`` wrote as ``value`` stands where the element has it."""
    if "<textarea" in content:
        content = AREA.sub(r"<textarea\1\3>\n\2</textarea>", content)
    return SELECT.sub(partial(choose, form), content) if "<select" in content else content


def choose(form: FormState, match: re.Match[str]) -> str:
    before, value, after, options = match.groups()
    named = NAME.search(before + after)
    name = unescape(named.group(1)) if named else ""
    is_multiple = bool(name) and form.describe(name).multiple
    chosen = form.control(name).chosen if is_multiple else {unescape(value)}
    if is_multiple:  # whether or not the template says it too
        before, after = MULTIPLE.sub("", before), MULTIPLE.sub("", after) + " multiple"

    def choose_option(option: re.Match[str]) -> str:
        attributes, text = option.groups()
        own = VALUE.search(attributes)
        is_chosen = unescape(own.group(1) if own else text.strip()) in chosen
        return f"<option{SELECTED.sub('', attributes)}{' selected' if is_chosen else ''}>{text}"

    return f"<select{before}{after}>{OPTION.sub(choose_option, options)}</select>"
