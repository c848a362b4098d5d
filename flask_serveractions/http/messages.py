"""What we say to visitors, and saying it in their language.

The English text is the key of its translation. Texts are recognised where they are sent, so that marshmallow's own are
translated as well, whatever field or validator they come from.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

Gettext = Callable[[str], str]

LONGEST = 500  # characters of a text that is looked for


def _(text: str) -> str:
    """Mark a text for ``pybabel extract``."""
    return text


PAGES = (
    _("en"),  # <html lang> of the built-in pages: translate it as "de"
    _("Back to the page"),
    _("What you sent"),
    _("Done."),
    _("Working"),
    _("Waiting to begin."),
    _("Under way."),
    _("Look again"),
    _("Show"),
    _("Try again"),
    _("This part can't be shown just now."),
)
TITLES = (
    _("Bad Request"),
    _("Unauthorized"),
    _("Forbidden"),
    _("Not Found"),
    _("Not Acceptable"),
    _("Conflict"),
    _("Request Entity Too Large"),
    _("Unsupported Media Type"),
    _("Unprocessable Entity"),
    _("Too Many Requests"),
    _("Internal Server Error"),
    _("Service Unavailable"),
)
REFUSALS = (
    _("Sign in to do this."),
    _("The form is no longer valid. Please send it again."),
    _("There is no such action, or the form is no longer valid. Please send it again."),
    _("You are somebody else by now than when this page was shown. Please check what you typed, and send it."),
    _("The request comes from another site."),
    _("The request's body could not be read: {reason}."),
    _("The request is too large: {reason}."),
    _("The address has too many arguments."),
    _("The request's charset is not known here. Send UTF-8."),
    _("A compressed body is not accepted."),
    _("Send a form or JSON."),
    _("{method} is not allowed here. Allowed: {allow}."),
    _("This answers with {type}."),
    _("This answers with {type} or {other}."),
    _("There is nothing here."),
    _("There is no such job."),
    _("The state of the job can't be read just now."),
    _("The job was cancelled."),
    _("You have too many jobs under way. Wait until one has ended, or cancel one."),
    _("The job was interrupted: it may have been done in part."),
    _("This can't be started just now. Please try again in a moment."),
    _("This can't be done safely just now. Please try again in a moment."),
    _("This runs once for a key. Send one of 1 to {longest} characters in {header} or {field}."),
    _("This was done before. Its answer was too large to be kept."),
    _("This was sent before with other content."),
    _("This was sent before and is still being done."),
    _("This was sent before and interrupted: it may have been done, or not. Check before you send it again."),
    _("This has changed since it was read. Read it again, then repeat the change."),
    _(
        "The entity tag is not that of this page of the list now. Each page has its own: send the one that this very"
        " URL has, or If-Match: *."
    ),
    _("The entity tag is weak (W/), as a proxy that compresses makes it, and If-Match takes none. Send a strong one."),
    _("This exists already, or is still what was read."),
    _("This change needs an If-Match header with the entity tag that was read (ETag)."),
    _("The message is no JSON object."),
    _("The message is not of the kind that is taken here."),
    _("The signature is missing, wrong or too old."),
    _("Something went wrong here. It was logged."),
)
VALIDATION = (
    _("Some of what was sent is not valid."),
    _("Must not hold NUL or half a surrogate pair."),
    _("Must be a whole number from 1 to {largest}."),
    _("This is no cursor of this list. Begin without one."),
    _("Not valid."),
)
MARSHMALLOW = (
    _("Missing data for required field."),
    _("Field may not be null."),
    _("Unknown field."),
    _("Invalid input type."),
    _("Invalid type."),
    _("Invalid value."),
    _("Invalid input."),
    _("Not a valid string."),
    _("Not a valid utf-8 string."),
    _("Not a valid integer."),
    _("Not a valid number."),
    _("Number too large."),
    _("Special numeric values (nan or infinity) are not permitted."),
    _("Not a valid boolean."),
    _("Not a valid date."),
    _("Not a valid {kind}."),
    _("Not a valid {awareness} {kind}."),
    _("Not a valid period of time."),
    _("Not a valid UUID."),
    _("Not a valid URL."),
    _("Not a valid email address."),
    _("Not a valid IP address."),
    _("Not a valid IP interface."),
    _("Not a valid IPv4 address."),
    _("Not a valid IPv4 interface."),
    _("Not a valid IPv6 address."),
    _("Not a valid IPv6 interface."),
    _("Not a valid list."),
    _("Not a valid tuple."),
    _("Not a valid mapping type."),
    _("Must be one of: {choices}."),
    _("Must be equal to {other}."),
    _("Must be greater than {min}."),
    _("Must be greater than or equal to {min}."),
    _("Must be less than {max}."),
    _("Must be less than or equal to {max}."),
    _("Must be greater than {min} and less than {max}."),
    _("Must be greater than {min} and less than or equal to {max}."),
    _("Must be greater than or equal to {min} and less than {max}."),
    _("Must be greater than or equal to {min} and less than or equal to {max}."),
    _("Length must be {equal}."),
    _("Length must be between {min} and {max}."),
    _("Longer than maximum length {max}."),
    _("Shorter than minimum length {min}."),
    _("One or more of the choices you made was in: {values}."),
    _("One or more of the choices you made was not in: {choices}."),
    _("String does not match expected pattern."),
)
MESSAGES = PAGES + TITLES + REFUSALS + VALIDATION + MARSHMALLOW


def pattern_of(message: str) -> re.Pattern[str]:
    """Return what a message looks like when its variables are filled in: ``{min}`` becomes a group of that name."""
    parts = re.split(r"\{(\w+)\}", message)
    groups = [f"(?P<{part}>.*)" if index % 2 else re.escape(part) for index, part in enumerate(parts)]
    return re.compile("".join(groups), re.DOTALL)


PLAIN = frozenset(message for message in MESSAGES if "{" not in message)
#: the most definite first: "Must be greater than or equal to {min}." before "Must be greater than {min}."
PATTERNS = [(message, pattern_of(message)) for message in sorted(set(MESSAGES) - PLAIN, key=len, reverse=True)]


def gettext_of(app: Flask) -> Gettext | None:
    """Return Flask-Babel's ``gettext``, which knows the visitor's language, where the app has it."""
    found: Gettext | None = getattr(sys.modules.get("flask_babel"), "gettext", None)
    return found if "babel" in app.extensions else None


def language_of(app: Flask) -> str | None:
    """Return the language that Flask-Babel tells us to speak now, as ``"de"`` or ``"pt_BR"``; None without it.

    Outside of a request that is the app's own, where the function that chooses one asks the request.
    """
    babel = sys.modules.get("flask_babel")
    if babel is None or "babel" not in app.extensions:
        return None
    try:
        return str(babel.get_locale())
    except RuntimeError:  # "Working outside of request context."
        return str(babel.get_babel(app).default_locale)


def in_language(app: Flask, language: str | None) -> AbstractContextManager[Any]:
    """Let the body speak a language; whichever it would where that is None."""
    babel = sys.modules.get("flask_babel")
    if babel is None or language is None or "babel" not in app.extensions:
        return nullcontext()
    forced: AbstractContextManager[Any] = babel.force_locale(language)
    return forced


def translated(gettext: Gettext, text: str) -> str:
    """Return one of our texts, or of marshmallow's, in another language; any other text as it is."""
    if text in PLAIN:
        return str(gettext(text))
    if len(text) > LONGEST:
        return text
    for message, pattern in PATTERNS:
        match = pattern.fullmatch(text)
        if match is not None:
            return fill_in(str(gettext(message)), match.groupdict(), text)
    return text


def fill_in(message: str, variables: dict[str, str], otherwise: str) -> str:
    try:
        return message.format(**variables)
    except (LookupError, ValueError):  # a translation with other variables, or a lonely brace
        return otherwise


def is_message(value: Any) -> bool:
    """Whether a value is a text, or one that will be when it is asked for: a lazy translation."""
    return isinstance(value, str) or hasattr(value, "casefold")
