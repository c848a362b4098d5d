"""What we say to visitors, and saying it in their language.

The English text is the key of its translation. Texts are recognised where they are sent. The app's catalogue is asked
first, then the one in ``translations/``, which holds what visitors read; ``make translations`` compiles it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gettext import NullTranslations

    from flask import Flask

Gettext = Callable[[str], str]

TRANSLATIONS = Path(__file__).parents[1] / "translations"
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
    _("Cancel"),
    _("Show"),
    _("Try again"),
    _("This part can't be shown just now."),
)
CLIENT = (  # what the JavaScript client says by itself
    _("No usable answer. Please try again."),
    _("The page could not be loaded."),
    _("This part could not be loaded."),
    _("Try again"),
    _("The form that you had begun is gone."),
    _("What you have typed will be lost."),
    _("Close"),
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
    _("This page was open for too long. What you typed is still here: please send it again."),
    _("There is no such action, or the form is no longer valid. Please send it again."),
    _("You are somebody else by now than when this page was shown. Please check what you typed, and send it."),
    _("The request comes from another site."),
    _("The request is too large: {reason}."),
    _("The request is too large: at most {size} can be sent."),
    _("There is nothing here."),
    _("There is no such job."),
    _("The job was cancelled."),
    _("You have too many jobs under way. Wait until one has ended, or cancel one."),
    _("The job was interrupted: it may have been done in part."),
    _("This can't be started just now. Please try again in a moment."),
    _("This can't be done safely just now. Please try again in a moment."),
    _("This was sent before and is still being done."),
    _("This was sent before and interrupted: it may have been done, or not. Check before you send it again."),
    _("This has changed since it was read. Read it again, then repeat the change."),
    _("Something went wrong here. It was logged."),
)
PROGRAMS = (  # what the authors of callers read, in English
    _("The request's body could not be read: {reason}."),
    _("The address has too many arguments."),
    _("The request's charset is not known here. Send UTF-8."),
    _("A compressed body is not accepted."),
    _("Send a form or JSON."),
    _("{method} is not allowed here. Allowed: {allow}."),
    _("This answers with {type}."),
    _("This answers with {type} or {other}."),
    _("The state of the job can't be read just now."),
    _("This runs once for a key. Send one of 1 to {longest} characters in {header} or {field}."),
    _("This was done before. Its answer was too large to be kept."),
    _("This was sent before with other content."),
    _(
        "The entity tag is not that of this page of the list now. Each page has its own: send the one that this very"
        " URL has, or If-Match: *."
    ),
    _("If-Match names no entity tag. Send that of the answer that was read, with its quotes, or *."),
    _("The entity tag is weak (W/), as a proxy that compresses makes it, and If-Match takes none. Send a strong one."),
    _("This exists already, or is still what was read."),
    _("This change needs an If-Match header with the entity tag that was read (ETag)."),
    _("The message is no JSON object."),
    _("The message is not of the kind that is taken here."),
    _("The signature is missing, wrong or too old."),
    _("Must not hold NUL or half a surrogate pair."),
    _("Must be a whole number from 1 to {largest}."),
    _("This is no cursor of this list. Begin without one."),
)
VALIDATION = (
    _("Some of what was sent is not valid."),
    _("Not valid."),
)
SENTENCES = (  # what marshmallow's messages are told as, see sentences.py
    _("Please fill in this field."),
    _("Unknown field."),
    _("This does not have the expected form."),
    _("This value is not allowed."),
    _("Not a valid string."),
    _("Not a valid integer."),
    _("Not a valid number."),
    _("This number is too large."),
    _("Not a valid boolean."),
    _("Not a valid date."),
    _("Not a valid time."),
    _("Not a valid datetime."),
    _("Not a valid aware datetime."),
    _("Not a valid naive datetime."),
    _("Not a valid period of time."),
    _("Not a valid UUID."),
    _("Not a valid URL."),
    _("Not a valid email address."),
    _("Please enter an IP address."),
    _("Please choose one of: {choices}."),
    _("Please choose only from: {choices}."),
    _("Please leave out: {values}."),
    _("Must be {other}."),
    _("Must be more than {min}."),
    _("Must be at least {min}."),
    _("Must be less than {max}."),
    _("Must be at most {max}."),
    _("Must be from {min} to {max}."),
    _("Must be more than {min} and less than {max}."),
    _("Must be more than {min} and at most {max}."),
    _("Must be at least {min} and less than {max}."),
    _("Exactly {equal} characters."),
    _("Exactly 1 character."),
    _("Length must be between {min} and {max} characters."),
    _("At most {max} characters."),
    _("At most 1 character."),
    _("At least {min} characters."),
    _("At least 1 character."),
    _("Exactly {equal} entries."),
    _("Exactly 1 entry."),
    _("Between {min} and {max} entries."),
    _("At most {max} entries."),
    _("At most 1 entry."),
    _("At least {min} entries."),
    _("At least 1 entry."),
)
FOR_VISITORS = PAGES + CLIENT + TITLES + REFUSALS + VALIDATION + SENTENCES
MESSAGES = FOR_VISITORS + PROGRAMS


def pattern_of(message: str, variable: str = ".*") -> re.Pattern[str]:
    """Return what a message looks like when its variables are filled in: ``{min}`` becomes a group of that name."""
    parts = re.split(r"\{(\w+)\}", message)
    groups = [f"(?P<{part}>{variable})" if index % 2 else re.escape(part) for index, part in enumerate(parts)]
    return re.compile("".join(groups), re.DOTALL)


PLAIN = frozenset(message for message in MESSAGES if "{" not in message)


@cache
def patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return ours: "Must be at least {min} and less than {max}." before "Must be at least {min}."."""
    return [(message, pattern_of(message)) for message in sorted(set(MESSAGES) - PLAIN, key=len, reverse=True)]


def gettext_of(app: Flask) -> Gettext | None:
    """Return Flask-Babel's ``gettext``, which knows the visitor's language, where the app has it.

    What the app's own catalogue does not translate is looked up in ours.
    """
    babel = sys.modules.get("flask_babel")
    if babel is None or "babel" not in app.extensions:
        return None

    def gettext(text: str) -> str:
        found = str(babel.gettext(text))
        return found if found != text else bundled(language_of(app) or "").gettext(text)

    return gettext


@lru_cache(maxsize=100)
def bundled(language: str) -> NullTranslations:
    """Return our catalogue for a language, as ``"pt_BR"``; an empty one where there is none."""
    from gettext import translation

    return translation("flask_serveractions", str(TRANSLATIONS), [language], fallback=True)


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
    """Return one of our texts in another language; any other text as it is."""
    if text in PLAIN:
        return str(gettext(text))
    if len(text) > LONGEST:
        return text
    for message, pattern in patterns():
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
