"""A visitor who writes, whatever happens, and knows in the end what was promised of each write."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, HTTPResponse
from typing import Any

from .proof import Outcome, Write, name_of, strangers
from .visitor import EVENTS, HTML, JSON, JSON_BODY, Answer, Form, Request, Visitor, form_in, next_event

CUT = (OSError, HTTPException, EOFError)  # no whole answer came
PAUSE = 0.1  # seconds before a request that was cut is sent again
PAGE = "/notes"
STASH = 6  # forms that are opened long before they are sent

Ask = Callable[[Form], Request]


class Writer(Visitor):
    """Writes texts that carry its number, each once, in every way that the server offers.

    :param number: who it is.
    """

    def __init__(self, port: int, number: int) -> None:
        super().__init__(port)
        self.number = number
        self.texts = (f"v{number}x{each}" for each in itertools.count())
        self.writes: list[Write] = []
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []  # what must not be
        self.old: list[Form] = []
        self.patience = 0.0  # until when, on the monotonic clock

    def arrive(self) -> None:
        self.sign_up(name_of(self.number))
        self.bearer = {"Authorization": f"Bearer {self.token()}"}
        self.old = [self.form("write_note", PAGE) for _ in range(STASH)]

    def write_until(self, deadline: float, patience: float) -> None:
        """Write in all ways again and again until a moment, and settle what was begun until another one.

        :param deadline: on the monotonic clock, as is ``patience``.
        """
        self.patience = patience
        by_form = (self.by_form, self.by_old_form, self.twice, self.impatiently, self.mistaken)
        by_script = (self.by_call, self.by_stream, self.dropping, self.by_job, self.plainly, self.as_resource)
        while time.monotonic() < deadline:
            for way in (*by_form, *by_script):
                way(next(self.texts))

    # Ways to write

    def by_form(self, text: str) -> None:
        """As a browser without scripts: the form, then the page that it is redirected to."""
        self.keyed(text, "form", lambda form: self.form_request(form, text=text))

    def by_call(self, text: str) -> None:
        key = secrets.token_hex()
        self.keyed(text, "call", lambda form: self.call_request(form, key=key, text=text))

    def twice(self, text: str) -> None:
        """A double click: two requests at once, with the same key."""
        form = self.fresh_form("write_note")
        if form is None:
            return
        with ThreadPoolExecutor(2) as pool:
            asked = [
                pool.submit(self.settle, form, lambda form: self.form_request(form, JSON, text=text)) for _ in range(2)
            ]
        outcomes = {each.result() for each in asked}
        # whoever was told that it is done knows more than the other one
        best = next(each for each in (Outcome.DONE, Outcome.UNKNOWN, Outcome.REFUSED) if each in outcomes)
        self.note(text, "twice at once", best)

    def plainly(self, text: str) -> None:
        """Without a key: what was cut is not sent again."""
        form = self.fresh_form("add_todo")
        if form is not None:
            self.note(text, "without a key", self.once(self.call_request(form, text=text), {200}))

    def as_resource(self, text: str) -> None:
        request = self.request("POST", "/api/todos", {**JSON, **JSON_BODY, **self.bearer}, f'{{"text": "{text}"}}')
        self.note(text, "resource", self.once(request, {201}))

    def by_stream(self, text: str) -> None:
        """Listen to the end; where the stream was cut, ask for the answer by the same key."""
        self.streamed(text, drop=False)

    def dropping(self, text: str) -> None:
        """Leave after the first event, come back with the same key."""
        self.streamed(text, drop=True)

    def impatiently(self, text: str) -> None:
        """Hang up before there can be an answer, and ask again with the same key."""
        form = self.fresh_form("write_note")
        if form is None:
            return
        with contextlib.suppress(*CUT), self.asking(self.form_request(form, text=text)):
            self.counts["requests"] += 1
        self.note(text, "impatient", self.settle(form, lambda form: self.form_request(form, text=text)))
        self.check_shown(text)

    def by_job(self, text: str) -> None:
        """In the background: ask the job's URL until it has ended."""
        form = self.fresh_form("write_note_later")
        if form is None:
            return
        answer, cut = self.answered(form, lambda form: self.call_request(form, text=text))
        if answer and answer.status == 202:
            outcome = self.awaited(answer.headers["Location"])
        else:
            outcome = self.outcome_of(answer, set(), cut) if answer else Outcome.UNKNOWN
        self.note(text, "job", outcome)
        self.check_shown(text)

    def mistaken(self, text: str) -> None:
        """Send a text that is too long, and read the page that comes back; nothing is written by that."""
        form = self.fresh_form("write_note")
        answer = form and self.try_once(self.form_request(form, text=f"{text} {'and so on ' * 20}"))
        if answer and answer.status == 422 and text not in answer.text:
            self.wrong.append(f"What {name_of(self.number)} has typed is not in the page: {answer}")
        self.note(text, "mistake", Outcome.REFUSED)

    def by_old_form(self, text: str) -> None:
        """Send a form that was opened a while ago; it may have gone stale."""
        form, self.old = self.old[0], self.old[1:]
        self.note(text, "old form", self.settle(form, lambda form: self.form_request(form, text=text)))
        self.check_shown(text)
        if fresh := self.fresh_form("write_note"):
            self.old.append(fresh)

    # Steps

    def keyed(self, text: str, how: str, ask: Ask) -> None:
        form = self.fresh_form("write_note")
        if form is not None:
            self.note(text, how, self.settle(form, ask))
            self.check_shown(text)

    def streamed(self, text: str, *, drop: bool) -> None:
        form = self.fresh_form("write_note_slowly")
        if form is None:
            return
        finished = self.listen(self.call_request(form, EVENTS, text=text), drop=drop)
        outcome = Outcome.DONE if finished else self.settle(form, lambda form: self.call_request(form, text=text))
        self.note(text, "dropped stream" if drop else "stream", outcome)
        self.check_shown(text)

    def listen(self, request: Request, *, drop: bool) -> bool:
        """Return whether the result came."""
        self.counts["requests"] += 1
        self.counts["dropped"] += drop
        try:
            with self.streaming(request) as response:
                if response.status != 200:
                    return False  # the next request finds out why
                for name, data in events(response):
                    self.look_through(str(data))
                    if drop or name in ("result", "error"):
                        return name == "result"
        except CUT:
            self.counts["cut"] += 1
        return False

    def settle(self, form: Form, ask: Ask) -> Outcome:
        """Send a request with a key until its outcome is known, or known to be unknown."""
        answer, cut = self.answered(form, ask)
        return Outcome.UNKNOWN if answer is None else self.outcome_of(answer, {200, 303}, cut)

    def answered(self, form: Form, ask: Ask) -> tuple[Answer | None, bool]:
        """Send a request with a key until an answer settles it; return that, and whether an earlier one was cut."""
        cut = False
        while time.monotonic() < self.patience:
            answer = self.try_once(ask(form))
            if answer is None:
                cut = True
                time.sleep(PAUSE)
            elif "Retry-After" in answer.headers:
                time.sleep(int(answer.headers["Retry-After"]))
            elif answer.headers.get("Serveractions-Stale"):
                self.counts["stale"] += 1
                form = self.renewed(form)
            else:
                return answer, cut
        self.wrong.append(f"{name_of(self.number)} gets no answer that settles it: {form}")
        return None, cut

    def awaited(self, url: str) -> Outcome:
        """Ask for a job until it has ended."""
        while time.monotonic() < self.patience:
            answer = self.try_once(self.request("GET", url, JSON))
            job = answer.json if answer and answer.status == 200 else {"state": f"unknown: {answer}"}
            if job["state"] == "done":
                return Outcome.DONE
            if job["state"] == "failed" and job["error"].get("code") == "interrupted":
                return Outcome.UNKNOWN
            if answer and job["state"] not in ("queued", "running"):
                self.wrong.append(f"{name_of(self.number)} asks for a job, which is {job}")
                return Outcome.UNKNOWN
            time.sleep(PAUSE)
        self.wrong.append(f"{name_of(self.number)} waits for a job that does not end: {url}")
        return Outcome.UNKNOWN

    def renewed(self, form: Form) -> Form:
        """Return a fresh form, with the old one's key: it may have been sent, and the answer cut."""
        fresh = self.fresh_form(form.name)
        if fresh is None:
            return form
        return Form(name=fresh.name, path=fresh.path, hidden={**fresh.hidden, "idempotency_key": form.key})

    def once(self, request: Request, statuses: set[int]) -> Outcome:
        answer = self.try_once(request)
        return Outcome.UNKNOWN if answer is None else self.outcome_of(answer, statuses, cut=False)

    def outcome_of(self, answer: Answer, statuses: set[int], cut: bool) -> Outcome:
        signed_out = "/sign-in" in answer.headers.get("Location", "")
        if answer.status in statuses and not signed_out:
            return Outcome.DONE
        if answer.status == 409 and "interrupted" in answer.text:
            return Outcome.UNKNOWN
        if answer.headers.get("Serveractions-Stale") or (answer.status == 503 and "Retry-After" in answer.headers):
            return Outcome.UNKNOWN if cut else Outcome.REFUSED
        self.wrong.append(f"{name_of(self.number)} gets {answer}")
        return Outcome.UNKNOWN

    def try_once(self, request: Request) -> Answer | None:
        """Return the answer, looked through, or None where none came."""
        self.counts["requests"] += 1
        try:
            answer = self.send(request)
        except CUT:
            self.counts["cut"] += 1
            return None
        self.counts["replayed"] += "Idempotency-Replayed" in answer.headers
        self.look_through(answer.text)
        return answer

    def look_through(self, text: str) -> None:
        self.counts["looked at"] += 1
        if found := strangers(text, self.number):
            self.wrong.append(f"wrong visitor: {name_of(self.number)} is shown what {found} wrote: {text}")

    def page(self) -> Answer | None:
        """Return the page with the notes; a page can be asked for again and again."""
        while time.monotonic() < self.patience:
            answer = self.try_once(self.request("GET", PAGE, HTML))
            if answer is not None:
                if answer.status != 200 or name_of(self.number) not in answer.text:
                    self.wrong.append(f"{name_of(self.number)} does not get the page: {answer}")
                return answer
            time.sleep(PAUSE)
        return None

    def fresh_form(self, name: str) -> Form | None:
        page = self.page()
        return page and form_in(page.text, name)

    def note(self, text: str, how: str, outcome: Outcome) -> None:
        self.writes.append(Write(text=text, how=how, outcome=outcome))

    def check_shown(self, text: str) -> None:
        """Look for what was acknowledged: the list of notes is cached, and must not be stale."""
        if self.writes[-1].outcome is not Outcome.DONE:
            return
        page = self.page()
        if page is not None and f"<li>{text}</li>" not in page.text:
            self.wrong.append(f"stale page: {name_of(self.number)} does not see {text}: {page.text[-600:]}")


def events(response: HTTPResponse) -> Iterator[tuple[str, Any]]:
    while True:
        yield next_event(response)
