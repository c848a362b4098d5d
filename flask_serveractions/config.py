"""The settings of one app: read once, checked, frozen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import urlsplit

DEFAULT_STORE = "serveractions.sqlite3"  # in the instance folder

DEFAULT_PORTS = {"http": 80, "https": 443}

HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")  # a name, or an address of IPv6
PATH = re.compile(r"(/(?!\.\.?(/|$))[\w.~-]+)+", re.ASCII)  # a browser resolves "." and ".." before it asks

#: scheme, host, effective port
Origin = tuple[str, str, int]


def parse_origin(value: str) -> Origin | None:
    """Return the parts of an origin (RFC 6454, 6.1), or None where it does not parse (``null`` does not).

    :param value: ``scheme://host[:port]``, as browsers send it: ``https://example.org``.
    """
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc or re.search(r"[\s\\?#]", value):
        return None
    return parts.scheme, parts.hostname, DEFAULT_PORTS[parts.scheme] if port is None else port


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``app.config`` said when the extension was initialised."""

    url_prefix: str = "/_actions"
    max_age: int | None = None  # seconds
    bind_session: bool = True
    allowed_origins: frozenset[Origin] = frozenset()
    max_content_length: int = 1024 * 1024  # bytes
    login_view: str | None = None  # an endpoint
    store_url: str = field(default=f"sqlite:///{DEFAULT_STORE}", repr=False)  # it may hold a password
    celery: Any = None
    max_jobs: int = 10  # of one visitor, waiting or running
    live_streams: int = 1  # held open in a process
    openapi_url: str | None = "/openapi.json"
    docs: str | None = None  # a path
    gettext: Callable[[str], str] | None = None  # None: Flask-Babel's, where the app has it

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Return the settings of an app.

        :param config: ``app.config``.
        :raises ValueError: a value that can't be right; the message names the key and the mend.
        """
        given = {key: config[key] for key in SETTINGS_KEYS if key in config}
        values = {field_of(key): CHECKS[key](key, value) for key, value in given.items()}
        return cls(**values)


def nearest_key(key: str) -> str:
    """Return the setting whose name is most like a key that is none."""
    return max(SETTINGS_KEYS, key=lambda known: SequenceMatcher(None, key, known).ratio())


def unknown_keys(config: Mapping[str, Any]) -> list[str]:
    """Return the keys that begin as ours do, and are none."""
    return [key for key in config if key.startswith("SERVERACTIONS_") and key not in SETTINGS_KEYS]


def field_of(key: str) -> str:
    return key.removeprefix("SERVERACTIONS_").lower()


EXAMPLES_OF_PATHS = {
    "SERVERACTIONS_URL_PREFIX": "/_actions",
    "SERVERACTIONS_OPENAPI_URL": "/openapi.json",
    "SERVERACTIONS_DOCS": "/docs",
}


def path(key: str, value: Any) -> str:
    if not isinstance(value, str) or not PATH.fullmatch(value):
        raise ValueError(
            f"{key} is {value!r}. Give a path that starts with / and does not end with it: {EXAMPLES_OF_PATHS[key]!r}."
        )
    return value


def path_or_none(key: str, value: Any) -> str | None:
    return None if value is None else path(key, value)


def seconds_or_none(key: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{key} is {value!r}. Give a whole number of seconds above 0, or None for no limit.")
    return value


def size(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{key} is {value!r}. Give a whole number of bytes above 0: 1024 * 1024.")
    return value


def count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{key} is {value!r}. Give a whole number above 0: 10.")
    return value


def count_or_zero(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{key} is {value!r}. Give a whole number, 0 for none: 1.")
    return value


def truth(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{key} is {value!r}. Give True or False.")
    return value


def origins(key: str, value: Any) -> frozenset[Origin]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"{key} is {value!r}. Give a sequence of origins: ('https://example.org',).")
    return frozenset(checked_origin(key, each) for each in value)


def checked_origin(key: str, value: Any) -> Origin:
    origin = parse_origin(value) if isinstance(value, str) else None
    if origin is None or not HOST.fullmatch(origin[1]):  # a browser sends no wildcard, and names in ASCII alone
        raise ValueError(f"{key} holds {value!r}. Write an origin as scheme://host[:port]: 'https://example.org'.")
    return origin


def endpoint_or_none(key: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise ValueError(f"{key} is {value!r}. Give the endpoint of your sign-in page, as in url_for: 'login'.")
    return value


def store_url(key: str, value: Any) -> str:
    if not isinstance(value, str) or "://" not in value:
        shown = without_password(value) if isinstance(value, str) else value
        raise ValueError(f"{key} is {shown!r}. Give a URL: 'sqlite:///serveractions.sqlite3' or 'redis://host:6379/0'.")
    return value


def without_password(url: str) -> str:
    """Return a URL as a message may show it: ``redis://…@host:6379/0?…``, also one that is written wrongly."""
    if url.startswith("sqlite:///"):
        return url
    scheme, separator, rest = url.partition("://")
    if not separator:
        return "…" if re.search(r"[:@?]", url) else url
    _, at, place = rest.rpartition("@")
    place, mark, _ = place.partition("?")
    host, path = re.fullmatch(r"([^/]*)(.*)", place, re.DOTALL).groups()  # type: ignore[union-attr]  # all match
    is_host = re.fullmatch(r"[\w.-]*(:[0-9]+)?|\[[0-9a-f:.]+\](:[0-9]+)?", host, re.ASCII | re.IGNORECASE)
    return f"{scheme}://{'…@' if at else ''}{host if is_host else '…'}{path}{'?…' if mark else ''}"


def callable_or_none(key: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise ValueError(f"{key} is {value!r}. Give a function that returns a text in the visitor's language: gettext.")
    return value


def celery_or_none(key: str, value: Any) -> Any:
    if value is not None and not (hasattr(value, "tasks") and callable(getattr(value, "task", None))):
        raise ValueError(
            f"{key} is {value!r}. Give the Celery app itself: Celery('shop', broker='redis://host:6379/1')."
        )
    return value


CHECKS = {
    "SERVERACTIONS_URL_PREFIX": path,
    "SERVERACTIONS_MAX_AGE": seconds_or_none,
    "SERVERACTIONS_BIND_SESSION": truth,
    "SERVERACTIONS_ALLOWED_ORIGINS": origins,
    "SERVERACTIONS_MAX_CONTENT_LENGTH": size,
    "SERVERACTIONS_LOGIN_VIEW": endpoint_or_none,
    "SERVERACTIONS_STORE_URL": store_url,
    "SERVERACTIONS_CELERY": celery_or_none,
    "SERVERACTIONS_MAX_JOBS": count,
    "SERVERACTIONS_LIVE_STREAMS": count_or_zero,
    "SERVERACTIONS_OPENAPI_URL": path_or_none,
    "SERVERACTIONS_DOCS": path_or_none,
    "SERVERACTIONS_GETTEXT": callable_or_none,
}
SETTINGS_KEYS = tuple(CHECKS)
