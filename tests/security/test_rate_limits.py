"""Flask-Limiter's limits at both doors."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from flask import Flask, render_template_string
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from marshmallow.validate import Regexp
from werkzeug.exceptions import TooManyRequests
from werkzeug.test import TestResponse

from flask_serveractions import MethodRoute, Progress, ServerActions
from flask_serveractions.testing import ActionsClient

BROWSER = {"Accept": "text/html,*/*;q=0.8", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
PAGE = """<!doctype html>{% for name in names %}
{% call(form) action_form(name) %}{{ form.fields() }}{% endcall %}{% endfor %}"""


class LimitedApp:
    """An app with a limiter and the extension."""

    def __init__(self, folder: Path, *defaults: str, **config: Any) -> None:
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update({"SECRET_KEY": "of the tests", **config})
        self.app.test_client_class = ActionsClient
        self.limiter = Limiter(get_remote_address, app=self.app, default_limits=list(defaults), storage_uri="memory://")
        self.actions = ServerActions(self.app)
        self.ran: list[str] = []
        self.client: ActionsClient = self.app.test_client()  # type: ignore[assignment]

    def page(self, *names: str) -> None:
        self.app.add_url_rule("/", "index", lambda: render_template_string(PAGE, names=names))

    def call(self, times: int, action: str = "greet", **arguments: Any) -> list[int]:
        return [self.client.call_action(action, **arguments).status_code for _ in range(times)]

    def gets(self, times: int, path: str = "/api/greeting", **headers: str) -> list[TestResponse]:
        return [self.client.get(path, headers=headers) for _ in range(times)]


@pytest.fixture
def limited(tmp_path: Path) -> LimitedApp:
    return LimitedApp(tmp_path)


def is_too_many(response: TestResponse) -> bool:
    """Whether an answer says so as everything else is said here."""
    assert response.json is not None
    members = {name: response.json[name] for name in ("status", "title")}
    assert members == {"status": 429, "title": "Too Many Requests"}
    return (
        response.status_code == 429
        and response.mimetype == "application/problem+json"
        and 1 <= int(response.headers["Retry-After"]) <= 61
    )


# Actions


def test_a_limit_below_register_counts(limited: LimitedApp) -> None:
    @limited.actions.register
    @limited.limiter.limit("2/minute")
    def greet(name: str) -> str:
        limited.ran.append(name)
        return f"Hello {name}"

    assert limited.call(3, name="Ada") == [200, 200, 429]
    assert limited.ran == ["Ada", "Ada"]


def test_a_limit_above_register_counts_as_well(limited: LimitedApp) -> None:
    @limited.limiter.limit("2/minute")
    @limited.actions.register
    def greet(name: str) -> str:
        limited.ran.append(name)
        return f"Hello {name}"

    assert limited.call(3, name="Ada") == [200, 200, 429]
    assert limited.ran == ["Ada", "Ada"]


def test_a_limit_above_register_counts_for_async_functions(limited: LimitedApp) -> None:
    @limited.limiter.limit("1/minute")
    @limited.actions.register
    async def greet() -> str:
        return "Hello"

    assert limited.call(2) == [200, 429]


def test_two_limits_above_register_count_once_each(limited: LimitedApp) -> None:
    @limited.limiter.limit("3/minute")
    @limited.limiter.limit("2/hour")
    @limited.actions.register
    def greet() -> None: ...

    assert limited.call(3) == [200, 200, 429]


def test_every_action_counts_by_itself(limited: LimitedApp) -> None:
    @limited.actions.register
    @limited.limiter.limit("1/minute")
    def greet() -> None: ...

    @limited.limiter.limit("1/minute")
    @limited.actions.register
    def part() -> None: ...

    @limited.actions.register
    def stay() -> None: ...

    assert (limited.call(2), limited.call(2, "part"), limited.call(3, "stay")) == ([200, 429], [200, 429], [200] * 3)


def test_a_script_gets_problem_details_and_when_to_come_again(limited: LimitedApp) -> None:
    @limited.actions.register
    @limited.limiter.limit("1/minute", error_message="Not so fast.")
    def greet() -> None: ...

    limited.client.call_action("greet")
    answer = limited.client.call_action("greet")
    assert is_too_many(answer)
    assert answer.json is not None
    assert answer.json["detail"] == "Not so fast."
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_browser_gets_the_apps_own_page_and_when_to_come_again(limited: LimitedApp) -> None:
    @limited.actions.register
    @limited.limiter.limit("1/minute")
    def greet(text: str) -> None: ...

    limited.page("greet")
    page = limited.client.get("/", headers=BROWSER)
    assert limited.client.submit(page, "greet", text="a").status_code == 303
    answer = limited.client.submit(page, "greet", text="b")
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_somebody_unknown_sends_does_not_count(limited: LimitedApp) -> None:
    @limited.actions.register
    @limited.limiter.limit("1/minute")
    def greet() -> None: ...

    known: list[str] = []
    limited.actions.auth_hook(lambda operation: next(iter(known), None))
    assert limited.call(3) == [401, 401, 401]
    known.append("ada")
    assert limited.call(2) == [200, 429]


def above(limited: LimitedApp, function: Any) -> Any:
    return limited.limiter.limit("3/minute")(limited.actions.register(function))


def below(limited: LimitedApp, function: Any) -> Any:
    return limited.actions.register(limited.limiter.limit("3/minute")(function))


def between(limited: LimitedApp, function: Any) -> Any:
    inner = limited.limiter.limit("3/minute")(function)
    return limited.actions.register(functools.wraps(inner)(lambda **arguments: inner(**arguments)))


@pytest.mark.parametrize("stand", [above, below, between])
def test_a_guess_that_a_validator_refuses_counts_as_one_that_it_lets_pass(limited: LimitedApp, stand: Any) -> None:
    def greet(pin: Annotated[str, Regexp("[0-9]{4}")]) -> None: ...

    stand(limited, greet)
    guesses = [limited.client.call_action("greet", pin=pin).status_code for pin in ("x", "1234", "yz", "y", "5678")]
    assert guesses == [422, 200, 422, 429, 429]


@pytest.mark.parametrize("stand", [above, below, between])
def test_asking_whether_a_field_is_right_counts(limited: LimitedApp, stand: Any) -> None:
    def greet(pin: Annotated[str, Regexp("[0-9]{4}")]) -> None: ...

    stand(limited, greet)
    limited.client.environ_base["HTTP_SERVERACTIONS_VALIDATE"] = "pin"
    asked = [limited.client.call_action("greet", pin=pin).status_code for pin in ("x", "1234", "y", "1234")]
    assert asked == [422, 204, 422, 429]


def test_a_guess_at_a_resource_counts_too(limited: LimitedApp) -> None:
    @limited.actions.route("/safe")
    class Safe(MethodRoute):
        @limited.limiter.limit("2/minute")
        def post(self, pin: Annotated[str, Regexp("[0-9]{4}")]) -> None: ...

    sent = [limited.client.post("/safe", json={"pin": pin}).status_code for pin in ("x", "1234", "y")]
    assert [*sent, limited.client.post("/safe", data="{", content_type="application/json").status_code] == [
        *(422, 204, 429),
        429,
    ]


def test_a_stream_counts_before_its_first_event(limited: LimitedApp) -> None:
    @limited.actions.register
    @limited.limiter.limit("1/minute")
    def greet() -> Iterator[Progress]:
        yield Progress(1, 2)

    assert limited.call(2) == [200, 429]


def test_a_limit_above_a_background_action_counts_when_the_job_is_ordered(limited: LimitedApp) -> None:
    @limited.limiter.limit("1/minute")
    @limited.actions.register(background=True)
    def greet() -> None: ...

    assert limited.call(2) == [202, 429]


def test_a_limit_below_a_background_action_is_an_error_at_start(limited: LimitedApp) -> None:
    @limited.actions.register(background=True)
    @limited.limiter.limit("1/minute")
    def greet() -> None: ...

    with pytest.raises(RuntimeError, match="put the limit above @register"):
        limited.client.get("/")


def test_an_answer_that_is_kept_comes_again_without_counting(limited: LimitedApp) -> None:
    @limited.limiter.limit("1/minute")
    @limited.actions.register(once=True)
    def greet(text: str) -> None: ...

    limited.page("greet")
    page = limited.client.get("/", headers=BROWSER)
    answers = [limited.client.submit(page, "greet", text="a") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303] * 3
    assert answers[-1].headers["Idempotency-Replayed"] == "true"


def test_a_limit_that_was_exceeded_leaves_the_key_free(limited: LimitedApp) -> None:
    @limited.limiter.limit("1/minute")
    @limited.actions.register(once=True)
    def greet(text: str) -> None:
        limited.ran.append(text)

    limited.page("greet")
    assert limited.client.submit(limited.client.get("/", headers=BROWSER), "greet", text="a").status_code == 303
    page = limited.client.get("/", headers=BROWSER)
    assert limited.client.submit(page, "greet", text="b").status_code == 429
    limited.limiter.reset()
    assert limited.client.submit(page, "greet", text="b").status_code == 303
    assert limited.ran == ["a", "b"]


# Resources


def test_a_limit_on_a_method_counts_for_that_method_alone(limited: LimitedApp) -> None:
    @limited.actions.route("/api/greeting")
    class Greeting(MethodRoute):
        @limited.limiter.limit("2/minute")
        def get(self) -> dict[str, str]:
            return {"text": "Hello"}

        def put(self) -> None: ...

    answers = limited.gets(3)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert is_too_many(answers[-1])
    assert limited.client.put("/api/greeting").status_code == 204


def test_limits_of_a_class_stand_in_its_decorators(limited: LimitedApp) -> None:
    @limited.actions.route("/api/greeting")
    class Greeting(MethodRoute):
        decorators = [limited.limiter.limit("2/minute")]

        def get(self) -> dict[str, str]:
            return {"text": "Hello"}

        def put(self) -> None: ...

    assert limited.client.put("/api/greeting").status_code == 204
    answers = limited.gets(2)
    assert [answer.status_code for answer in answers] == [200, 429]
    assert is_too_many(answers[-1])


def test_a_limit_on_the_class_itself_is_an_error_at_start(limited: LimitedApp) -> None:
    @limited.limiter.limit("2/minute")
    @limited.actions.route("/api/greeting")
    class Greeting(MethodRoute):
        def get(self) -> None: ...

    with pytest.raises(TypeError, match=r"Write decorators = \[limiter.limit"):
        limited.client.get("/")


def test_a_browser_at_a_resource_gets_the_apps_own_page(limited: LimitedApp) -> None:
    @limited.actions.route("/api/greeting")
    class Greeting(MethodRoute):
        @limited.limiter.limit("1/minute")
        def get(self) -> dict[str, str]:
            return {"text": "Hello"}

    answer = limited.gets(2, **BROWSER)[-1]
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert 1 <= int(answer.headers["Retry-After"]) <= 61


# Default limits


def test_default_limits_count_at_both_doors_and_answer_as_the_doors_do(tmp_path: Path) -> None:
    limited = LimitedApp(tmp_path, "1/minute")

    @limited.actions.register
    def greet() -> None: ...

    @limited.actions.route("/api/greeting")
    class Greeting(MethodRoute):
        def get(self) -> dict[str, str]:
            return {"text": "Hello"}

    limited.client.call_action("greet")
    refused = limited.client.call_action("greet")
    assert is_too_many(refused)
    assert refused.headers["Cache-Control"] == "no-store"
    assert is_too_many(limited.gets(2)[-1])


def test_default_limits_leave_the_apps_other_views_to_the_app(tmp_path: Path) -> None:
    limited = LimitedApp(tmp_path, "1/minute")
    limited.app.add_url_rule("/other", "other", lambda: "other")
    answer = limited.gets(2, "/other", Accept="application/json")[-1]
    assert (answer.status_code, answer.mimetype) == (429, "text/html")


def test_a_limit_of_its_own_replaces_the_default_limits(tmp_path: Path) -> None:
    limited = LimitedApp(tmp_path, "1/minute")

    @limited.actions.register
    @limited.limiter.limit("3/minute")
    def greet() -> None: ...

    @limited.limiter.limit("3/minute")
    @limited.actions.register
    def part() -> None: ...

    assert limited.call(4) == [200, 200, 200, 429]
    assert limited.call(4, "part") == [200, 200, 200, 429]


def test_an_exempt_function_knows_no_default_limits(tmp_path: Path) -> None:
    limited = LimitedApp(tmp_path, "1/minute")

    @limited.actions.register
    @limited.limiter.exempt
    def greet() -> None: ...

    @limited.limiter.exempt
    @limited.actions.register
    def part() -> None: ...

    @limited.actions.route("/api/greeting")
    class Greeting(MethodRoute):
        decorators = [limited.limiter.exempt]

        def get(self) -> dict[str, str]:
            return {"text": "Hello"}

    assert limited.call(3) == limited.call(3, "part") == [200] * 3
    assert [answer.status_code for answer in limited.gets(3)] == [200] * 3


def test_the_blueprint_of_the_client_and_of_jobs_can_be_exempt(tmp_path: Path) -> None:
    limited = LimitedApp(tmp_path, "1/minute")
    limited.limiter.exempt(limited.app.blueprints["actions"])
    assert [answer.status_code for answer in limited.gets(3, "/_actions/client.js")] == [200] * 3


# The app's own ways


def test_the_apps_own_handler_of_the_limit_answers_everybody(limited: LimitedApp) -> None:
    limited.app.register_error_handler(RateLimitExceeded, lambda error: ("Too often", 429))

    @limited.actions.register
    @limited.limiter.limit("1/minute")
    def greet() -> None: ...

    limited.client.call_action("greet")
    assert limited.client.call_action("greet").text == "Too often"


def test_the_apps_own_page_for_429_is_for_browsers(tmp_path: Path) -> None:
    limited = LimitedApp(tmp_path, "1/minute")
    limited.app.register_error_handler(429, lambda error: ("<h1>Slow down</h1>", 429))

    @limited.actions.route("/api/greeting")
    class Greeting(MethodRoute):
        def get(self) -> dict[str, str]:
            return {"text": "Hello"}

    assert limited.gets(2, **BROWSER)[-1].text == "<h1>Slow down</h1>"
    assert is_too_many(limited.gets(1)[-1])


def test_a_response_that_the_limiter_makes_is_sent_as_it_is(tmp_path: Path) -> None:
    limited = LimitedApp(tmp_path, "1/minute")

    @limited.actions.register
    @limited.limiter.limit("1/minute", on_breach=lambda limit: limited.app.make_response(("Own", 429)))
    def greet() -> None: ...

    limited.client.call_action("greet")
    assert limited.client.call_action("greet").text == "Own"


def test_the_limiters_own_headers_are_sent_too(tmp_path: Path) -> None:
    limited = LimitedApp(tmp_path, RATELIMIT_HEADERS_ENABLED=True)

    @limited.actions.register
    @limited.limiter.limit("1/minute")
    def greet() -> None: ...

    assert limited.client.call_action("greet").headers["X-RateLimit-Remaining"] == "0"
    refused = limited.client.call_action("greet")
    assert refused.headers["X-RateLimit-Limit"] == "1"
    assert len(refused.headers.getlist("Retry-After")) == 1


def test_a_429_of_the_functions_own_says_when_to_come_again_only_where_it_knows(limited: LimitedApp) -> None:
    @limited.actions.register
    def greet() -> None:
        raise TooManyRequests("Later", retry_after=7)

    answer = limited.client.call_action("greet")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
