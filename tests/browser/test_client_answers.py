"""What is no answer of ours: files, guards, pages of others; redirects that lead nowhere; what must be told."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import pytest
from flask import Flask, Response, flash, jsonify, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from playwright.sync_api import Dialog, Page, expect
from werkzeug.datastructures import FileStorage

from flask_serveractions import ActionError, revalidate_path
from tests.browser.stage import OURS, Stage, await_events, events, open_page
from tests.todo_app import served

#: as a layout shows them
FLASHES = "<div id=flashes>{% for text in get_flashed_messages() %}<p>{{ text }}</p>{% endfor %}</div>"
GO = '{% call action_form("go") %}<button id="go">Go</button>{% endcall %}'


@pytest.mark.parametrize("name", ["report.csv", "naïve “quote”.csv", "100% done.csv", "a;b.csv"])
def test_an_attachment_is_downloaded_under_its_name(stage: Stage, page: Page, name: str) -> None:
    @stage.actions.register
    def go() -> Response:
        return send_file(io.BytesIO(b"a,b"), mimetype="text/csv", as_attachment=True, download_name=name)

    stage.page("/p", f"<main>{GO}</main>")
    open_page(page, "/p")
    with page.expect_download() as started:
        page.click("#go")
    assert started.value.suggested_filename == name
    assert started.value.path().read_bytes() == b"a,b"
    expect(page.locator("#go")).to_be_enabled()


def test_the_international_name_of_an_attachment_wins_wherever_it_stands(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def go() -> Response:
        said = "attachment; filename*=UTF-8'de'gr%C3%B6%C3%9Fe.csv; filename=\"size.csv\""
        return Response("a,b", headers={"Content-Disposition": said})

    stage.page("/p", f"<main>{GO}</main>")
    open_page(page, "/p")
    with page.expect_download() as started:
        page.click("#go")
    assert started.value.suggested_filename == "größe.csv"


def test_an_upload_that_is_answered_without_a_body_comes_to_its_end(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def go() -> Response:
        return Response(status=205)

    stage.page("/p", "<main>" + GO.replace("<button", '<input type="file" name="file"><button') + "</main>")
    open_page(page, "/p")
    page.set_input_files("[name=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"1"})
    page.click("#go")
    await_events(page, "finish", 1)
    expect(page.locator("#go")).to_be_enabled()


def test_json_that_a_function_hands_through_is_no_answer(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def go() -> Response:
        return jsonify(data=1, page="<main>gone</main>", redirect="/elsewhere")

    stage.page("/p", f"<main><h1>Page</h1>{GO}</main>")
    open_page(page, "/p")
    page.click("#go")
    expect(page.get_by_role("alert")).to_have_text("No usable answer. Please try again.")
    expect(page.locator("h1")).to_have_text("Page")
    assert page.url.endswith("/p")


def test_what_the_client_says_by_itself_is_in_the_language_of_the_page(stage: Stage, page: Page) -> None:
    Babel(stage.app, locale_selector=lambda: "de")
    stage.actions.register(name="go")(lambda: jsonify(data=1))
    stage.page("/p", f"<main>{GO}</main>")
    open_page(page, "/p")
    page.click("#go")
    said = "Keine brauchbare Antwort. Bitte versuchen Sie es noch einmal."
    expect(page.get_by_role("alert")).to_have_text(said)


@pytest.mark.parametrize("key", ["redirect", "login"])
def test_a_redirect_to_what_is_no_address_of_the_web_is_not_followed(stage: Stage, page: Page, key: str) -> None:
    stage.actions.register(name="go")(lambda: None)
    body = f'{{"data": 1, "title": "x", "{key}": "javascript:window.attacked=1"}}'
    stage.instead["go"] = (200, {"Content-Type": "application/json", **OURS}, body)
    stage.page("/p", f"<main>{GO}</main>")
    open_page(page, "/p")
    page.click("#go")
    await_events(page, "finish", 1)
    assert page.evaluate("window.attacked") is None
    assert page.url.endswith("/p")


@pytest.fixture(params=["own site", "another site"])
def sign_in(request: pytest.FixtureRequest, stage: Stage) -> Iterator[str]:
    """The URL of a page to sign in on, which this app or another one has."""
    app = stage.app if request.param == "own site" else Flask("another")
    app.add_url_rule("/sign-in", "sign-in", lambda: "<h1>Sign in</h1>")
    if app is stage.app:
        yield "/sign-in"
        return
    with served(app) as site:
        yield f"{site}/sign-in"


@pytest.mark.parametrize("kind", ["text", "file"])
def test_where_something_before_the_app_leads_elsewhere_the_browser_goes_to_the_page(
    stage: Stage, sign_in: str, page: Page, kind: str
) -> None:
    over: list[int] = []

    @stage.actions.register
    def go(given: str = "", file: FileStorage | None = None) -> None: ...

    @stage.app.before_request
    def guard() -> ResponseReturnValue | None:
        return redirect(sign_in) if over and request.path == "/p" else None

    attrs = '{"enctype": "multipart/form-data"}'
    stage.page(
        "/p",
        f'<main>{{% call action_form("go", attrs={attrs}) %}}<input type="{kind}" name="file"><button>Go</button>'
        "{% endcall %}</main>",
    )
    open_page(page, "/p")
    over.append(1)
    stage.instead["go"] = (302, {"Location": sign_in}, "")
    if kind == "file":
        page.set_input_files("input[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"})
    page.click("button")
    expect(page.locator("h1")).to_have_text("Sign in")
    assert page.url.endswith(sign_in)


def test_a_failure_without_a_place_for_it_is_told_beside_the_form_and_by_no_dialog(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def go() -> None:
        raise ActionError("Not now.")

    body = """<main><form id="f" method="post" action="{{ action_url('go') }}">{{ action_fields('go') }}
    <button id="go">Go</button></form></main>"""
    stage.page("/p", body)
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    open_page(page, "/p")
    page.click("#go")
    expect(page.locator("#f + [role=alert]")).to_have_text("Not now.")
    assert dialogs == []


def test_an_error_of_a_field_that_the_form_lacks_is_told_with_its_name(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def go() -> None:
        raise ActionError("Too much.", field="amount")

    stage.page("/p", f"<main>{GO}</main>")
    open_page(page, "/p")
    page.click("#go")
    expect(page.locator("[data-message]")).to_contain_text("Too much.")


def test_flashed_messages_that_no_page_shows_stand_in_their_list_and_are_announced(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def go() -> None:
        flash("Saved.", "good")

    stage.page("/p", "<main><div data-messages></div></main>", scripts=["go"])
    open_page(page, "/p")
    page.evaluate("import('/_actions/client.js').then(({ call }) => call('go'))")
    expect(page.locator("[data-messages][aria-live] [data-category=good]")).to_have_text("Saved.")


def test_what_a_form_flashed_stands_in_the_list_of_its_page_which_shows_no_messages_itself(
    stage: Stage, page: Page
) -> None:
    @stage.actions.register
    def go() -> None:
        flash("<b>Saved</b> it.", "good")

    stage.page("/p", f"<main>{GO}</main><div data-messages></div>")
    stage.page("/next", "<main>{% for text in get_flashed_messages() %}<p>{{ text }}</p>{% endfor %}</main>")
    open_page(page, "/p")
    for count in (1, 2):
        page.click("#go")
        await_events(page, "finish", count)
        expect(page.locator("[data-messages] [data-category=good]")).to_have_text(["<b>Saved</b> it."])
    page.goto("/next")
    expect(page.locator("main p")).to_have_count(0)  # it was told


@pytest.mark.parametrize("leads", [False, True])
@pytest.mark.parametrize("text", ["Saved.", "Saved & <b>sound</b>."])
@pytest.mark.parametrize("place", [FLASHES, "<div data-messages></div>", FLASHES + "<div data-messages></div>"])
def test_what_a_form_flashed_is_told_once_where_the_page_has_a_place(
    stage: Stage, page: Page, place: str, text: str, leads: bool
) -> None:
    @stage.actions.register
    def go() -> Response | None:
        flash(text)
        return redirect("/p") if leads else None

    stage.page("/p", f"<main>{place}{{% call action_form('go') %}}<button>Go</button>{{% endcall %}}</main>")
    open_page(page, "/p")
    for count in (1, 2):
        page.get_by_role("button", name="Go").click()
        await_events(page, "finish", count)
        expect(page.locator("#flashes p" if place.startswith(FLASHES) else "[data-messages] p").last).to_have_text(text)
    expect(page.get_by_text(text)).to_have_count(1)


def test_what_a_call_flashed_before_it_led_to_the_same_page_is_told_once(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def go() -> Response:
        flash("Saved.")
        return redirect("/p")

    told = "<div data-messages>{% for text in get_flashed_messages() %}<p>{{ text }}</p>{% endfor %}</div>"
    stage.page("/p", f"<main>{told}<b>{{{{ visits }}}}</b></main>", scripts=["go"], visits=lambda: len(stage.visits))
    open_page(page, "/p")
    page.evaluate("import(document.querySelector('#serveractions').src).then(({ call }) => call('go'))")
    expect(page.locator("b")).to_have_text("2")
    expect(page.locator("[data-messages] p")).to_have_text(["Saved."])


def test_the_message_of_the_slower_of_two_calls_is_shown(stage: Stage, page: Page) -> None:
    done: list[str] = []

    @stage.actions.register
    def go() -> None:
        stage.wait("slow")
        done.append("slow")
        flash("Saved.")

    @stage.actions.register
    def fast() -> None:
        done.append("fast")

    flashes = "{% for text in get_flashed_messages() %}<p class=flash>{{ text }}</p>{% endfor %}"
    form = '{% call action_form("fast") %}<button id="fast">Go</button>{% endcall %}'
    stage.page("/p", f"<main>{flashes}<p id=n>{{{{ n }}}}</p>{GO}{form}</main>", n=lambda: len(done))
    open_page(page, "/p")
    page.click("#go")
    page.click("#fast")
    expect(page.locator("#n")).to_have_text("1")
    stage.gate("slow").set()
    expect(page.locator("#n")).to_have_text("2")
    expect(page.locator(".flash")).to_have_text("Saved.")


def test_a_form_stays_busy_until_the_browser_has_left_for_a_redirect(stage: Stage, page: Page) -> None:
    sent: list[int] = []

    @stage.actions.register
    def go() -> Response:
        sent.append(1)
        return redirect("/slow")

    stage.page("/p", f"<main>{GO}</main>")
    arrived = threading.Event()

    @stage.app.get("/slow")
    def slow() -> str:
        arrived.set()
        stage.wait("slow")
        return "<h1>Arrived</h1>"

    open_page(page, "/p")
    page.evaluate("""document.addEventListener("action:finish", () => {
        const button = document.querySelector("#go");
        button.click();
        sessionStorage.setItem("state", [button.disabled, button.form.getAttribute("aria-busy")]);
    })""")
    page.click("#go", no_wait_after=True)
    assert arrived.wait(60)
    stage.gate("slow").set()
    expect(page.locator("h1")).to_have_text("Arrived")
    assert page.evaluate("sessionStorage.getItem('state')") == "true,true"
    assert sent == [1]


def test_a_page_that_fails_while_it_is_shown_is_loaded_anew(stage: Stage, page: Page) -> None:
    count = [0]

    @stage.actions.register
    def go() -> None:
        count[0] += 1
        revalidate_path("/p")

    stage.page("/p", f"<main><p id=n>{{{{ n }}}}</p>{GO}</main>", n=lambda: count[0])
    open_page(page, "/p")
    page.evaluate(
        """document.addEventListener("action:render", ({ detail }) => detail.page.documentElement.remove())"""
    )
    page.evaluate("window.same = true; window.addEventListener('error', (event) => event.preventDefault())")
    page.click("#go")
    expect(page.locator("#n")).to_have_text("1")
    assert page.evaluate("window.same") is None


def test_a_stale_call_of_many_fetches_the_page_once(stage: Stage, page: Page) -> None:
    ran: list[int] = []

    @stage.actions.register
    def go(n: int) -> int:
        ran.append(n)
        return n

    stage.page("/p", "<main></main>", scripts=["go"])
    open_page(page, "/p")
    stage.app.config["SECRET_KEY"] = "another"
    script = "Promise.all([1, 2, 3].map((n) => call('go', { n })))"
    assert page.evaluate(f"import('/_actions/client.js').then(({{ call }}) => {script})") == [1, 2, 3]
    assert (sorted(ran), stage.visits) == ([1, 2, 3], ["/p", "/p"])
    assert [kind for kind, *_ in events(page)].count("error") == 0
