"""What a WTForms field says of its control."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from wtforms import (
    BooleanField,
    Field,
    FieldList,
    FormField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    SubmitField,
    TextAreaField,
)
from wtforms.csrf.core import CSRFTokenField
from wtforms.fields.choices import SelectFieldBase

from ..operation import MISSING
from ..schemas.flask_forms import field_named, new_entry, of_flask_wtf, separator_of
from .inputs import Input, Kind, is_secret_name, written
from .native_inputs import MOMENT, plain_text, truth_text

KINDS: tuple[tuple[type[Field], Kind], ...] = (
    (FormField, Kind.OBJECT),
    (FieldList, Kind.OBJECTS),
    (BooleanField, Kind.BOX),
    (SelectMultipleField, Kind.CHOICES),
    (RadioField, Kind.RADIOS),
    (SelectFieldBase, Kind.CHOICE),
    (TextAreaField, Kind.AREA),
)


#: what is described, or is the form's own matter
OUR_ATTRIBUTES = frozenset(
    {"name", "id", "type", "value", "checked", "required", "maxlength", "min", "max", "step", "multiple"}
)


def input_of(form: Any, name: str) -> Input | None:
    """Return what a form's field says of its control; None where the form has none of this name."""
    field = field_named(form, name)
    return None if field is None else described_field(field)


def described_field(field: Any) -> Input:
    own_type = type_of(field)
    is_file_input = own_type == "file"
    kind = Kind.FILE if is_file_input else next((kind for made, kind in KINDS if isinstance(field, made)), Kind.TEXT)
    return Input(
        kind=kind,
        type=None if own_type == "text" else own_type,
        required=bool(written_by(field, "required")),
        maxlength=written_by(field, "maxlength"),
        min=written_by(field, "min"),
        max=written_by(field, "max"),
        step=written_by(field, "step"),
        multiple=bool(written_by(field, "multiple")),
        accept=accepted(field) if is_file_input else None,
        secret=is_secret_field(field),
        options=tuple((plain_text(value), str(label)) for value, label in choices_of(field)),
        default=MISSING if field.data is None or is_file_input else field.data,
        label=str(field.label.text) if field.label else "",
        hint=str(field.description or ""),
        parts=tuple(each.short_name for each in field.form) if isinstance(field, FormField) else (),
        separator=separator_of(field) if isinstance(field, FieldList) else getattr(field, "separator", "-"),
        rows=field.min_entries if isinstance(field, FieldList) else 0,
        most=field.max_entries if isinstance(field, FieldList) else None,
        further=tuple(further_attributes(field)),
        write=truth_text if kind is Kind.BOX else partial(field_text, field),
    )


def is_secret_field(field: Any) -> bool:
    return isinstance(field, PasswordField) or type_of(field) == "password" or is_secret_name(field.name)


def type_of(field: Any) -> str | None:
    """Return the type of the input that WTForms writes; None for another element."""
    own_type: str | None = written_by(field, "type") or getattr(field.widget, "input_type", None)
    return own_type


def written_by(field: Any, name: str) -> Any:
    """Return an attribute as WTForms writes it: as ``render_kw`` says, else the widget, else the validators."""
    given = (field.render_kw or {}).get(name)
    if given is None:
        given = getattr(field.widget, name, None)
    if given is None:
        given = getattr(field.flags, name)
    return given() if callable(given) else given


def further_attributes(field: Any) -> Iterator[tuple[str, Any]]:
    """Yield what else WTForms writes of a field: what is in ``render_kw``, and that nobody is to change it."""
    yield from ((name, True) for name in ("disabled", "readonly") if getattr(field.flags, name))
    yield from ((name, value) for name, value in written(field.render_kw or {}).items() if name not in OUR_ATTRIBUTES)


def field_text(field: Any, value: Any) -> str:
    """Return a value as a field of a form writes it."""
    if isinstance(value, str) or not hasattr(field, "_value") or isinstance(field, (BooleanField, SelectFieldBase)):
        return plain_text(value)
    was, field.data, sent, field.raw_data = field.data, value, field.raw_data, None
    try:
        return native_text(field, plain_text(field._value()))
    except (ValueError, TypeError, AttributeError):
        return plain_text(value)
    finally:
        field.data, field.raw_data = was, sent


def native_text(field: Any, text: str) -> str:
    """Return a moment as ``datetime-local`` holds it, where the field reads that: WTForms writes a space for the T."""
    moment = text.replace(" ", "T", 1)
    reads = any("T" in each for each in getattr(field, "format", None) or ())
    return moment if reads and MOMENT.fullmatch(moment) else text


def choices_of(field: Any) -> Iterable[tuple[Any, Any]]:
    """Yield value and label of what can be chosen; choices that nobody has set are none."""
    if not isinstance(field, SelectFieldBase) or not getattr(field, "choices", True):
        return
    for choice in field.iter_choices():
        yield choice[0], choice[1]


def accepted(field: Any) -> str | None:
    """Return ``accept`` of a file input: ``".png,.jpg"``, as Flask-WTF's ``FileAllowed`` names the extensions."""
    file_allowed = of_flask_wtf("file", "FileAllowed")
    for validator in field.validators:
        extensions = validator.upload_set if isinstance(validator, file_allowed) else None
        if isinstance(extensions, (list, tuple, set, frozenset)):
            return ",".join(f".{str(each).lstrip('.')}" for each in extensions)
    return None


def wtf_names(form: Iterable[Any]) -> list[str]:
    """Return the names of a form's fields, without buttons and the token, which is ours."""
    return [field.name for field in form if not isinstance(field, (SubmitField, CSRFTokenField))]


def any_file(form: Iterable[Any]) -> bool:
    return any(is_file(field) for field in form)


def is_file(field: Any) -> bool:
    if isinstance(field, FieldList):
        return is_file(new_entry(field))
    if isinstance(field, FormField):
        return any_file(field.form)
    return getattr(field.widget, "input_type", None) == "file"
