"""marshmallow's messages as sentences for people: "Please fill in this field."."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from ..http.messages import LONGEST, pattern_of

FILL_IN = "Please fill in this field."
FORM = "This does not have the expected form."
VALUE = "This value is not allowed."
NUMBER = "Not a valid number."
TEXT = "Not a valid string."
IP_ADDRESS = "Please enter an IP address."

#: the keys are marshmallow's; "Not a valid date." and its like say enough, and other texts are somebody's own
PLAIN = {
    "Missing data for required field.": FILL_IN,
    "Field may not be null.": FILL_IN,
    "Invalid input type.": FORM,
    "Invalid type.": FORM,
    "Not a valid list.": FORM,
    "Not a valid tuple.": FORM,
    "Not a valid mapping type.": FORM,
    "String does not match expected pattern.": FORM,
    "Invalid value.": VALUE,
    "Invalid input.": VALUE,
    "Not a valid utf-8 string.": TEXT,
    "Special numeric values (nan or infinity) are not permitted.": NUMBER,
    "Number too large.": "This number is too large.",
    "Not a valid IP address.": IP_ADDRESS,
    "Not a valid IP interface.": IP_ADDRESS,
    "Not a valid IPv4 address.": IP_ADDRESS,
    "Not a valid IPv4 interface.": IP_ADDRESS,
    "Not a valid IPv6 address.": IP_ADDRESS,
    "Not a valid IPv6 interface.": IP_ADDRESS,
}
VARIABLE = {
    "Must be one of: {choices}.": "Please choose one of: {choices}.",
    "One or more of the choices you made was not in: {choices}.": "Please choose only from: {choices}.",
    "One or more of the choices you made was in: {values}.": "Please leave out: {values}.",
    "Must be equal to {other}.": "Must be {other}.",
    "Must be greater than {min}.": "Must be more than {min}.",
    "Must be greater than or equal to {min}.": "Must be at least {min}.",
    "Must be less than {max}.": "Must be less than {max}.",
    "Must be less than or equal to {max}.": "Must be at most {max}.",
    "Must be greater than {min} and less than {max}.": "Must be more than {min} and less than {max}.",
    "Must be greater than {min} and less than or equal to {max}.": "Must be more than {min} and at most {max}.",
    "Must be greater than or equal to {min} and less than {max}.": "Must be at least {min} and less than {max}.",
    "Must be greater than or equal to {min} and less than or equal to {max}.": "Must be from {min} to {max}.",
    "Length must be {equal}.": "Exactly {equal} characters.",
    "Length must be between {min} and {max}.": "Length must be between {min} and {max} characters.",
    "Longer than maximum length {max}.": "At most {max} characters.",
    "Shorter than minimum length {min}.": "At least {min} characters.",
}
#: a number, a date, a time, or a length of time as ``str`` writes it
QUANTITY = r"[-+]?\d[-+\d.,:ET ]*(?:days?, [\d:.]+)?"
ONE = re.compile(r"(Exactly|At most|At least) 1 (?:characters|entries)\.")


@cache
def patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(message, pattern_of(message, variable_of(message))) for message in VARIABLE]


def variable_of(message: str) -> str:
    """Return what may stand for a variable: somebody's own "Must be greater than the start." is no message here."""
    return ".*" if "{choices}" in message or "{values}" in message else QUANTITY


def sentence_of(text: str, value: object = None) -> str:
    """Return what a visitor is told for a message of marshmallow's; any other text as it is.

    :param value: what the message is about: the length of a list is one of entries.
    """
    if text in PLAIN:
        return PLAIN[text]
    if len(text) > LONGEST:
        return text
    of_one, of_entries = matching_sentences(text)
    return of_entries if of_entries != of_one and isinstance(value, (list, tuple, dict)) else of_one


@lru_cache(maxsize=1024)  # the same few messages, each held against sixteen patterns: a tenth of a refusal
def matching_sentences(text: str) -> tuple[str, str]:
    """Return what is told of one value, and of one with entries."""
    for message, pattern in patterns():
        match = pattern.fullmatch(text)
        if match is not None:
            sentence = VARIABLE[message].format(**match.groupdict())
            return counted(sentence, has_entries=False), counted(sentence, has_entries=True)
    return text, text


def counted(sentence: str, *, has_entries: bool) -> str:
    """Say "entries" where that is what a length counts, and "1 character"."""
    if has_entries and sentence.endswith(" characters."):
        sentence = f"{sentence.removesuffix('characters.')}entries."
        sentence = sentence.replace("Length must be between", "Between")
    one = ONE.fullmatch(sentence)
    if one is None:
        return sentence
    return f"{one[1]} 1 {'entry' if has_entries else 'character'}."
