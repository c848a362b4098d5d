"""``call()``, buttons with ``data-action``, progress, background jobs, and the events that tell of them all."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest
from flask import redirect
from playwright.sync_api import Page, Route, expect
from werkzeug.datastructures import FileStorage

from flask_serveractions import ActionError, Bound, Progress, revalidate_path
from tests.browser.stage import Stage, await_events, events, kinds, open_page


def call(page: Page, expression: str) -> Any:
    """Run a script of the page's own."""
    names = "const { call, ActionError } = await import('/_actions/client.js')"
    return page.evaluate(f"async () => {{ {names}; {expression} }}")


def set_sum(stage: Stage, error: ActionError | None = None) -> list[tuple[int, int]]:
    ran: list[tuple[int, int]] = []

    @stage.actions.register
    def add(a: int, b: int = 1, names: list[str] = [], note: str | None = None) -> dict[str, Any]:  # noqa: B006
        if error is not None:
            raise error
        ran.append((a, b))
        return {"sum": a + b, "names": names, "note": note}

    stage.page("/p", "<main></main>", scripts=["add"])
    return ran


def set_count(stage: Stage, body: str, scripts: tuple[str, ...] = (), **options: Any) -> list[int]:
    """Set an action that counts to two, and waits at a gate after each."""
    state = [0]

    @stage.actions.register(**options)
    def go() -> Generator[Progress, None, int]:
        yield Progress(1, 4, "one")
        stage.wait("half")
        yield Progress(2, 4, "two")
        stage.wait("end")
        state[0] = 7
        return 7

    stage.page("/p", body, scripts=scripts, n=lambda: state[0])
    return state


FORM = """<main data-n="{{ n }}">{% call action_form("go") %}<progress></progress>
<button id="go">Go</button>{% endcall %}</main>"""


# call()


def test_call_sends_json_and_returns_the_data(stage: Stage, page: Page) -> None:
    set_sum(stage)
    open_page(page, "/p")
    result = call(page, "return call('add', { a: 1, b: 2, names: ['x', 'y'], note: null })")
    assert result == {"sum": 3, "names": ["x", "y"], "note": None}
    headers = stage.calls[0].headers
    assert headers["content-type"] == "application/json"
    assert headers["idempotency-key"]
    assert headers["x-csrftoken"]
    assert "prefer" not in headers


def test_call_throws_what_the_action_raised(stage: Stage, page: Page) -> None:
    set_sum(stage, ActionError("No sum.", field="a", status=409, code="odd"))
    open_page(page, "/p")
    caught = call(page, "try { await call('add', { a: 1 }) } catch (e) { return [e instanceof ActionError, { ...e }] }")
    assert caught[0]
    assert caught[1].items() >= {"status": 409, "errors": {"a": ["No sum."]}, "code": "odd"}.items()
    assert kinds(page) == ["start", "error", "finish"]


def test_call_throws_what_is_wrong_with_the_arguments(stage: Stage, page: Page) -> None:
    set_sum(stage)
    open_page(page, "/p")
    errors = call(page, "try { await call('add', { a: 'x', c: 1 }) } catch ({ errors }) { return errors }")
    assert sorted(errors) == ["a", "c"]


def test_call_of_an_action_that_the_page_does_not_name_is_an_error(stage: Stage, page: Page) -> None:
    set_sum(stage)
    open_page(page, "/p")
    assert "nothing" in call(page, "try { await call('nothing') } catch (error) { return error.message }")
    assert stage.calls == []


def test_a_call_that_nobody_answers_has_status_0(stage: Stage, page: Page) -> None:
    set_sum(stage)
    open_page(page, "/p")
    page.route(re.compile("_action=add/"), lambda route: route.abort())
    assert call(page, "try { await call('add') } catch ({ name, status }) { return [name, status] }") == [
        "ActionError",
        0,
    ]


def test_call_takes_files_among_its_arguments(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def upload(one: FileStorage, many: list[FileStorage], tags: list[str], number: int) -> list[Any]:
        return [one.read().decode(), [file.filename for file in many], tags, number]

    stage.page("/p", "<main></main>", scripts=["upload"])
    open_page(page, "/p")
    result = call(
        page,
        """const file = (name) => new File(["data " + name], name);
        return call("upload", { one: file("a"), many: [file("b"), file("c")], tags: ["x", "y"], number: 1 })""",
    )
    assert result == ["data a", ["b", "c"], ["x", "y"], 1]


def test_an_aborted_call_rejects_with_the_signals_reason(stage: Stage, page: Page) -> None:
    set_sum(stage)
    open_page(page, "/p")
    name = """const stop = new AbortController();
    document.addEventListener("action:start", () => queueMicrotask(() => stop.abort()));
    try { await call("add", { a: 1 }, { signal: stop.signal }) } catch (error) { return error.name }"""
    assert call(page, name) == "AbortError"
    reason = "try { await call('add', {}, { signal: AbortSignal.abort('why') }) } catch (error) { return error }"
    assert call(page, reason) == "why"


def test_call_reports_progress(stage: Stage, page: Page) -> None:
    set_count(stage, "<main></main>", ("go",))
    stage.gate("half").set()
    stage.gate("end").set()
    open_page(page, "/p")
    result = call(
        page, "const seen = []; return [await call('go', {}, { onProgress: (step) => seen.push(step) }), seen]"
    )
    one, two = {"done": 1, "total": 4, "message": "one"}, {"done": 2, "total": 4, "message": "two"}
    assert result == [7, [one, two]]


def test_call_can_be_aborted_within_the_stream(stage: Stage, page: Page) -> None:
    set_count(stage, "<main></main>", ("go",))
    stage.gate("half")
    open_page(page, "/p")
    aborted = """const stop = new AbortController();
    try { await call("go", {}, { signal: stop.signal, onProgress: () => stop.abort() }) }
    catch ({ name }) { return name }"""
    assert call(page, aborted) == "AbortError"


def test_an_upload_can_be_aborted_while_it_is_under_way(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def keep(file: FileStorage) -> None:
        stage.wait("never")

    stage.page("/p", "<main></main>", scripts=("keep",))
    open_page(page, "/p")
    aborted = """const stop = new AbortController();
    const file = new File(["x".repeat(900_000)], "large.txt");
    try { await call("keep", { file }, { signal: stop.signal, onProgress: () => stop.abort() }) }
    catch ({ name }) { return name }"""
    assert call(page, aborted) == "AbortError"


def test_a_call_with_a_key_is_sent_again_and_without_one_is_not(stage: Stage, page: Page) -> None:
    ran: list[int] = []

    @stage.actions.register(once=True)
    def pay() -> int:
        ran.append(1)
        return len(ran)

    stage.page("/p", "<main></main>", scripts=["pay"])
    open_page(page, "/p")
    keys: list[str] = []

    def lose_every_other(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) % 2:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("_action=pay/"), lose_every_other)
    assert call(page, "return call('pay', {}, { key: 'k1' })") == 1
    assert (keys, ran) == (["k1", "k1"], [1])
    assert call(page, "try { await call('pay') } catch ({ status }) { return status }") == 0
    assert len(keys) == 3


def test_call_swaps_in_the_page_that_the_action_revalidated(stage: Stage, page: Page) -> None:
    seen: list[int] = []

    @stage.actions.register
    def touch() -> None:
        seen.append(1)
        revalidate_path("/p")

    stage.page("/p", "<main>{{ n }}</main>", scripts=["touch"], n=lambda: len(seen))
    open_page(page, "/p")
    call(page, "await call('touch')")
    expect(page.locator("main")).to_have_text("1")
    assert stage.visits == ["/p", "/p"]


def test_call_follows_a_redirect(stage: Stage, page: Page) -> None:
    stage.actions.register(name="leave")(lambda: redirect("/other"))
    stage.page("/p", "<main></main>", scripts=["leave"])
    stage.page("/other", "<main><h1>Other</h1></main>")
    open_page(page, "/p")
    page.evaluate("import('/_actions/client.js').then(({ call }) => { call('leave') })")
    expect(page.locator("h1")).to_have_text("Other")
    assert page.url.endswith("/other")


def test_a_stale_call_is_sent_again_by_itself(stage: Stage, page: Page) -> None:
    ran = set_sum(stage)
    open_page(page, "/p")
    stage.app.config["SECRET_KEY"] = "another"
    assert call(page, "return call('add', { a: 1 })")["sum"] == 2
    assert (len(stage.calls), ran) == (2, [(1, 1)])
    call(page, "return call('add', { a: 1 })")
    assert len(stage.calls) == 3


# Progress and jobs, for forms


@pytest.mark.parametrize("background", [False, True])
def test_progress_is_shown_as_it_happens(stage: Stage, page: Page, background: bool) -> None:
    set_count(stage, FORM, background=background)
    open_page(page, "/p")
    page.click("#go")
    bar = page.locator("progress")
    expect(bar).to_have_js_property("value", 1)
    expect(bar).to_have_js_property("max", 4)
    stage.gate("half").set()
    expect(bar).to_have_js_property("value", 2)
    stage.gate("end").set()
    expect(page.locator('main[data-n="7"]')).to_have_count(1)
    await_events(page, "finish", 1)
    assert [(kind, carried) for kind, _, _, carried in events(page) if kind == "success"] == [("success", 7)]


@pytest.mark.parametrize("background", [False, True])
def test_an_error_half_way_is_told(stage: Stage, page: Page, background: bool) -> None:
    @stage.actions.register(background=background)
    def go() -> Generator[Progress, None, None]:
        yield Progress(1)
        raise ActionError("Half way.")

    stage.page("/p", FORM, n=0)
    open_page(page, "/p")
    page.click("#go")
    expect(page.locator("[data-message]")).to_have_text("Half way.")
    await_events(page, "finish", 1)
    assert kinds(page)[-2:] == ["error", "finish"]


# Buttons


def set_button(stage: Stage, error: ActionError | None = None) -> list[int]:
    hits: list[int] = []

    @stage.actions.register
    def hit(item: Bound[int]) -> None:
        if error is not None:
            raise error
        stage.wait("hit")
        hits.append(item)

    button = '<div><button id="b" data-action="{{ action_url("hit", item=7) }}" data-pending="…">Hit</button></div>'
    stage.page("/p", f'<main><p id="n">{{{{ n }}}}</p>{button}</main>', n=lambda: len(hits))
    return hits


def test_a_button_calls_without_a_form(stage: Stage, page: Page) -> None:
    hits = set_button(stage)
    open_page(page, "/p")
    button = page.locator("#b")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    expect(button).to_be_disabled()
    expect(button).to_have_text("…")
    stage.gate("hit").set()
    expect(page.locator("#n")).to_have_text("1")
    expect(button).to_have_text("Hit")
    assert hits == [7]
    assert [each[:3] for each in events(page)] == [[kind, "hit", "button"] for kind in ("start", "success", "finish")]


def test_a_buttons_failure_is_told(stage: Stage, page: Page) -> None:
    set_button(stage, ActionError("Not now."))
    open_page(page, "/p")
    page.click("#b")
    expect(page.locator("#b + [role=alert]")).to_have_text("Not now.")
    expect(page.locator("#b")).to_be_enabled()


def test_a_button_of_another_library_is_left_alone(stage: Stage, page: Page) -> None:
    stage.page("/p", '<main><button data-action="click->menu#toggle">Menu</button></main>')
    open_page(page, "/p")
    page.get_by_role("button").click()
    assert (stage.calls, events(page)) == ([], [])


# Events


def set_form(stage: Stage) -> list[str]:
    ran: list[str] = []

    @stage.actions.register
    def go(text: str = "") -> None:
        ran.append(text)

    stage.page("/p", FORM, n=lambda: len(ran))
    return ran


def test_a_cancelled_start_sends_nothing_natively_neither(stage: Stage, page: Page) -> None:
    ran = set_form(stage)
    open_page(page, "/p")
    page.evaluate("document.addEventListener('action:start', (event) => event.preventDefault(), { once: true })")
    page.click("#go")
    await_events(page, "start", 1)
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.locator("#go")).to_be_enabled()
    page.click("#go")
    expect(page.locator('main[data-n="1"]')).to_have_count(1)
    assert (len(ran), len(stage.calls)) == (1, 1)


def test_a_listener_may_add_to_what_is_sent(stage: Stage, page: Page) -> None:
    ran = set_form(stage)
    open_page(page, "/p")
    page.evaluate("document.addEventListener('action:start', ({ detail }) => detail.data.append('text', 'more'))")
    page.click("#go")
    expect(page.locator('main[data-n="1"]')).to_have_count(1)
    assert ran == ["more"]


def test_the_unversioned_module_is_the_same_instance(stage: Stage, page: Page) -> None:
    ran = set_form(stage)
    open_page(page, "/p")
    same = """async () => (await import("/_actions/client.js")).call ===
        (await import(document.querySelector("#serveractions").src)).call"""
    assert page.evaluate(same)
    page.click("#go")
    expect(page.locator('main[data-n="1"]')).to_have_count(1)
    assert len(ran) == 1


def test_an_empty_file_is_a_file_too(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def up(one: FileStorage) -> str:
        return str(one.filename)

    stage.page("/p", "<main></main>", scripts=["up"])
    open_page(page, "/p")
    assert call(page, "return call('up', { one: new File([], 'empty.txt') })") == "empty.txt"
