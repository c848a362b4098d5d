"""Werkzeug's rules, whose builders of URLs are compiled once for all apps of a process.

A rule compiles two functions of Python for itself, which takes longer than anything else in making an app; and a test
makes an app, with rules that the test before had too. Equal rules get equal functions, that know nothing of the rule
they are for: it is their first argument.
"""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule

Builder = Any  # a function of the rule and the values in its URL

compile_builder = Rule._compile_builder
builders: dict[tuple[Any, ...], Builder] = {}


def builder_of(rule: Rule, append_unknown: bool = True) -> Builder:
    """Return what Werkzeug compiles for a rule, once for all that it is the same for."""
    if rule.defaults:  # written into it, by converters of the rule's own
        return compile_builder(rule, append_unknown)
    key = rule.rule, append_unknown, *rule._trace
    if key not in builders:
        builders[key] = compile_builder(rule, append_unknown)
    return builders[key]


def build_each_rule_once() -> None:
    Rule._compile_builder = builder_of  # type: ignore[method-assign]
