"""Mistakes in templates: what is wrong, where, and what to write."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Final

from jinja2 import Undefined, UndefinedError

from ..operation import Operation

#: a method that a template writes without calling it, as Python shows it
UNCALLED: Final = "&lt;bound method FormState."


def no_body(action: Any) -> TypeError:
    return TypeError(
        f"action_form({action!r}) needs a body: {{% call(form) action_form({action!r}) %}}…{{% endcall %}}."
    )


def no_attributes(operation: Operation, given: Any) -> TypeError:
    return TypeError(
        f"action_form({operation.name!r}, attrs={given!r}): give a mapping, as in attrs={{'class': 'wide'}}."
    )


def block_without_form(operation: Operation) -> UndefinedError:
    """Return the error of a block that asks for a form which it has not taken."""
    return UndefinedError(
        "'form' is undefined: the block does not take it."
        f" Write {{% call(form) action_form({operation.name!r}) %}}, with form in brackets."
    )


def nested_form(operation: Operation, outer: str) -> TypeError:
    """Return the error of a form within a form, of which browsers make one (HTML, 4.10.3)."""
    return TypeError(
        f"action_form({operation.name!r}) stands within action_form({outer!r}), and HTML nests no forms."
        ' Close that one first, or give it a second button: <button formaction="{{ action_url(...) }}">.'
    )


def form_within(operation: Operation, tag: str) -> TypeError:
    """Return the error of a form with a URL of its own that stands within a form: browsers drop its tag."""
    return TypeError(
        f"{tag} stands within action_form({operation.name!r}), and HTML nests no forms. Close that one first."
        " A macro that writes whole forms takes action_state(...).wtf and action=action_url(...), outside of it."
    )


def uncalled(content: str) -> TypeError:
    name = content.partition(UNCALLED)[2].partition(" ")[0]
    given = "" if name == "fields" else "'name'"
    return TypeError(f"form.{name} is written and not called. Write {{{{ form.{name}({given}) }}}}.")


def unknown_action(action: Any, known: list[str]) -> LookupError:
    if isinstance(action, Undefined):
        action, mend = action._undefined_name, " It is undefined in the template: write its name in quotes."
    elif known:
        near = get_close_matches(str(action), known, 1)
        mend = f" Did you mean {near[0]!r}?" if near else " Is the module that registers it imported?"
    else:
        mend = " Import the module whose functions @actions.register registers."
    return LookupError(f"There is no action {action!r}.{mend} Registered are: {', '.join(known) or 'none at all'}.")
