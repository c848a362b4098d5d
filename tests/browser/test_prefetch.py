"""Pages that the browser fetches ahead, by the speculation rules that a page's header names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Response, flash, render_template_string, request
from playwright.sync_api import Page, expect

from tests.browser.stage import POLICY, Stage, open_page

PAGE = """<!doctype html><title>Links</title>{{ serveractions_script(prefetch=True, nonce="abc") }}<main>
{% for path in paths %}<p><a href="{{ path }}" {{ "data-prefetch=false" if path == "/exempt" }}>{{ path }}</a></p><br>
{% endfor %}{% for message in get_flashed_messages() %}<b>{{ message }}</b>{% endfor %}</main>"""
PATHS = ("/next", "/logout", "/exempt")


@pytest.fixture
def ahead(stage: Stage) -> Iterator[list[str]]:
    """Set pages that link to each other; what is fetched ahead of them."""
    fetched: list[str] = []

    def view() -> str:
        if "prefetch" in request.headers.get("Sec-Purpose", ""):
            fetched.append(request.path)
        else:
            stage.visits.append(request.path)
        return render_template_string(PAGE, paths=PATHS)

    for path in ("/", *PATHS):
        stage.app.add_url_rule(path, path, view)
    return fetched


def rest_on(page: Page, path: str) -> None:
    page.get_by_role("link", name=path).hover()
    page.wait_for_timeout(1000)  # the browser's own time is a fifth of it


@pytest.mark.parametrize("policy", [POLICY, "script-src 'nonce-abc' 'strict-dynamic'"])
def test_what_the_pointer_rests_on_is_fetched_ahead_but_no_sign_out_nor_what_is_exempt(
    stage: Stage, page: Page, ahead: list[str], policy: str
) -> None:
    stage.policy = policy
    with page.expect_response("**/-/prefetch.json"):
        open_page(page, "/")
    for path in ("/logout", "/exempt"):
        rest_on(page, path)
    page.get_by_role("link", name="/next").hover()
    while ahead == []:
        page.wait_for_timeout(10)
    assert ahead == ["/next"]
    page.get_by_role("link", name="/next").click()
    expect(page).to_have_url("/next")


def test_messages_wait_for_the_page_that_is_seen(stage: Stage, page: Page, ahead: list[str]) -> None:
    def say() -> Response:
        flash("Saved.")
        return Response(status=204)

    stage.app.add_url_rule("/say", view_func=say)
    with page.expect_response("**/-/prefetch.json"):
        open_page(page, "/")
    page.request.get("/say")
    rest_on(page, "/next")
    assert ahead == []  # nor is the view called
    page.get_by_role("link", name="/next").click()
    expect(page.locator("b")).to_have_text("Saved.")
