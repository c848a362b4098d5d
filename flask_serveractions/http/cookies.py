"""Cookies as the next request would carry them (RFC 6265)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple


class SetCookie(NamedTuple):
    """One ``Set-Cookie`` header, as far as it matters here."""

    name: str
    value: str
    path: str | None
    domain: str | None
    deleted: bool

    @classmethod
    def parse(cls, header: str) -> SetCookie:
        pair, *rest = header.split(";")
        name, _, value = pair.partition("=")
        attributes = {key.strip().lower(): text.strip() for key, _, text in (each.partition("=") for each in rest)}
        domain = attributes.get("domain", "").lstrip(".").lower() or None
        return cls(name.strip(), value.strip(), attributes.get("path"), domain, is_expired(attributes))

    def goes_to(self, path: str) -> bool:
        """Whether a request for a path carries it."""
        return not self.path or is_path_of_cookie(path, self.path)


def is_path_of_cookie(path: str, cookie_path: str) -> bool:
    """Whether a path is the cookie's, or one below it (RFC 6265, 5.1.4)."""
    return path == cookie_path or path.startswith(cookie_path if cookie_path.endswith("/") else f"{cookie_path}/")


def is_expired(attributes: dict[str, str]) -> bool:
    age = attributes.get("max-age", "")
    if re.fullmatch(r"-?[0-9]+", age, re.ASCII):
        return age.startswith("-") or not age.strip("0")
    if "expires" not in attributes:
        return False
    try:
        expires = parsedate_to_datetime(attributes["expires"])
    except (TypeError, ValueError):
        return False
    return expires.replace(tzinfo=expires.tzinfo or timezone.utc) <= datetime.now(timezone.utc)


def cookies_after(sent: str, headers: Iterable[str], path: str) -> str:
    """Return a ``Cookie`` header: what was sent, as an answer has set *and deleted* it since.

    :param sent: the request's own ``Cookie`` header.
    :param headers: the answer's ``Set-Cookie`` headers.
    :param path: what the next request asks for, with its mount point.
    """
    cookies: dict[str, str] = {}
    for pair in sent.split(";"):
        name, separator, value = pair.strip().partition("=")
        if separator:
            cookies.setdefault(name, value)
    for cookie in map(SetCookie.parse, headers):
        if not cookie.goes_to(path):
            continue
        cookies.pop(cookie.name, None)
        if not cookie.deleted:
            cookies[cookie.name] = cookie.value
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def last_of_each(headers: Iterable[str]) -> list[str]:
    """Return the last ``Set-Cookie`` header of each name, domain and path, in the order in which they were sent."""
    last: dict[tuple[str, str | None, str | None], str] = {}
    for header in headers:
        cookie = SetCookie.parse(header)
        key = (cookie.name, cookie.domain, cookie.path)
        last.pop(key, None)
        last[key] = header
    return list(last.values())
