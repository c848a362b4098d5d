"""What ``call`` sends: values of every kind, beside files and alone; how it ends where nothing is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from playwright.sync_api import Page
from werkzeug.datastructures import FileStorage

from tests.browser.stage import Stage, open_page


def call(page: Page, expression: str) -> Any:
    """Return what a script of the page's own gets, or the name of what it is refused with."""
    return page.evaluate(
        f"""async () => {{ const {{ call, refresh }} = await import('/_actions/client.js');
        const file = new File(["x"], "a.txt");
        try {{ {expression} }} catch (error) {{ return error.name }} }}"""
    )


@pytest.fixture(autouse=True)
def actions(stage: Stage) -> None:
    @stage.actions.register
    def take(
        file: FileStorage | None = None,
        options: dict[str, int] = {},  # noqa: B006
        tags: list[str] = [],  # noqa: B006
        day: dt.datetime | None = None,
        note: str = "",
    ) -> dict[str, Any]:
        day_text = day.isoformat() if day else None
        name = file.filename if file else None
        return {"file": name, "options": options, "tags": tags, "day": day_text, "note": note}

    stage.page("/p", "<main></main>", scripts=["take"])


@pytest.mark.parametrize("beside", ["", "file, "])
def test_objects_lists_and_dates_arrive_beside_a_file_as_they_do_alone(stage: Stage, page: Page, beside: str) -> None:
    open_page(page, "/p")
    given = f"{{ {beside}options: {{ a: 1, b: 2 }}, tags: ['x', 'y'], day: new Date(Date.UTC(2026, 0, 2)), note: 'n' }}"
    taken = call(page, f"return await call('take', {given})")
    assert taken == {
        "file": "a.txt" if beside else None,
        "options": {"a": 1, "b": 2},
        "tags": ["x", "y"],
        "day": "2026-01-02T00:00:00+00:00",
        "note": "n",
    }


def test_a_forms_data_is_sent_as_it_is(stage: Stage, page: Page) -> None:
    open_page(page, "/p")
    script = "const data = new FormData(); data.append('note', 'typed'); data.append('tags', 'x'); "
    taken = call(page, script + "return await call('take', data)")
    assert (taken["note"], taken["tags"]) == ("typed", ["x"])


@pytest.mark.parametrize(
    "value",
    ["() => 1", "Symbol('x')", "1n", "NaN", "Infinity", "new Map()", "new Date(NaN)", "new Uint8Array(1)", "window"],
)
@pytest.mark.parametrize("beside", ["", "file, "])
def test_what_cant_be_sent_is_a_type_error_and_nothing_is(stage: Stage, page: Page, value: str, beside: str) -> None:
    open_page(page, "/p")
    assert call(page, f"return await call('take', {{ {beside}note: {value} }})") == "TypeError"
    assert call(page, f"return await call('take', {{ {beside}options: {{ a: {value} }} }})") == "TypeError"
    assert stage.calls == []


@pytest.mark.parametrize("names", [[], ["a.txt"], ["a.txt", "b.txt"]])
def test_the_files_of_a_field_are_many_under_one_name(stage: Stage, page: Page, names: list[str]) -> None:
    @stage.actions.register
    def take_all(files: list[FileStorage], note: str) -> list[str | None]:
        return [file.filename for file in files]

    stage.page("/files", "<main><input type=file multiple></main>", scripts=["take_all"])
    open_page(page, "/files")
    page.set_input_files("input", [{"name": name, "mimeType": "text/plain", "buffer": b"x"} for name in names])
    given = "{ files: document.querySelector('input').files, note: 'n' }"
    assert call(page, f"return await call('take_all', {given})") == names


def test_what_contains_itself_is_a_type_error(stage: Stage, page: Page) -> None:
    open_page(page, "/p")
    assert call(page, "const a = {}; a.a = a; return await call('take', { options: a })") == "TypeError"


def test_a_call_that_a_listener_cancels_is_aborted(stage: Stage, page: Page) -> None:
    open_page(page, "/p")
    cancel = "document.addEventListener('action:start', (event) => event.preventDefault(), { once: true }); "
    assert call(page, cancel + "return await call('take')") == "AbortError"
    assert call(page, "return await call('take', {}, { signal: AbortSignal.abort() })") == "AbortError"
    assert stage.calls == []


def test_a_call_whose_options_are_null_has_none(stage: Stage, page: Page) -> None:
    open_page(page, "/p")
    assert call(page, "return (await call('take', { note: 'n' }, null)).note") == "n"


def test_headers_may_be_added_before_it_is_sent(stage: Stage, page: Page) -> None:
    open_page(page, "/p")
    add = "document.addEventListener('action:start', ({ detail }) => { detail.headers['X-Trace'] = '7' }); "
    call(page, add + "return await call('take')")
    assert stage.calls[0].headers["x-trace"] == "7"


def test_refresh_shows_the_page_as_it_is_now(stage: Stage, page: Page) -> None:
    stage.page("/visits", "<main>{{ n }}</main>", n=lambda: len(stage.visits))
    open_page(page, "/visits")
    call(page, "await refresh()")
    assert page.inner_text("main") == "2"
