"""What a fresh page replaces, and what it leaves as the visitor has it; the order of answers; history."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from flask import Response, redirect
from playwright.sync_api import Page, Route, expect

from flask_serveractions import Bound, revalidate_path
from tests.browser.readiness import at_once
from tests.browser.stage import Stage, await_events, kinds, open_page

FORM = '{% call action_form("go") %}<button id="go">Go</button>{% endcall %}'
NOTE = '{% call(form) action_form("note") %}<input {{ form.attrs("text", value="old") }}>{{ more|safe }}{% endcall %}'
LONG = "".join(f"<p>{n}</p>" for n in range(200))


def main(content: str = "") -> str:
    return f'<main data-n="{{{{ n }}}}">{FORM}{content}</main>'


def set_go(stage: Stage, body: str, title: str = "Page", **context: object) -> None:
    """Set a page with a button, and ``n``: how often it was pressed."""
    state = {"n": 0}

    def go() -> None:
        if "go" in stage.gates:
            stage.wait("go")
        state["n"] += 1

    stage.actions.register(go)
    stage.page("/p", body, title, **{"n": lambda: state["n"], **context})


def set_note(stage: Stage) -> None:
    @stage.actions.register
    def note(text: str) -> None:
        pass


def press(page: Page) -> None:
    """Press the button without moving the focus or the page."""
    page.evaluate("document.querySelector('#go').click()")


def swapped(page: Page, n: int = 1) -> None:
    expect(page.locator(f'main[data-n="{n}"]')).to_have_count(1)


def test_unsaved_typing_focus_and_selection_elsewhere_survive_a_swap(stage: Stage, page: Page) -> None:
    set_note(stage)
    fields = """<textarea name="long">x</textarea><input type="checkbox" name="box">
    <select name="choice"><option>1<option>2</select><input type="file" name="file">"""
    stage.gate("go")
    set_go(stage, main(NOTE), more=fields)
    open_page(page, "/p")
    page.fill("#note-text", "half a sentence")
    page.fill("textarea", "more\nlines")
    page.check("[name=box]")
    page.select_option("[name=choice]", "2")
    page.set_input_files("[name=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"})
    press(page)
    page.focus("#note-text")
    page.evaluate("document.activeElement.setSelectionRange(2, 5)")
    stage.gate("go").set()
    swapped(page)
    expect(page.locator("#note-text")).to_have_value("half a sentence")
    expect(page.locator("textarea")).to_have_value("more\nlines")
    expect(page.locator("[name=box]")).to_be_checked()
    expect(page.locator("[name=choice]")).to_have_value("2")
    assert page.evaluate("document.querySelector('[name=file]').files.length") == 1
    focus = "[document.activeElement.id, document.activeElement.selectionStart, document.activeElement.selectionEnd]"
    assert page.evaluate(focus) == ["note-text", 2, 5]


def test_what_was_opened_before_the_client_was_there_stays_open(stage: Stage, page: Page) -> None:
    set_go(stage, main("<details><summary>More</summary>{{ n }}</details>"))
    held: list[Route] = []
    page.route("**/client.js?*", lambda route: held.append(route))
    with page.expect_request("**/client.js?*"):
        page.goto("/p", wait_until="commit")
    with at_once(page):
        page.click("summary")
    held[0].continue_()
    press(page)
    swapped(page)
    expect(page.locator("details")).to_have_js_property("open", True)
    expect(page.locator("details")).to_contain_text("1")


def test_scroll_open_details_and_media_are_kept(stage: Stage, page: Page) -> None:
    body = f"""<details><summary>More</summary>{{{{ n }}}}</details><details><summary>Other</summary></details>
    <div id="box" style="height: 50px; overflow: auto">{LONG}</div><video muted loop></video>{LONG}"""
    set_go(stage, main(body))
    open_page(page, "/p")
    page.evaluate("""() => {
        document.querySelector("details").open = true; window.video = document.querySelector("video");
        document.querySelector("#box").scrollTop = 77; scrollTo(0, 333); }""")
    press(page)
    swapped(page)
    assert page.evaluate("[...document.querySelectorAll('details')].map(({ open }) => open)") == [True, False]
    assert page.evaluate("[document.querySelector('#box').scrollTop, scrollY]") == [77, 333]
    assert page.evaluate("window.video === document.querySelector('video') && window.video.isConnected")


def test_rows_keep_their_own_state_when_one_is_inserted_above(stage: Stage, page: Page) -> None:
    rows = [2, 3]

    @stage.actions.register
    def go() -> None:
        rows.insert(0, 1)

    @stage.actions.register
    def rename(row: Bound[int], text: str) -> None:
        pass

    stage.page(
        "/p",
        f"""<main>{FORM}<ul>{{% for row in rows %}}<li>{{% call(form) action_form("rename", row=row) %}}
        <input {{{{ form.attrs("text", value=row) }}}}>{{% endcall %}}
        <details><summary>{{{{ row }}}}</summary></details></li>{{% endfor %}}</ul></main>""",
        rows=lambda: list(rows),
    )
    open_page(page, "/p")
    page.evaluate("document.querySelectorAll('details')[1].open = true")
    page.locator("[name=text]").nth(1).fill("three")
    press(page)
    texts = page.locator("[name=text]")
    expect(texts).to_have_count(3)
    assert [text.input_value() for text in texts.all()] == ["1", "2", "three"]
    assert page.evaluate("[...document.querySelectorAll('details')].map(({ open }) => open)") == [False, False, True]
    expect(texts.nth(2)).to_be_focused()


def test_the_whole_body_is_brought_up_to_date_whatever_regions_it_has(stage: Stage, page: Page) -> None:
    body = f"""<p id="out">{{{{ n }}}}</p><section data-region="one">{{{{ n }}}}<p data-region="inner">{{{{ n }}}}</p>
    </section>{FORM}<aside data-region="two">{{{{ n }}}}</aside>"""
    set_go(stage, body)
    open_page(page, "/p")
    press(page)
    expect(page.locator("aside")).to_have_text("1")
    expect(page.locator("section")).to_have_text("11")
    expect(page.locator("#out")).to_have_text("1")


def test_a_fresh_page_brings_all_that_a_reload_would(stage: Stage, page: Page) -> None:
    odd = """<!--a{{ n }}-->x<!--b--><p onclick="go()" @click="{{ n }}" :class="{}">{{ n }}<!--c{{ n }}--></p>
    {% if n %}<x-late a=1><!--d--></x-late><object></object><embed><math><mi>y</mi></math><!--e-->{% endif %}
    <template><!--f{{ n }}--><b onclick="go()">{{ n }}</b></template><svg><use href="#{{ n }}"/><!--g--></svg>"""
    stage.policy = ""
    set_go(stage, main(f"<section>{odd}</section>"))
    open_page(page, "/p")
    press(page)
    swapped(page)
    brought = page.locator("section").inner_html()
    page.reload()
    assert brought == page.locator("section").inner_html()
    assert "<!--c1-->" in brought


def test_a_page_without_main_has_its_body_replaced_again_and_again(stage: Stage, page: Page) -> None:
    set_go(stage, f'<p id="n">{{{{ n }}}}</p>{FORM}')
    open_page(page, "/p")
    for n in (1, 2, 3):
        page.click("#go")
        expect(page.locator("#n")).to_have_text(str(n))
    assert len(stage.calls) == 3


def test_no_listener_is_lost_or_doubled_after_a_hundred_swaps(stage: Stage, page: Page) -> None:
    set_go(stage, main())
    open_page(page, "/p")
    page.evaluate("""async () => {
        for (let n = 0; n < 100; n++) {
            const done = new Promise((resolve) => document.addEventListener("action:finish", resolve, { once: true }));
            document.querySelector("#go").click();
            await done;
        }
    }""")
    swapped(page, 100)
    page.click("#go")
    swapped(page, 101)
    assert len(stage.calls) == 101


def test_a_submit_leaves_no_listener_behind(stage: Stage, page: Page) -> None:
    set_go(stage, main())
    open_page(page, "/p")
    devtools = page.context.new_cdp_session(page)

    def listeners() -> int:
        window = devtools.send("Runtime.evaluate", {"expression": "window"})["result"]["objectId"]
        return len(devtools.send("DOMDebugger.getEventListeners", {"objectId": window})["listeners"])

    counts = set()
    for number in range(1, 5):
        page.click("#go")
        swapped(page, number)
        counts.add(listeners())
    assert len(counts) == 1


# The order of answers


def test_a_page_rendered_before_a_later_change_never_replaces_a_fresher_one(stage: Stage, page: Page) -> None:
    state = {"fast": 0, "slow": 0}

    @stage.actions.register
    def slow() -> None:
        state["slow"] = 1

    @stage.actions.register
    def fast() -> None:
        state["fast"] = 1

    rendered = threading.Event()

    def show() -> str:
        shown = f"{state['fast']} {state['slow']}"
        if shown == "0 1":  # the page for the slow answer: rendered, and held
            rendered.set()
            stage.wait("slow")
        return shown

    forms = "".join(
        f'{{% call action_form("{name}") %}}<button id="{name}">Go</button>{{% endcall %}}' for name in ("slow", "fast")
    )
    stage.page("/p", f'<main><p id="state">{{{{ state }}}}</p>{forms}</main>', state=show)
    open_page(page, "/p")
    page.click("#slow")
    expect(page.locator("form").first).to_have_attribute("aria-busy", "true")
    assert rendered.wait(60), "the page for the slow answer"
    page.click("#fast")
    expect(page.locator("#state")).to_have_text("1 1")
    visits = len(stage.visits)
    stage.gate("slow").set()
    await_events(page, "finish", 2)
    expect(page.locator("#state")).to_have_text("1 1")
    assert len(stage.visits) == visits + 1, "the page is fetched afresh"


def test_of_two_calls_under_way_at_once_the_page_that_was_rendered_last_stays(stage: Stage, page: Page) -> None:
    done: list[str] = []

    def run(name: Bound[str]) -> None:
        if name == "first":
            stage.wait("second rendered")
        done.append(name)

    def hold(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = b"".join(inner(environ, start_response))
        if environ["REQUEST_METHOD"] == "POST" and done == ["second"]:
            stage.gate("second rendered").set()
            stage.wait("first shown")
        return [answer]

    inner = stage.app.wsgi_app
    stage.app.wsgi_app = hold  # type: ignore[method-assign]
    stage.actions.register(run)
    forms = """{% for name in ("first", "second") %}{% call action_form("run", name=name) %}<button>{{ name }}</button>
    {% endcall %}{% endfor %}"""
    stage.page("/p", f"<main>{forms}<output>{{{{ done|join(' ') }}}}</output></main>", done=lambda: done)
    open_page(page, "/p")
    page.get_by_role("button", name="first").click()
    page.get_by_role("button", name="second").click()
    expect(page.locator("output")).to_have_text("second first")
    stage.gate("first shown").set()
    await_events(page, "finish", 2)
    expect(page.locator("output")).to_have_text("second first")


def test_nothing_is_swapped_once_the_visitor_has_left(stage: Stage, page: Page) -> None:
    set_go(stage, main("<h1>Page</h1>"))
    stage.gate("go")
    open_page(page, "/p")
    page.click("#go")
    expect(page.locator("form")).to_have_attribute("aria-busy", "true")
    page.evaluate("history.pushState({}, '', '/elsewhere'); document.querySelector('h1').textContent = 'Elsewhere'")
    stage.gate("go").set()
    await_events(page, "finish", 1)
    expect(page.locator("h1")).to_have_text("Elsewhere")
    expect(page.locator('main[data-n="0"]')).to_have_count(1)
    assert page.url.endswith("/elsewhere")


def test_coming_back_by_back_finds_no_pending_marks(stage: Stage, page: Page) -> None:
    set_go(stage, main().replace('id="go"', 'id="go" data-pending="…"'))
    stage.page("/other", "<h1>Other</h1>")
    stage.gate("go")
    open_page(page, "/p")
    page.click("#go")
    expect(page.locator("form")).to_have_attribute("aria-busy", "true")
    page.goto("/other")
    page.go_back()
    expect(page.locator("#go")).to_have_text("Go")
    expect(page.locator("#go")).to_be_enabled()
    expect(page.locator("[aria-busy]")).to_have_count(0)


# Redirects and history


def set_redirect(stage: Stage, target: str, body: str = "<h1>Old</h1>") -> None:
    @stage.actions.register
    def go() -> Response:
        return redirect(target)

    stage.page("/old", f"<main>{body}{FORM}</main>", "Old")


def test_a_redirect_is_the_browsers(stage: Stage, page: Page) -> None:
    set_redirect(stage, "/new")
    stage.page("/new", "<main><h1>New</h1></main>", "New")
    open_page(page, "/old")
    page.click("#go")
    expect(page.locator("h1")).to_have_text("New")
    assert page.url.endswith("/new")
    assert page.title() == "New"
    assert stage.visits == ["/old", "/new"]
    page.go_back()
    expect(page.locator("h1")).to_have_text("Old")
    assert page.url.endswith("/old")
    page.go_forward()
    expect(page.locator("h1")).to_have_text("New")
    assert page.url.endswith("/new")


def test_a_redirect_to_the_same_url_pushes_nothing(stage: Stage, page: Page) -> None:
    set_redirect(stage, "/old", "<h1>Old</h1><p>{{ n }}</p>")
    open_page(page, "/old")
    entries = page.evaluate("history.length")
    page.click("#go")
    await_events(page, "finish", 1)
    assert page.evaluate("history.length") == entries


def test_a_redirect_with_a_fragment_scrolls_there(stage: Stage, page: Page) -> None:
    set_redirect(stage, "/new#end")
    stage.page("/new", f'<main><h1>New</h1>{LONG}<p id="end">End</p>{LONG}</main>')
    open_page(page, "/old")
    page.click("#go")
    expect(page.locator("#end")).to_be_in_viewport()
    assert page.url.endswith("/new#end")


def test_a_redirect_to_another_page_starts_at_its_top(stage: Stage, page: Page) -> None:
    set_redirect(stage, "/new", LONG)
    stage.page("/new", f"<main><h1>New</h1>{LONG}</main>")
    open_page(page, "/old")
    page.click("#go")
    expect(page.locator("h1")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0


def test_a_target_with_scripts_of_its_own_is_loaded_by_the_browser(stage: Stage, page: Page) -> None:
    set_redirect(stage, "/chart")
    stage.scripts["chart"] = "document.querySelector('h1').textContent = 'Chart'"
    stage.page("/chart", '<main><h1>-</h1></main><script src="/own/chart.js"></script>')
    open_page(page, "/old")
    page.click("#go")
    expect(page.locator("h1")).to_have_text("Chart")
    assert page.url.endswith("/chart")


def test_a_page_that_the_app_cant_show_is_left_to_the_browser(stage: Stage, page: Page) -> None:
    set_redirect(stage, "/plain.txt")
    stage.app.add_url_rule("/plain.txt", "plain", lambda: Response("Plain", mimetype="text/plain"))
    open_page(page, "/old")
    page.click("#go")
    expect(page.locator("body")).to_have_text("Plain")


def test_the_token_and_the_urls_for_scripts_come_from_the_fresh_page(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def add(a: int) -> int:
        return a + 1

    @stage.actions.register
    def go() -> None:
        stage.app.config["SECRET_KEY"] = "another"

    stage.page("/p", f"<main>{FORM}</main>", scripts=["add"])
    open_page(page, "/p")
    before = page.get_attribute("#serveractions", "data-actions")
    page.click("#go")
    await_events(page, "finish", 1)
    assert page.get_attribute("#serveractions", "data-actions") != before
    assert page.evaluate("import('/_actions/client.js').then(({ call }) => call('add', { a: 1 }))") == 2


def test_a_call_whose_form_is_swapped_away_still_ends(stage: Stage, page: Page) -> None:
    rows = [1, 2]

    @stage.actions.register
    def delete(row: Bound[int]) -> None:
        rows.remove(row)
        revalidate_path("/p")

    stage.page(
        "/p",
        """<main><ul>{% for row in rows %}<li>{% call action_form("delete", row=row) %}<button>{{ row }}</button>
        {% endcall %}</li>{% endfor %}</ul></main>""",
        rows=lambda: list(rows),
    )
    open_page(page, "/p")
    page.evaluate("document.forms[0].addEventListener('action:success', () => { window.heard = true })")
    page.get_by_role("button", name="1").click()
    expect(page.get_by_role("listitem")).to_have_text(["2"])
    await_events(page, "finish", 1)
    assert page.evaluate("window.heard")
    assert kinds(page) == ["start", "success", "finish"]


def test_two_forms_may_be_under_way_at_once(stage: Stage, page: Page) -> None:
    rows = [1, 2]

    @stage.actions.register
    def delete(row: Bound[int]) -> None:
        rows.remove(row)

    stage.page(
        "/p",
        """<main>{% for row in rows %}{% call action_form("delete", row=row) %}<button>{{ row }}</button>{% endcall %}
        {% endfor %}</main>""",
        rows=lambda: list(rows),
    )
    open_page(page, "/p")
    page.evaluate("document.querySelectorAll('button').forEach((button) => button.click())")
    await_events(page, "finish", 2)
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_form_is_reset_though_another_call_brought_it_a_new_token(stage: Stage, page: Page) -> None:
    stage.gate("note")

    @stage.actions.register
    def note(text: str) -> None:
        stage.wait("note")

    set_go(stage, main(NOTE), more="<button id='save'>Save</button>")
    open_page(page, "/p")
    page.fill("#note-text", "milk")
    page.click("#save")
    press(page)
    swapped(page)
    stage.gate("note").set()
    expect(page.locator("#note-text")).to_have_value("old")
