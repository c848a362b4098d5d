"""Background jobs that a page shows: followed after a reload, and cancelled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import request
from playwright.sync_api import Browser, Page, Route, expect

from flask_serveractions import Bound, Progress, revalidate_tag
from tests.browser.readiness import await_ready
from tests.browser.stage import OURS, Stage, await_events, events, kinds, open_page
from tests.todo_app import served

JOBS = """<main>{% call action_form("report") %}<button id="order">Order</button>{% endcall %}
{% for job in action_jobs("report") %}<section {% if not job.ended %}data-job="{{ job.url }}"{% endif %}>
<b>{{ job.state }}</b> <i data-message>{{ job.message }}</i>
<progress value="{{ job.done }}" max="{{ job.total or 1 }}"></progress>
{% if not job.ended %}<form method="post" action="{{ job.url }}">{{ job.hidden_fields }}
<button class="cancel">Cancel</button></form>{% endif %}
</section>{% endfor %}</main>"""

#: seconds pass in hundredths
HASTE = "const wait = setTimeout; window.setTimeout = (act, pause, ...given) => wait(act, pause / 100, ...given);"


def set_jobs(stage: Stage) -> None:
    def report() -> Iterator[Progress | str]:
        yield Progress(1, 4, "one")
        stage.wait("two")
        yield Progress(2, 4, "two")
        stage.wait("end")
        yield Progress(3, 4, "three")
        return "done"

    stage.actions.register(background=True)(report)
    stage.page("/jobs", JOBS)


def order_and_leave(page: Page) -> None:
    """Order a job, and come to the page anew while it runs."""
    open_page(page, "/jobs")
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.locator("#order").click()
    open_page(page, "/jobs")


def break_twice(page: Page, url: str) -> list[str]:
    """Break the connection when a URL is asked for, and answer for it the next time; return what was asked for."""
    broken: list[str] = []

    def answer(route: Route) -> None:
        if len(broken) == 2:
            return route.continue_()
        broken.append(route.request.url)
        return route.abort() if len(broken) == 1 else route.fulfill(status=502, body="<h1>Bad gateway</h1>")

    page.route(url, answer)
    return broken


def test_a_job_is_followed_after_a_reload_until_its_page_is_fresh(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    order_and_leave(page)
    expect(page.locator("section [data-message]")).to_have_text("one")
    stage.gate("two").set()
    expect(page.locator("section [data-message]")).to_have_text("two")
    assert page.locator("section progress").evaluate("bar => [bar.value, bar.max]") == [2, 4]
    stage.gate("end").set()
    expect(page.locator("b")).to_have_text("done")
    expect(page.locator("[data-job]")).to_have_count(0)


def test_a_page_to_which_back_leads_as_it_was_left_follows_its_jobs_again(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    order_and_leave(page)
    with page.expect_request("**/-/jobs/*"):
        page.reload()
    for event in ("pagehide", "pageshow"):
        page.evaluate("type => dispatchEvent(new PageTransitionEvent(type, { persisted: true }))", event)
    stage.gate("two").set()
    expect(page.locator("section [data-message]")).to_have_text("two")
    stage.gate("end").set()
    expect(page.locator("b")).to_have_text("done")


def test_many_jobs_leave_connections_for_the_page(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    open_page(page, "/jobs")
    for _ in range(7):  # a browser opens six of them to a host
        with page.expect_response(lambda response: response.request.method == "POST"):
            page.locator("#order").click()
        open_page(page, "/jobs")
    expect(page.locator("[data-message]", has_text="one").first).to_be_visible()
    page.locator(".cancel").last.click()
    expect(page.locator(".cancel")).to_have_count(6)
    for gate in ("two", "end"):
        stage.gate(gate).set()
    expect(page.locator("[data-job]")).to_have_count(0)


def test_many_forms_whose_jobs_are_under_way_leave_connections_for_the_page(stage: Stage, page: Page) -> None:
    def count(number: Bound[int]) -> Iterator[Progress | int]:
        yield Progress(number, 10, f"{number} waits")
        stage.wait("end")
        return number

    stage.actions.register(background=True)(count)
    stage.page(
        "/counts",
        """{% for number in range(1, 8) %}{% call action_form("count", number=number) %}<progress></progress>
        <button>{{ number }}</button>{% endcall %}{% endfor %}""",
    )
    open_page(page, "/counts")
    for number in range(1, 8):  # a browser opens six connections to a host
        page.get_by_role("button", name=str(number)).click()
    for number in range(1, 5):  # as many run at once
        expect(page.locator("progress").nth(number - 1)).to_have_js_property("value", number)
    assert page.evaluate("fetch('/counts').then(({ status }) => status)") == 200
    stage.gate("end").set()
    await_events(page, "success", 7)
    assert sorted(carried for kind, *_, carried in events(page) if kind == "success") == list(range(1, 8))


def test_a_form_whose_job_nobody_tells_of_says_so_in_the_end(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    page.add_init_script(HASTE)
    open_page(page, "/jobs")
    page.route("**/-/jobs/**", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.locator("#order").click()
    expect(page.get_by_text("No usable answer. Please try again.")).to_be_visible()
    await_events(page, "finish", 1)
    assert "progress" not in kinds(page)


def test_a_form_whose_job_can_not_be_looked_at_for_the_moment_waits_for_its_end(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    page.add_init_script(HASTE)
    open_page(page, "/jobs")
    refusal = {"status": 503, "title": "Service Unavailable"}
    page.route(
        "**/-/jobs/**",
        lambda route: route.fulfill(status=503, headers=OURS | {"Retry-After": "5"}, json=refusal),
        times=2,
    )
    page.locator("#order").click()
    for gate in ("two", "end"):
        stage.gate(gate).set()
    await_events(page, "success", 1)


def test_a_job_is_no_longer_asked_for_by_whose_session_is_over(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    stage.actions.auth_hook(lambda operation: request.cookies.get("user"))
    open_page(page, "/jobs")
    page.evaluate("document.cookie = 'user=ann'")
    order_and_leave(page)
    expect(page.locator("section [data-message]")).to_have_text("one")
    asked: list[int] = []
    page.on("response", lambda response: asked.append(response.status) if "/-/jobs/" in response.url else None)
    page.context.clear_cookies(name="user")
    with page.expect_response(lambda response: "/-/jobs/" in response.url and response.status == 401):
        pass
    page.wait_for_timeout(2500)
    assert asked.count(401) == 1


def test_a_job_that_nobody_tells_of_for_a_moment_is_followed_on(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    broken = break_twice(page, "**/_actions/-/jobs/**")
    order_and_leave(page)
    expect(page.locator("section [data-message]")).to_have_text("one")
    stage.gate("two").set()
    stage.gate("end").set()
    expect(page.locator("b")).to_have_text("done")
    assert len(broken) == 2


def test_the_end_of_a_job_is_on_the_page_though_that_could_not_be_had_at_once(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    page.add_init_script(HASTE)
    order_and_leave(page)
    expect(page.locator("section [data-message]")).to_have_text("one")
    broken = break_twice(page, "**/jobs")
    for gate in ("two", "end"):
        stage.gate(gate).set()
    expect(page.locator("section b")).to_have_text("done")
    assert len(broken) == 2


def test_while_a_forms_job_runs_its_page_shows_what_others_change(stage: Stage, page: Page) -> None:
    ended: list[str] = []

    def report(name: str) -> Iterator[Progress]:
        yield Progress(1, 4)
        stage.wait("end")

    stage.actions.register(background=True)(report)
    stage.page(
        "/reports",
        """<main>{% call region("reports", live=("reports",)) %}{{ reports|join(" ") }}{% endcall %}
        {% if not reports %}{% call(form) action_form("report") %}{{ form.field("name") }}<button>Order</button>
        {% endcall %}{% endif %}</main>""",
        reports=lambda: ended,
    )
    page.request.get("/reports")
    with page.expect_response("**/-/live?**"):
        open_page(page, "/reports")
    page.fill("[name=name]", "mine")
    page.get_by_role("button").click()
    expect(page.locator("html[data-progress]")).to_have_count(1)
    with stage.app.app_context():
        ended.append("hers")
        revalidate_tag("reports")
    expect(page.locator("[data-region=reports]")).to_have_text("hers")
    expect(page.locator("form")).to_have_count(0)
    expect(page.get_by_text("The form that you had begun is gone.")).to_have_count(0)  # it has been sent


def test_a_job_is_cancelled_from_the_page_without_leaving_it(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    order_and_leave(page)
    expect(page.locator("section [data-message]")).to_have_text("one")
    page.evaluate("window.same = true")
    page.locator(".cancel").click()
    expect(page.locator("b")).to_have_text("failed")
    assert page.evaluate("window.same")


def test_a_cancel_that_nobody_answers_is_told_and_can_be_sent_again(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    order_and_leave(page)
    await_ready(page)
    page.context.set_offline(True)
    page.locator(".cancel").click()
    expect(page.locator("[role=alert]:not(:empty)")).to_have_text("No usable answer. Please try again.")
    expect(page.locator("b")).to_have_text(re.compile("queued|running"))  # as it was when the page was rendered
    page.context.set_offline(False)
    page.locator(".cancel").click()
    stage.open_gates()
    expect(page.locator("b")).to_have_text("failed")
    expect(page.locator("[role=alert]:not(:empty)")).to_have_count(0)


def test_a_job_that_nobody_tells_of_for_long_is_followed_on(stage: Stage, page: Page) -> None:
    set_jobs(stage)
    page.add_init_script(HASTE)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    order_and_leave(page)
    page.route("**/-/jobs/*", refuse)
    page.reload()
    while len(asked) < 7:  # where a form's own call is followed, five are the end
        page.wait_for_timeout(10)
    page.unroute("**/-/jobs/*")
    for gate in ("two", "end"):
        stage.gate(gate).set()
    expect(page.locator("b")).to_have_text("done")


def test_without_scripts_the_page_shows_and_cancels_it(stage: Stage, browser: Browser) -> None:
    set_jobs(stage)
    with served(stage.app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=False)
        page = context.new_page()
        page.goto("/jobs")
        page.locator("#order").click()
        page.goto("/jobs")
        page.locator(".cancel").click()
        expect(page).to_have_url(f"{address}/jobs")
        expect(page.locator("b")).to_have_text("failed")
        stage.open_gates()
        context.close()
