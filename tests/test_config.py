"""The settings of an app: read once, checked, frozen."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from celery import Celery
from flask import Flask

from flask_serveractions import ServerActions
from flask_serveractions.app_state import state_of
from flask_serveractions.config import CHECKS, SETTINGS_KEYS, Settings, field_of, parse_origin


def test_the_defaults_are_those_of_the_documentation() -> None:
    assert dataclasses.asdict(Settings.from_config({})) == {
        "url_prefix": "/_actions",
        "max_age": None,
        "bind_session": True,
        "allowed_origins": frozenset(),
        "max_content_length": 1024 * 1024,
        "login_view": None,
        "store_url": "sqlite:///serveractions.sqlite3",
        "celery": None,
        "max_jobs": 10,
        "live_streams": 1,
        "openapi_url": "/openapi.json",
        "docs": None,
        "gettext": None,
    }


def test_every_key_is_a_setting_and_is_checked() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert {field_of(key) for key in SETTINGS_KEYS} == fields
    assert set(CHECKS) == set(SETTINGS_KEYS)


def test_settings_are_read_when_the_extension_is_initialised() -> None:
    app = Flask(__name__)
    app.config.update(SERVERACTIONS_URL_PREFIX="/a/_b-c.d", SERVERACTIONS_MAX_AGE=60, SERVERACTIONS_LOGIN_VIEW="in")
    ServerActions(app)
    app.config["SERVERACTIONS_MAX_AGE"] = 5
    settings = state_of(app).settings
    assert (settings.url_prefix, settings.max_age, settings.login_view) == ("/a/_b-c.d", 60, "in")
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.max_age = 7  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value", "mend"),
    [
        ("URL_PREFIX", "actions", "starts with /"),
        ("URL_PREFIX", "/", "starts with /"),
        ("URL_PREFIX", "/actions/", "does not end with it"),
        ("URL_PREFIX", "/a//b", "starts with /"),
        ("URL_PREFIX", "/<name>", "starts with /"),
        ("URL_PREFIX", "/ä", "starts with /"),
        ("URL_PREFIX", "/a/../b", "starts with /"),
        ("URL_PREFIX", "/.", "starts with /"),
        ("CELERY", "shop", "the Celery app itself"),
        ("CELERY", True, "the Celery app itself"),
        ("DOCS", "docs", "'/docs'"),
        ("OPENAPI_URL", "/", "'/openapi.json'"),
        ("URL_PREFIX", "/a\n", "starts with /"),
        ("URL_PREFIX", None, "starts with /"),
        ("MAX_AGE", 0, "above 0, or None"),
        ("MAX_AGE", -1, "above 0, or None"),
        ("MAX_AGE", 1.5, "above 0, or None"),
        ("MAX_AGE", True, "above 0, or None"),
        ("MAX_AGE", "60", "above 0, or None"),
        ("BIND_SESSION", "no", "True or False"),
        ("BIND_SESSION", 1, "True or False"),
        ("BIND_SESSION", None, "True or False"),
        ("MAX_CONTENT_LENGTH", -1, "bytes above 0"),
        ("MAX_CONTENT_LENGTH", 0, "bytes above 0"),
        ("MAX_CONTENT_LENGTH", "1 MB", "bytes above 0"),
        ("MAX_CONTENT_LENGTH", None, "bytes above 0"),
        ("MAX_CONTENT_LENGTH", True, "bytes above 0"),
        ("ALLOWED_ORIGINS", "https://example.org", "a sequence"),
        ("ALLOWED_ORIGINS", None, "a sequence"),
        ("ALLOWED_ORIGINS", ["example.org"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["https://example.org/"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["https://example.org/path"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["https://user@example.org"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["https://example.org:port"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["https://example.org:99999"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["https://*.example.org"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["*"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["null"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["https://münchen.example"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["ftp://example.org"], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["http://["], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", ["https://ok.example", 5], "scheme://host[:port]"),
        ("ALLOWED_ORIGINS", [["https://example.org"]], "scheme://host[:port]"),
        ("LOGIN_VIEW", "", "url_for"),
        ("LOGIN_VIEW", 5, "url_for"),
        ("STORE_URL", "serveractions.sqlite3", "redis://"),
        ("STORE_URL", None, "redis://"),
        ("STORE_URL", "mysql://localhost/db", "redis://"),
        ("OPENAPI_URL", "openapi.json", "starts with /"),
        ("OPENAPI_URL", False, "starts with /"),
        ("DOCS", "docs", "starts with /"),
        ("DOCS", True, "starts with /"),
    ],
)
def test_a_value_that_can_not_be_right_is_an_error_that_names_key_value_and_mend(
    key: str, value: Any, mend: str
) -> None:
    app = Flask(__name__)
    app.config[f"SERVERACTIONS_{key}"] = value
    with pytest.raises(ValueError, match=f"SERVERACTIONS_{key}") as caught:
        ServerActions(app)
    shown = value[-1] if isinstance(value, list) else value
    assert repr(shown) in str(caught.value)
    assert mend in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MAX_AGE", None),
        ("LOGIN_VIEW", None),
        ("LOGIN_VIEW", "auth.login"),
        ("OPENAPI_URL", None),
        ("DOCS", None),
        ("STORE_URL", "redis://localhost:6379/0"),
        ("STORE_URL", "sqlite:////tmp/x.sqlite3"),
        ("ALLOWED_ORIGINS", ()),
        ("ALLOWED_ORIGINS", {"https://example.org"}),
        ("CELERY", Celery("shop")),
    ],
)
def test_what_can_be_right_is_taken(key: str, value: Any) -> None:
    Settings.from_config({f"SERVERACTIONS_{key}": value})


def test_keys_of_others_are_none_of_our_business() -> None:
    assert Settings.from_config({"SECRET_KEY": 5, "MAX_CONTENT_LENGTH": -1}) == Settings()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://example.org", ("https", "example.org", 443)),
        ("http://example.org", ("http", "example.org", 80)),
        ("HTTPS://Example.ORG:8443", ("https", "example.org", 8443)),
        ("http://localhost:5000", ("http", "localhost", 5000)),
        ("http://a_b.example", ("http", "a_b.example", 80)),
        ("http://[::1]:80", ("http", "::1", 80)),
        ("https://xn--mnchen-3ya.example", ("https", "xn--mnchen-3ya.example", 443)),
        ("https://example.org:443", ("https", "example.org", 443)),
    ],
)
def test_an_origin_is_scheme_host_and_effective_port(value: str, expected: Any) -> None:
    assert parse_origin(value) == expected
    assert Settings.from_config({"SERVERACTIONS_ALLOWED_ORIGINS": [value]}).allowed_origins == {expected}


NO_ORIGINS = (
    "null http:// http://[ http://[::1 //example.org https:example.org http://a\\b http://a?b http://a#b http://a?"
)
NO_ORIGINS += " http://a# http://a:b http://a:-1 javascript://a http://a@b http://a/"


@pytest.mark.parametrize("value", ["", "http://a b", *NO_ORIGINS.split()])
def test_what_does_not_parse_is_no_origin(value: str) -> None:
    assert parse_origin(value) is None


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("SERVERACTIONS_MAX_CONTENT_LENGHT", "SERVERACTIONS_MAX_CONTENT_LENGTH"),
        ("SERVERACTIONS_ALLOWED_ORIGIN", "SERVERACTIONS_ALLOWED_ORIGINS"),
        ("SERVERACTIONS_STORE", "SERVERACTIONS_STORE_URL"),
        ("SERVERACTIONS_LOGINVIEW", "SERVERACTIONS_LOGIN_VIEW"),
        ("SERVERACTIONS_BIND_SESSIONS", "SERVERACTIONS_BIND_SESSION"),
    ],
)
def test_a_key_that_is_none_of_ours_is_a_warning_that_names_the_nearest(
    key: str, meant: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "a key for tests"
    ServerActions(app)
    app.config[key] = None
    client = app.test_client()
    assert [client.get("/").status_code, client.get("/").status_code] == [404, 404]
    (warning,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert (warning.name, warning.getMessage()) == ("flask_serveractions", f"{key} is no setting. Is {meant} meant?")


@pytest.mark.parametrize("given", [[""], ["an old key", ""], [b""], [None], ("",), "old"])
def test_a_fallback_that_is_no_secret_signs_nothing_and_is_warned_of(
    given: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests", SECRET_KEY_FALLBACKS=given)
    actions = ServerActions(app)
    client = app.test_client()
    client.get("/")
    assert "SECRET_KEY_FALLBACKS" in caplog.text
    assert actions is app.extensions["serveractions"]
    keys = state_of(app).signing.ring.keys
    assert set(keys) - {"an old key", "old"} == {"a key for tests"}
    assert "key" in keys[-1]
