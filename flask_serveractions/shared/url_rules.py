"""The URL rules of an app: which of them a text spells, and which of them match a path.

No regular expression is made of what was given: texts are compared, and paths are matched by the app's own rules.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.routing.converters import BaseConverter

LONGEST_RULE = 2000  # characters of a text that is read as a rule
REMEMBERED = 1024  # paths, each of at most so many characters
SHOWN = 200  # characters

VARIABLE = re.compile(
    r"""< \s* (?: (?P<converter>[a-z_]\w*) \s* (?: \( (?P<arguments> (?: [^()"'] | "[^"]*" | '[^']*' )* ) \) )? \s* : )?
        \s* [a-z_]\w* \s* >""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
ARGUMENT = re.compile(r"""\s* (?: (\w+) \s* = \s* )? ( "[^"]*" | '[^']*' | [\w.+-]+ ) \s* (?: , | $ )""", re.VERBOSE)
CONSTANTS = {"True": True, "False": False, "None": None}

#: what a rule says, however it is spelled: static texts, and converters with all their arguments
Meaning = tuple[Any, ...]


class UrlRules:
    """Those rules of a URL map that have variables; the spellings of one rule have one name among them."""

    def __init__(self, url_map: Map) -> None:
        self.size = size_of(url_map)
        self.converters = dict(url_map.converters)
        self.names: dict[Meaning, str] = {}
        self.spellings: dict[str, str] = {}
        of_pages = {rule.rule for rule in url_map.iter_rules() if not str(rule.endpoint).startswith("actions.")}
        self.of_pages = [text for text in sorted(of_pages) if "<" in text]
        for text in sorted({rule.rule for rule in url_map.iter_rules() if "<" in rule.rule}):
            meaning = self.meaning(text) or (text,)
            self.spellings[text] = self.names.setdefault(meaning, text)
        converters = {name: by_pattern(converter) for name, converter in self.converters.items()}
        self.matchers = [
            (text.partition("<")[0], Map([Rule(text, endpoint=text)], converters=converters).bind("localhost"), text)
            for text in self.names.values()
        ]
        self.remembered: dict[str, tuple[str, ...]] = {}

    def name_of(self, text: str) -> str | None:
        """Return the name of the rule that a text spells; a query does not count. None where the map has no such rule.

        Variables may have other names, and arguments of converters stand in another order, be quoted, or be those that
        hold anyway: ``/todos/<int:id>``, ``/notes/<string(minlength=1):name>``.
        """
        if text in self.spellings:
            return self.spellings[text]
        meaning = self.meaning(text) if len(text) <= LONGEST_RULE else None
        return None if meaning is None else self.names.get(meaning)

    def matching(self, path: str) -> tuple[str, ...]:
        """Return the names of all rules that match a path, which is not quoted."""
        known = self.remembered.get(path)
        if known is None:
            known = tuple(self._matching(path))
            if len(self.remembered) >= REMEMBERED:
                self.remembered.clear()
            if len(path) <= REMEMBERED:
                self.remembered[path] = known
        return known

    def _matching(self, path: str) -> Iterator[str]:
        for prefix, adapter, name in self.matchers:
            if path.startswith(prefix):
                try:
                    adapter.match(path)
                except HTTPException:
                    continue
                yield name

    def alike(self, text: str) -> list[str]:
        """Return a few rules that begin as a text does, for a message."""
        head = text.partition("<")[0]
        return [each for each in self.of_pages if each.startswith(head)][:3] or self.of_pages[:3]

    def meaning(self, text: str) -> Meaning | None:
        """Return what a rule says, or None where a text is none that this map could have."""
        parts: list[Any] = []
        position = 0
        while position < len(text):
            end = text.find("<", position)
            static = text[position : end if end >= 0 else len(text)]
            path = re.split("[?#]", static, maxsplit=1)[0]
            parts.append(unquote(path))
            if path != static or end < 0:
                break
            found = VARIABLE.match(text, end)
            converter = found and self.converter(found["converter"] or "default", found["arguments"] or "")
            if found is None or converter is None:
                return None
            parts.append(converter)
            position = found.end()
        return tuple(each for each in parts if each != "")

    def converter(self, name: str, arguments: str) -> tuple[Any, ...] | None:
        kind = self.converters.get(name)
        given = parsed(arguments)
        if kind is None or given is None:
            return None
        try:
            bound = inspect.signature(kind).bind(None, *given[0], **given[1])
        except (TypeError, ValueError):
            return None
        bound.apply_defaults()
        values = list(bound.arguments.values())[1:]  # the first is the map
        return kind, *(tuple(sorted(each.items())) if isinstance(each, dict) else each for each in values)


def parsed(arguments: str) -> tuple[list[Any], dict[str, Any]] | None:
    """Return a converter's arguments as Werkzeug reads them, by position and by name; None where it could not."""
    by_position: list[Any] = []
    by_name: dict[str, Any] = {}
    position = 0
    while position < len(arguments):
        found = ARGUMENT.match(arguments, position)
        if found is None:
            return None
        name, value = found[1], value_of(found[2])
        if name is None:
            by_position.append(value)
        else:
            by_name[name] = value
        position = found.end()
    return by_position, by_name


def value_of(text: str) -> Any:
    if text in CONSTANTS:
        return CONSTANTS[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text[1:-1] if text[0] in "\"'" else text


def by_pattern(converter: Any) -> Any:
    """Return a converter that matches alone: an app's own may ask a database for what a path names."""
    if converter.__module__ == BaseConverter.__module__ or not inspect.isclass(converter):
        return converter
    return type(converter.__name__, (converter,), {"to_python": lambda self, value: value})


def size_of(url_map: Map) -> int:
    return sum(1 for _ in url_map.iter_rules())


known: WeakKeyDictionary[Map, UrlRules] = WeakKeyDictionary()


def rules_of(app: Flask) -> UrlRules:
    """Return the rules of an app, read anew where some have come since."""
    rules = known.get(app.url_map)
    if rules is None or rules.size != size_of(app.url_map):
        rules = known[app.url_map] = UrlRules(app.url_map)
    return rules
