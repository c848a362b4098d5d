"""The second pass: many at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from flask_serveractions import ActionError
from tests.callers import BROWSER, WITH_PAGE, app_with, form_in, open_form, submit
from tests.failing_todos import BOTH, create_todo, fail, log, nothing_yet, page_of  # noqa: F401 (an autouse fixture among them)


def test_sixteen_threads_never_see_each_others_failures() -> None:
    def echo(text: str) -> None:
        raise ActionError(f"Not {text}.", field="text", result=text)

    app = app_with(
        echo,
        page="{% call(form) action_form('echo') %}<input {{ form.attrs('text') }}>"
        "{{ form.error('text') }}<i>{{ form.result }}</i>{% endcall %}",
    )
    barrier = threading.Barrier(16)

    def send(number: int) -> list[tuple[str, str, bool]]:
        client = app.test_client()
        form = open_form(client)
        barrier.wait()
        seen = []
        for turn in range(6):
            text = f"{number}-{turn}"
            again = form_in(page_of(submit(client, form, headers=(BROWSER, WITH_PAGE)[turn % 2], text=text)) or "")
            clean = form_in(client.get("/"))
            seen.append((again.inputs["text"]["value"], again.errors["text"], "value" in clean.inputs["text"]))
        return seen

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))
    for number, seen in enumerate(answers):
        assert seen == [(f"{number}-{turn}", f"Not {number}-{turn}.", False) for turn in range(6)]


def test_many_first_requests_at_once_start_the_app_once() -> None:
    app = app_with(create_todo)
    barrier = threading.Barrier(16)

    def load(_: int) -> int:
        barrier.wait()
        return app.test_client().get("/").status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(load, range(16))) == {200}
