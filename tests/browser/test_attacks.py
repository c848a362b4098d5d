"""Hostile text on every way to the screen, in a real browser: it is shown as text, and no policy is violated."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, flash, render_template_string, request
from playwright.sync_api import Browser, Dialog, Page, expect
from werkzeug.datastructures import FileStorage

from flask_serveractions import ActionError, MethodRoute, Progress
from flask_serveractions.operation import middleware_state_of
from tests.browser.stage import HEAD, Stage, await_events, open_page
from tests.security.test_injections import documented_app
from tests.todo_app import served

HOSTILE = [
    "<script>attacked()</script>",
    "</script><script>attacked()</script>",
    "<img src=x onerror=attacked()>",
    "<svg/onload=attacked()>",
    "<svg><script>attacked()</script></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=x onerror=attacked()&gt;\">",
    "<iframe srcdoc='<script>parent.attacked()</script>'></iframe>",
    "<a href=javascript:attacked()>x</a>",
    "<base href=//evil.example/><form action=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<template data-region=list><img src=x onerror=attacked()></template>",
    "<div data-region=list onclick=attacked()>x</div>",
    "<button data-action=/?_action=create/x onclick=attacked()>x</button>",
    "\" onfocus=attacked() autofocus x=\"",
    "' onfocus=attacked() autofocus x='",
    "` onmouseover=attacked() x=`",
    "--><img src=x onerror=attacked()><!--",
    "]]><img src=x onerror=attacked()>",
    "</textarea></title></style></noscript><img src=x onerror=attacked()>",
    "&lt;img src=x onerror=attacked()&gt;",
    "&#60;script&#62;attacked()&#60;/script&#62;",
    "\\u003cscript\\u003eattacked()\\u003c/script\\u003e",
    "javascript:attacked()",
    "data:text/html,<script>attacked()</script>",
    "${attacked()}{{ attacked() }}{% raw %}#{attacked()}",
    "\u2028</script>\u2029<script>attacked()</script>",
    "+ADw-script+AD4-attacked()+ADw-/script+AD4-",
    "event: result\ndata: {}\n\n<img src=x onerror=attacked()>",
]  # fmt: skip
SPY = """
window.attacks = [];
window.attacked = () => window.attacks.push("script");
document.addEventListener("securitypolicyviolation", (event) => window.attacks.push(event.violatedDirective));
document.addEventListener("action:progress", ({ detail }) => {
  document.querySelector("[data-told]").textContent = detail.progress.message;
});
"""
WALL = """<main>{% for text in get_flashed_messages() %}<p class="flash" title="{{ text }}">{{ text }}</p>{% endfor %}
{% call(form) action_form("create", attrs={"data-reset": "false"}) %}
<textarea {{ form.attrs("text") }}>{{ form.value("text") }}</textarea>
{{ form.error("text") }}<input name="how" value="{{ form.value("how") }}"><i class="result">{{ form.result or "" }}</i>
<template data-optimistic><b class="ghost" data-value="text"></b></template><button>Add</button>{% endcall %}
{% call(form) action_form("upload") %}<input {{ form.attrs("file") }}>{{ form.error("file") }}
<button>Upload</button>{% endcall %}
{% call(form) action_form("work") %}<input {{ form.attrs("text") }}><progress></progress><button>Work</button>
{% endcall %}<ul>{% for item in items %}<li id="{{ item }}" title="{{ item }}" class="{{ item }}">{{ item }}</li>
{% endfor %}</ul></main><p id="told" data-told data-keep></p>"""
ONCE = """<main>{% call action_form("create") %}<textarea name="text"></textarea><input name="how">
<button>Add</button>{% endcall %}</main>"""
LATER = """<main>{% call action_form("later") %}<input name="text"><button>Later</button>{% endcall %}</main>"""
WITH_SCRIPT = """<main>{% call action_form("create") %}<textarea name="text"></textarea><button>Add</button>
{% endcall %}{% if items %}<script>attacked()</script><div onclick="attacked()"></div>{% endif %}</main>"""


@pytest.fixture
def items(stage: Stage) -> list[str]:
    """What was said at ``/wall``."""
    items: list[str] = []

    @stage.actions.register
    def create(text: str, how: str = "") -> str:
        flash(text)
        if how == "fail":
            raise ActionError(text, field="text", code=text, result=text)
        if how == "elsewhere":
            raise ActionError(text, field=text)
        items.append(text)
        return text

    @stage.actions.register
    def upload(file: FileStorage) -> None:
        flash(file.filename or "")
        raise ActionError(f"Not {file.filename}", field="file")

    @stage.actions.register
    def work(text: str) -> Generator[Progress, None, str]:
        yield Progress(1, 2, text)
        stage.wait("told")
        return text

    @stage.actions.register(name="later", background=True)
    def work_later(text: str) -> Generator[Progress, None, str]:
        yield Progress(1, 2, text)
        stage.wait("later")
        raise ActionError(text, field="text")

    @stage.app.get("/once")
    def once_only() -> str:
        return HEAD.format("Once", "", "" if middleware_state_of(request.environ) else render_template_string(ONCE))

    stage.page("/wall", WALL, "{{ items | join }}", items=lambda: list(items))
    stage.page("/later", LATER)
    stage.page("/swapped", WITH_SCRIPT, items=lambda: list(items))
    return items


@pytest.fixture
def wall(page: Page, items: list[str]) -> Iterator[Page]:
    """The page, watched: at the end nothing has run, and no policy was violated."""
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    page.add_init_script(SPY)
    open_page(page, "/wall")
    yield page
    assert page.evaluate("window.attacks") == []
    assert dialogs == []
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/.*", page.url)
    strange = (
        "img, svg, math, iframe, base, main script:not([src]), a[href^=javascript], [onfocus], [onclick], [autofocus]"
    )
    assert page.locator(strange).count() == 0


@pytest.mark.parametrize("how", ["", "fail", "elsewhere"])
def test_hostile_text_is_text_on_every_way_through_the_client(wall: Page, items: list[str], how: str) -> None:
    corpus = HOSTILE[::4] if how == "elsewhere" else HOSTILE
    for number, text in enumerate(corpus, start=1):
        wall.fill("[name=how]", how)
        wall.fill("textarea", text)
        wall.get_by_role("button", name="Add").click()
        await_events(wall, "finish", number)
        expect(wall.locator("main > .flash").last).to_have_attribute("title", text)
        if how == "fail":
            expect(wall.locator("[data-error=text]")).to_have_text(text, use_inner_text=False)
            expect(wall.locator(".result")).to_have_text(text)
        elif not how:
            assert wall.locator("li").last.text_content() == text
    assert items == ([] if how else list(HOSTILE))


def test_hostile_text_is_text_without_the_client(wall: Page, items: list[str]) -> None:
    wall.route("**/client.js*", lambda route: route.abort())
    for how in ("", "fail"):
        for text in HOSTILE[::4]:
            open_page(wall, "/wall")
            wall.fill("[name=how]", how)
            wall.fill("textarea", text)
            wall.get_by_role("button", name="Add").click()
            expect(wall.locator(".flash").last).to_have_attribute("title", text)
            if how:
                expect(wall.locator("textarea")).to_have_value(text)
            assert wall.evaluate("window.attacks") == []


def test_the_name_of_a_file_is_text(wall: Page, tmp_path: Path) -> None:
    names = [text.replace("/", "∕") for text in HOSTILE[::3] if len(text) < 90]
    for number, name in enumerate(names, start=1):
        wall.set_input_files("[type=file]", {"name": name, "mimeType": "text/plain", "buffer": b"x"})
        wall.get_by_role("button", name="Upload").click()
        await_events(wall, "finish", number)
        assert wall.locator("[data-error=file]").text_content().startswith("Not ")  # type: ignore[union-attr]
    wall.route("**/client.js*", lambda route: route.abort())
    open_page(wall, "/wall")
    wall.set_input_files("[type=file]", {"name": names[2], "mimeType": "text/plain", "buffer": b"x"})
    wall.get_by_role("button", name="Upload").click()
    expect(wall.locator("[data-error=file]")).to_contain_text("attacked()")


def test_what_a_long_action_tells_is_text(stage: Stage, wall: Page) -> None:
    for number, text in enumerate(HOSTILE[::3], start=1):
        form = wall.locator("[data-serveraction=work]")
        stage.gate("told").clear()
        form.locator("[name=text]").fill(text)
        told = form.locator("[name=text]").input_value()  # a line, as browsers have it
        form.get_by_role("button").click()
        await_events(wall, "progress", number)
        assert wall.locator("[data-told]").text_content() == told
        stage.gate("told").set()
        await_events(wall, "finish", number)


def test_what_a_job_tells_a_browser_is_text(stage: Stage, wall: Page) -> None:
    wall.route("**/client.js*", lambda route: route.abort())
    open_page(wall, "/later")
    wall.fill("[name=text]", HOSTILE[2])
    wall.get_by_role("button").click()
    expect(wall.locator("[role=status]")).to_have_text(HOSTILE[2])
    stage.gate("later").set()
    expect(wall.locator("[role=alert]")).to_have_text(HOSTILE[2])


def test_the_built_in_page_shows_text(stage: Stage, wall: Page) -> None:
    for text in HOSTILE[::3]:
        open_page(wall, "/once")
        wall.fill("textarea", text)
        wall.fill("[name=how]", "elsewhere")
        wall.get_by_role("button").click()
        expect(wall.locator("[role=alert]")).to_have_text(text, use_inner_text=False)
        assert wall.evaluate("window.attacks") == []


@pytest.mark.parametrize(
    "policy",
    [
        "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self';"
        " require-trusted-types-for 'script'; trusted-types serveractions",
        "require-trusted-types-for 'script'; script-src 'self'",
    ],
)
def test_the_client_works_under_a_strict_policy_and_violates_nothing(
    stage: Stage, wall: Page, items: list[str], policy: str
) -> None:
    stage.policy = policy
    open_page(wall, "/wall")
    wall.fill("textarea", "tea")
    wall.get_by_role("button", name="Add").click()
    expect(wall.locator("li")).to_have_text(["tea"])
    wall.fill("[name=how]", "fail")
    wall.get_by_role("button", name="Add").click()
    expect(wall.locator("[data-error=text]")).to_have_text("tea")
    wall.set_input_files("[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    wall.get_by_role("button", name="Upload").click()
    expect(wall.locator("[data-error=file]")).to_have_text("Not a.txt")
    stage.gate("told").set()
    wall.locator("[data-serveraction=work] [name=text]").fill("milk")
    wall.get_by_role("button", name="Work").click()
    expect(wall.locator("[data-told]")).to_have_text("milk")
    await_events(wall, "finish", 4)


def test_a_script_of_the_apps_own_fresh_page_runs_once_as_after_a_load(
    stage: Stage, wall: Page, items: list[str]
) -> None:
    stage.policy = ""  # nothing else stops it
    open_page(wall, "/swapped")
    for text in ("tea", "milk"):
        wall.fill("textarea", text)
        wall.get_by_role("button").click()
        expect(wall.locator("textarea")).to_have_value("")
    assert wall.evaluate("window.attacks") == ["script"]
    open_page(wall, "/wall")


def test_hostile_docstrings_are_text_on_the_page_of_the_documentation(browser: Browser, tmp_path: Path) -> None:
    with served(documented_app(tmp_path)) as address:
        context = browser.new_context(base_url=address)
        page = context.new_page()
        page.add_init_script(SPY)
        problems: list[Any] = []
        page.on("dialog", lambda dialog: problems.append(dialog))
        page.on("pageerror", lambda error: problems.append(error))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto("/docs")
        expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
        for summary in page.locator("main details > summary").all():
            if summary.is_visible():
                summary.click()
        expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")
        assert page.locator("main script").count() == 0
        assert (page.evaluate("window.attacks"), problems) == ([], [])
        context.close()


CLOBBERED = """<main><form name="scripts"><input name="serveractions" id="serveractions" data-token="evil"
data-header="X-Evil" data-actions='{"create": "//evil.example/take"}'></form>
<img name="serveractions" src="" alt=""><ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul></main>"""


def test_markup_of_a_visitor_takes_the_place_of_no_part_of_the_client(
    stage: Stage, page: Page, items: list[str]
) -> None:
    stage.page("/clobbered", CLOBBERED, scripts=["create"], items=lambda: list(items))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_page(page, "/clobbered")
    call = "async () => (await import('/_actions/client.js')).call('create', { text: 'a secret' })"
    assert page.evaluate(call) == "a secret"
    assert [url for url in asked if "evil" in url] == []
    assert stage.calls[-1].headers["x-csrftoken"] != "evil"
    assert items == ["a secret"]


EVIL_PAGE = """<!doctype html><title>Evil</title><main></main>
<iframe name="sandbox" sandbox="allow-forms allow-scripts" srcdoc="<script>
onmessage = ({ data }) => { document.body.innerHTML = data; document.forms[0].submit(); }</script>"></iframe>"""
#: those in which a form can carry the field _action: any other form is the page's own
ENCODINGS = ["application/x-www-form-urlencoded", "multipart/form-data"]
EVIL_SENDS = """({ url, token, kind }) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: url, enctype: kind });
  for (const [name, value] of [["_action", "create:"], ["csrf_token", token], ["text", "evil"]]) {
    const input = Object.assign(document.createElement("input"), { name });
    input.setAttribute("value", value);
    form.append(input);
  }
  document.querySelector("main").append(form);
  return form;
}"""


@pytest.fixture
def evil() -> Iterator[str]:
    """The port of a server that is somebody else's."""
    app = Flask("evil")
    app.add_url_rule("/", "evil", lambda: EVIL_PAGE)
    with served(app) as address:
        yield address.rpartition(":")[2]


@pytest.mark.parametrize("host", ["evil.own.localhost", "evil.localhost"], ids=["same-site", "cross-site"])
@pytest.mark.parametrize("way", ["form", "sandbox", "fetch"])
def test_no_page_of_another_origin_can_call_even_with_a_stolen_id_and_token(
    stage: Stage, page: Page, items: list[str], evil: str, host: str, way: str
) -> None:
    open_page(page, "/wall")
    own = page.url.replace("127.0.0.1", "shop.own.localhost")
    page.goto(own)
    form = page.locator("[data-serveraction=create]")
    token = form.locator("[name=csrf_token]").get_attribute("value")
    url = page.evaluate("document.querySelector('[data-serveraction=create]').action")
    page.goto(f"http://{host}:{evil}/")
    for number, kind in enumerate(ENCODINGS if way == "form" else ENCODINGS[:1], start=1):
        send = {"url": url, "token": token, "kind": kind}
        if way == "fetch":
            options = "{ method: 'POST', mode: 'no-cors', credentials: 'include', body: new FormData(form) }"
            page.evaluate(
                f"async (send) => {{ const form = ({EVIL_SENDS})(send); await fetch(form.action, {options}); }}", send
            )
        else:
            with page.expect_response(lambda response: "_action=create/" in response.url) as sent:
                go = "form.submit()" if way == "form" else "frames.sandbox.postMessage(form.outerHTML, '*')"
                page.evaluate(f"(send) => {{ const form = ({EVIL_SENDS})(send); {go}; }}", send)
            assert sent.value.status == 403
            if way == "form":
                page.wait_for_url(re.compile("_action=create/"))
            page.goto(f"http://{host}:{evil}/")
        assert len(stage.calls) == number
        site = stage.calls[-1].headers["sec-fetch-site"]
        assert site == ("cross-site" if way == "sandbox" or "own" not in host else "same-site")
    assert items == []
    if way == "sandbox":
        assert stage.calls[-1].headers["origin"] == "null"
    page.goto(own)
    page.fill("textarea", "mine")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("li")).to_have_text(["mine"])


#: what sanitisers let pass, and write so: in the value of an attribute no tag begins (HTML, 13.3)
HARMLESS = ['<b title="<noscript>">one</b>', '<b title="><img src=x onerror=attacked()>">two</b>']
COMMENTS = """<main>{% call action_form("create") %}<textarea name="text"></textarea><button>Add</button>{% endcall %}
{% for item in items %}<article>{{ item | safe }}<noscript><p>Scripts are off.</p></noscript></article>{% endfor %}
</main>"""


def test_what_is_text_in_an_attribute_is_so_in_a_fresh_page(stage: Stage, page: Page, items: list[str]) -> None:
    stage.policy = ""  # nothing else stops it
    page.add_init_script(SPY)
    stage.page("/comments", COMMENTS, items=lambda: list(items))
    open_page(page, "/comments")
    for number, text in enumerate(HARMLESS, start=1):
        page.fill("textarea", text)
        page.get_by_role("button").click()
        await_events(page, "finish", number)
    expect(page.locator("article b")).to_have_text(["one", "two"])
    assert page.locator("article img, article p").count() == 0
    assert page.evaluate("window.attacks") == []


#: what some sanitisers let pass
FORGED = """<form method="post" action="?_action=create/e30.x"><input name="_action" value="x">{token}
<input name="text" value="forged"><button>Read on</button></form>"""
TOKEN = '<input type="hidden" name="csrf_token" value="x">'
FORGERIES = {"without a token": FORGED.format(token=""), "with a token": FORGED.format(token=TOKEN)}
WITH_FORGERY = """<main>{{ markup | safe }}
{% call action_form("create") %}<textarea name="text"></textarea><button>Add</button>{% endcall %}
<ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul></main>"""


@pytest.mark.parametrize("markup", FORGERIES.values(), ids=FORGERIES)
def test_a_form_that_a_visitor_wrote_calls_nothing(stage: Stage, page: Page, items: list[str], markup: str) -> None:
    stage.page("/forged", WITH_FORGERY, items=lambda: list(items), markup=markup)
    open_page(page, "/forged")
    page.fill("textarea", "mine")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("li")).to_have_text(["mine"])  # a fresh page is there, with its token
    page.get_by_role("button", name="Read on").click()
    await_events(page, "finish", 2)
    assert [call.action for call in stage.calls] == ["create", "create"]
    assert items == ["mine"]


def test_no_token_is_written_into_a_form_that_a_visitor_wrote(stage: Stage, page: Page, items: list[str]) -> None:
    stage.page("/forged", WITH_FORGERY, items=lambda: list(items), markup=FORGERIES["with a token"])
    open_page(page, "/forged")
    page.fill("input[name=text]", "typed")  # what was begun is left as it is, but for its token
    page.fill("textarea", "mine")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("li")).to_have_text(["mine"])
    expect(page.locator("input[name=text]")).to_have_value("typed")
    assert page.locator("[name=csrf_token][value=x]").count() == 1


WITH_BUTTONS = """<main>{{ outside | safe }}
{% call action_form("create") %}{{ inside | safe }}<textarea name="text">mine</textarea>{% endcall %}
<button data-action="{{ action_url("wipe") }}">Wipe</button>
<ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul></main>"""


@pytest.mark.parametrize("place", ["outside", "inside"])
def test_a_button_that_a_visitor_wrote_calls_nothing(stage: Stage, page: Page, items: list[str], place: str) -> None:
    @stage.actions.register
    def wipe() -> None:
        items.clear()

    attribute = {"outside": "data-action", "inside": "formaction"}[place]
    markup = {place: f'<button {attribute}="?_action=wipe/e30.x">Read on</button>'}
    stage.page("/forged", WITH_BUTTONS, items=lambda: list(items), **markup)
    items.append("kept")
    open_page(page, "/forged")
    page.get_by_role("button", name="Read on").click()
    await_events(page, "finish", 1)
    assert items == ["kept"]
    stage.app.config["SECRET_KEY"] = "another"  # and one that the server wrote is renewed
    page.get_by_role("button", name="Wipe").click()
    expect(page.locator("li")).to_have_count(0)
    assert page.locator(f'[{attribute}="?_action=wipe/e30.x"]').count() == 1


def test_a_job_that_a_visitor_wrote_deletes_nothing(stage: Stage, page: Page, items: list[str]) -> None:
    @stage.actions.route("/api/items")
    class Items(MethodRoute):
        def get(self) -> list[str]:
            return items

        def delete(self) -> None:
            items.clear()

    items.append("kept")
    markup = """<div data-job="/api/items"><form method="post" action="/api/items">
    <input name="csrf_token" value="x"><button>Read on</button></form></div>"""
    stage.page("/forged", WITH_FORGERY, items=lambda: list(items), markup=markup)
    open_page(page, "/forged")
    with page.expect_response(lambda response: response.request.method != "GET"):
        page.get_by_role("button", name="Read on").click()
    assert items == ["kept"]
