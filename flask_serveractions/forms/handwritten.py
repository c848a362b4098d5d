"""Controls written by hand around ``form.attrs``: a textarea and a select have no ``value`` of their own in HTML."""

from __future__ import annotations

import re

AREA = re.compile(r'<textarea\b([^>]*?) value="([^"]*)"([^>]*)>\s*</textarea>')
SELECT = re.compile(r'<select\b([^>]*?) value="([^"]*)"([^>]*)>(.*?)</select>', re.DOTALL)
OPTION = re.compile(r"<option\b([^>]*)>([^<]*)")
VALUE = re.compile(r'\bvalue="([^"]*)"')
SELECTED = re.compile(r'\s+selected(="[^"]*")?(?=\s|$)')


def fill_in(content: str) -> str:
    """Return the content of a form, where what ``attrs`` wrote as ``value`` stands where the element has it."""
    if "<textarea" in content:
        content = AREA.sub(r"<textarea\1\3>\n\2</textarea>", content)
    return SELECT.sub(choose, content) if "<select" in content else content


def choose(match: re.Match[str]) -> str:
    before, value, after, options = match.groups()

    def choose_option(option: re.Match[str]) -> str:
        attributes, text = option.groups()
        own = VALUE.search(attributes)
        is_chosen = (own.group(1) if own else text.strip()) == value
        return f"<option{SELECTED.sub('', attributes)}{' selected' if is_chosen else ''}>{text}"

    return f"<select{before}{after}>{OPTION.sub(choose_option, options)}</select>"
