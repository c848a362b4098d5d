"""The state of a form: what a template asks it for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup, escape

from ..errors import WHOLE
from ..operation import MISSING
from . import elements
from .attributes import SAID_BY_NOTHING, input_attributes
from .initial_values import initial_at, is_index, is_item, is_listed
from .inputs import NESTED, Input, Kind, Options, render_attributes, written
from .native_inputs import plain_text

MOST_CLEAN = 1000  # rows have names without end
WITH_IDS = frozenset({"name", "id", "aria-describedby"})


class Control(NamedTuple):
    """What the inputs of one name show, of which a list has many."""

    texts: tuple[str, ...]
    chosen: frozenset[str]  # the same, where each button looks for its own


@dataclass(slots=True, kw_only=True, eq=False)
class FormState:
    """One form on one page: clean, or as the call that failed left it.

    ``values`` are the submitted values by name, ``errors`` the messages by name, ``message`` is for the whole form, and
    ``result`` is what ``ActionError(..., result=)`` carried, or what the function returned (``show_result=True``).
    """

    id: str  # unique on the page
    describe: Callable[[str], Input]
    names: Callable[[], Iterable[str]] = tuple  # of the controls, in the order of the signature
    initial: Any = None  # a mapping or an object that a clean form shows
    given: dict[str, Any] = field(default_factory=dict)  # to whole objects and lists, by their names
    make_wtf: Callable[[FormState], Any] | None = None
    make_hidden: Callable[[], str] | None = None  # the hidden fields, where no action_form writes them
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    summary: str = ""  # the failure's message
    result: Any = None
    submitted: bool = False
    failed: bool = False
    shown: set[str] = field(default_factory=set)  # the fields whose errors the template has placed
    message_shown: bool = False
    rendered: dict[str, int] = field(default_factory=dict)  # controls by name, errors by their IDs: how often
    clean: dict[str, str] = field(default_factory=dict)  # see clean_attributes; forms of one action share it
    _wtf: Any = None
    _controls: dict[str, Control] = field(default_factory=dict)  # by name
    _in_order: list[tuple[str, int]] | None = None  # the names of the values
    _invalid_lists: set[str] | None = None  # the names of those with items that are wrong

    @property
    def ok(self) -> bool:
        """Whether nothing went wrong so far."""
        return not self.failed

    @property
    def message(self) -> str:
        """Return the failure's message, or ``""``. Who asks for it shows it: the form then does not."""
        self.message_shown = True
        return self.summary

    if not TYPE_CHECKING:  # a checker knows the attributes that there are

        def __getattr__(self, name: str) -> Any:
            """Say how a control is written, where WTForms' way was tried: ``form.text``, ``form.text()``."""
            if not name.startswith("_") and name in self.names():
                raise TypeError(
                    f"form.{name}: write <input {{{{ form.attrs({name!r}) }}}}> or {{{{ form.field({name!r}) }}}};"
                    f" what it shows is form.value({name!r}), and form.wtf is the FlaskForm of an action"
                    " that takes one."
                )
            if name in WTFORMS:
                raise TypeError(f"form.{name}: {WTFORMS[name]}")
            raise AttributeError(f"FormState has no {name!r}.")

    def value(self, name: str, default: Any = None) -> Any:
        """Return what a form shows at a name, of the argument's type: what was sent, else the initial value.

        Text that the argument's type can't be read from is given as it was sent; a list where there are many. Of what
        was sent below a name it is a dictionary, or a list of them: ``value("items")`` of ``items.0.text``.

        :param name: as the input has it; nested ones with dots: ``"address.city"``.
        :param default: what is returned where there is nothing to show. A secret is never given back: it is ``""``.
        :raises LookupError: the action takes no such name.
        """
        described = self.describe(name)
        if described.secret:
            return ""
        if self.submitted and described.kind in NESTED:
            return self.nested_value(name, described)
        if self.is_sent(name, described):
            texts = [described.read(text) for text in self.texts_of(name)]
            return texts if described.multiple else (texts[0] if texts else default)
        if self.submitted and self.keys_below(name):
            return self.nested_value(name, described)
        value = initial_at(self.initial, self.given, name, described)
        if value is MISSING:
            value = self.default_of(name, described) if default is None else default
        return default if value is MISSING else value

    def nested_value(self, name: str, described: Input) -> list[Any] | dict[str, Any]:
        """Return what was sent below a name, unknown names left out: a list where it has indices, else a dictionary."""
        values: dict[str, Any] = {}
        for key in self.keys_said(name, described):
            with suppress(LookupError):
                values[key] = self.value(f"{name}{described.separator}{key}")
        is_list = described.kind is Kind.OBJECTS or (described.kind not in NESTED and all(map(is_index, values)))
        return list(values.values()) if is_list else values

    def keys_said(self, name: str, described: Input) -> list[str]:
        """Return the keys below a name of which something was said, be it by sending nothing."""
        keys = self.keys_below(name)
        unsent = [part for part in described.parts if part not in keys] if described.kind is Kind.OBJECT else []
        prefix = f"{name}{described.separator}"
        return [*keys, *(part for part in unsent if self.describe(f"{prefix}{part}").kind in SAID_BY_NOTHING)]

    def is_sent(self, name: str, described: Input) -> bool:
        """Whether what was sent says what a control holds; boxes and choices say it by sending nothing."""
        return self.submitted and (name in self.values or described.kind in SAID_BY_NOTHING)

    def texts_of(self, name: str, given: Any = None) -> tuple[str, ...]:
        """Return the texts that a control shows: what was sent, else the initial value as it is written.

        :param given: an initial value that is known where the control stands.
        """
        described = self.describe(name)
        if given is None or described.secret or described.kind is Kind.FILE or self.is_sent(name, described):
            return self.control(name).texts
        return texts_for(described, given, described.write)

    def control(self, name: str) -> Control:
        """Return what the inputs of a name show, which is found out once."""
        control = self._controls.get(name)
        if control is None:
            texts = self.texts_found(name, self.describe(name))
            control = self._controls[name] = Control(texts, frozenset(texts))
        return control

    def texts_found(self, name: str, described: Input) -> tuple[str, ...]:
        if described.secret or described.kind is Kind.FILE:
            return ()
        if not self.is_sent(name, described):
            return texts_for(described, self.initial_value(name, described, None), described.write)
        write = described.write if described.kind is Kind.BOX else plain_text
        return texts_for(described, self.values.get(name), write)

    def give(self, name: str, value: Any) -> None:
        """Let a whole object or list begin with a value that is known where its field stands."""
        self.given[name] = value
        self._controls.clear()

    def initial_value(self, name: str, described: Input, given: Any) -> Any:
        if given is not None:
            return given
        value = initial_at(self.initial, self.given, name, described)
        return self.default_of(name, described) if value is MISSING else value

    def default_of(self, name: str, described: Input) -> Any:
        """Return what a clean form shows where nothing else is said; parts of an object that is None show nothing."""
        around = name.rpartition(described.separator)[0]
        if around and self.is_nothing(around):
            return None
        return described.default() if callable(described.default) else described.default

    def is_nothing(self, name: str) -> bool:
        """Whether an object is None as the form begins."""
        described = self.describe(name)
        if described.kind is not Kind.OBJECT:
            return False
        value = self.initial_value(name, described, None)
        return value is None or (value is MISSING and described.nullable)

    def may_be_nothing(self, name: str, described: Input) -> bool:
        """Whether a control stands in an object that may be None: then so is the control's value."""
        around = name.rpartition(described.separator)[0]
        if not around:
            return False
        outer = self.describe(around)
        return outer.kind is Kind.OBJECT and (outer.nullable or self.may_be_nothing(around, outer))

    def keys_below(self, name: str) -> list[str]:
        """Return the keys or indices that a form shows below a name: ``["0", "1"]``."""
        described = self.describe(name)
        prefix = f"{name}{described.separator}"
        if self.submitted:
            rests = [each[len(prefix) :] for each in self.sent_below(prefix)]
            most = 0 if described.whole_keys else -1
            keys = list(dict.fromkeys(rest.split(described.separator, most)[0] for rest in rests))
            return sorted(filter(is_index, keys), key=int) if described.kind is Kind.OBJECTS else keys
        value = self.initial_value(name, described, None)
        if isinstance(value, Mapping):
            return [plain_text(key) for key in value]
        count = len(value) if is_listed(value) else 0
        return [str(index) for index in range(max(count, described.rows))]

    def sent_below(self, prefix: str) -> list[str]:
        """Return the names that begin with a prefix, in the order in which they were sent."""
        if self._in_order is None:
            self._in_order = sorted((name, place) for place, name in enumerate(self.values))
        start = bisect_left(self._in_order, (prefix,))
        following = (self._in_order[place] for place in range(start, len(self._in_order)))
        found = takewhile(lambda each: each[0].startswith(prefix), following)
        return [name for name, _ in sorted(found, key=itemgetter(1))]

    def holds(self, name: str, described: Input) -> bool:
        """Whether a form shows anything below the name of an object, other than defaults."""
        if self.submitted:
            return bool(self.keys_below(name))
        value = initial_at(self.initial, self.given, name, described)
        return value is not None and value is not MISSING

    def attrs(self, name: str, **attributes: Any) -> Markup:
        """Return the attributes of an input element: ``<input {{ form.attrs("text") }}>``.

        ``name``, ``id`` and ``aria-describedby``; from the signature ``type``, ``required``, ``maxlength``, ``min``,
        ``max``, ``step``, ``accept`` and ``multiple``; ``value`` or ``checked`` as the form has them; and, once it was
        sent, ``aria-invalid``.

        :param name: the argument's; nested ones with dots: ``"address.city"``.
        :param attributes: further ones, or others, with ``_`` for ``-``. ``value`` is the initial value; of radio
            buttons and checkboxes, and of one of several inputs for a list, the one that this input stands for: it
            stays, and the input is ``checked`` where it was chosen. ``checked`` is the initial state of a box.
        :raises LookupError: the action takes no such name.
        """
        if not (attributes or self.submitted or self.given) and self.initial is None:
            return self.clean_attributes(name)
        return render_attributes(input_attributes(self, name, attributes))

    def clean_attributes(self, name: str) -> Markup:
        """Return the attributes of an input that shows nothing: but for the IDs they are the same in every form.

        Remembering what stands between the IDs saves a quarter of what a form with one input costs.
        """
        between = self.clean.get(name)
        if between is None:
            made = input_attributes(self, name, {})
            between = render_attributes({key: made[key] for key in made if key not in WITH_IDS})
            if not self.describe(name).is_changing and len(self.clean) < MOST_CLEAN:
                self.clean[name] = between
            self.rendered[name] -= 1
        id_ = self.next_id(name)
        error_id = escape(self.error_id(name))
        parts = (f'name="{escape(str(name))}" id="{escape(id_)}"', between, f'aria-describedby="{error_id}"')
        return Markup(" ".join(filter(None, parts)))  # noqa: S704  # escaped above

    def next_id(self, name: str) -> str:
        """Return the ID of a control; of several by one name the second has ``-2``."""
        return self.numbered(self.input_id(name), name)

    def numbered(self, id_: str, counted: str) -> str:
        count = self.rendered[counted] = self.rendered.get(counted, 0) + 1
        return id_ if count == 1 else f"{id_}-{count}"

    def textarea(self, name: str, **attributes: Any) -> Markup:
        """Return a ``<textarea>`` with its text; ``attributes`` as :meth:`attrs` takes them."""
        return elements.textarea(self, name, attributes)

    def select(self, name: str, options: Options | None = None, **attributes: Any) -> Markup:
        """Return a ``<select>`` with its options.

        :param options: values, pairs of value and label, or a mapping of groups to either; without them those of the
            argument's ``Literal`` or ``Enum``.
        """
        return elements.select(self, name, options, attributes)

    def radios(self, name: str, options: Options | None = None, **attributes: Any) -> Markup:
        """Return radio buttons in their labels, as one group; ``options`` as :meth:`select` takes them.

        :param attributes: of each button; ``value`` is what is chosen initially.
        """
        return elements.group(self, name, "radiogroup", elements.buttons(self, name, options, "radio", attributes))

    def checkboxes(self, name: str, options: Options | None = None, **attributes: Any) -> Markup:
        """Return checkboxes in their labels, as one group; ``options`` as :meth:`select` takes them.

        :param attributes: of each box; ``value`` is a list of what is chosen initially.
        """
        return elements.group(self, name, "group", elements.buttons(self, name, options, "checkbox", attributes))

    def label(self, name: str, text: str | None = None, **attributes: Any) -> Markup:
        """Return the ``<label>`` of a control: its text, else the field's ``label``, else the name in words."""
        return elements.label(self, name, text, attributes)

    def field(self, name: str, label: str | None = None, **attributes: Any) -> Markup:
        """Return label, control and error in one block: the control that suits the argument's type.

        :param label: the label's text.
        :param attributes: the control's, as :meth:`attrs` takes them; ``options`` as :meth:`select` does, and
            ``type="radio"`` for radio buttons in place of that; for a list ``empty_rows``, how many rows more than
            there are: none of objects, and one of plain values, where it is not said.
        """
        return elements.field(self, name, label, attributes)

    def fields(self, *names: str) -> Markup:
        """Return a block for each name, or for all that the action takes: ``{{ form.fields() }}`` is the whole form."""
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"form.fields{names!r}: give the names one by one, as in form.fields('text', 'size').")
        return elements.joined(*(self.field(name) for name in names or self.names()))

    @property
    def wtf(self) -> Any:
        """Return the action's ``FlaskForm``, with what was sent and its errors, for WTForms' own rendering.

        :raises LookupError: the action takes none.
        """
        if self._wtf is None:
            if self.make_wtf is None:
                raise LookupError(
                    "form.wtf: this action takes no FlaskForm. Annotate a parameter with the form's class."
                )
            self._wtf = self.make_wtf(self)
        return self._wtf

    def error(self, name: str, **attributes: Any) -> Markup:
        """Return the element that holds a field's messages: there, and empty, where there are none.

        ``<span class="serveractions-error" id="…" data-error="text">…</span>``, escaped; several are parted by a space.

        :param attributes: further ones, or another ``class_``.
        """
        messages = self.messages_of(name)
        self.shown |= {name, *messages}
        text = " ".join(text for texts in messages.values() for text in texts)
        error_id = self.error_id(name)
        id_ = self.numbered(error_id, error_id)
        if attributes:
            made = {"class": "serveractions-error", "id": id_, "data-error": name}
            return elements.element("span", {**made, **written(attributes)}, text)
        # Markup.format takes five times as long
        return Markup(  # noqa: S704
            f'<span class="serveractions-error" id="{escape(id_)}"'
            f' data-error="{escape(str(name))}">{escape(text)}</span>'
        )

    def messages_of(self, name: str) -> dict[str, list[str]]:
        """Return a field's messages, and those of its items where one input sends several values: ``tags.1``."""
        found = {name: self.errors[name]} if name in self.errors else {}
        if self.describe(name).multiple:
            found |= {each: texts for each, texts in self.errors.items() if is_item(each, name)}
        return found

    def has_messages(self, name: str) -> bool:
        """Whether :meth:`messages_of` has any: so many ask as a list has inputs."""
        if name in self.errors or not self.errors:
            return bool(self.errors)
        if self._invalid_lists is None:
            self._invalid_lists = {each.rpartition(".")[0] for each in self.errors if is_index(each.rpartition(".")[2])}
        return name in self._invalid_lists and self.describe(name).multiple

    def input_id(self, name: str) -> str:
        return f"{self.id}-{name.replace('.', '-')}"

    def error_id(self, name: str) -> str:
        return f"{self.input_id(name)}-error"

    def unplaced_error(self) -> str:
        """Return what the template has not shown: the message, and messages of fields that it has no place for."""
        lines = [] if self.message_shown or self.has_field_error() else [self.summary]
        for name, messages in self.errors.items():
            if name not in self.shown:
                lines += messages if name == WHOLE else [f"{name}: {message}" for message in messages]
        return " ".join(dict.fromkeys(line for line in lines if line))

    def has_field_error(self) -> bool:
        return any(self.summary in messages for name, messages in self.errors.items() if name in self.shown)


def texts_for(described: Input, value: Any, write: Callable[[Any], str]) -> tuple[str, ...]:
    if value is None or value is MISSING:
        return ()
    values = value if is_listed(value) else (value,)
    return tuple(write(each) for write, each in zip(chain(described.write_each, repeat(write)), values, strict=False))


#: what WTForms' forms have and is tried here
WTFORMS = {
    "hidden_tag": "action_form writes the hidden fields, the CSRF token among them. Leave it out.",
    "validate_on_submit": "the action is called with valid arguments alone. What was not valid is in form.errors.",
}
