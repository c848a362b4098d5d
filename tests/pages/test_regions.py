"""Regions: parts of a page that can be asked for, watched, or come later."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort, jsonify, render_template_string, request, url_for
from flask.testing import FlaskClient
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from flask_serveractions import ActionError, Bound, ServerActions, revalidate_tag, wants_region
from flask_serveractions.pages.regions import POSITION
from tests.callers import BROWSER, WITH_PAGE, Form, app_with, form_in, forms_in, post_json, submit

rendered: list[str] = []


@pytest.fixture(autouse=True)
def nothing_rendered() -> None:
    rendered.clear()


def show(name: str) -> str:
    rendered.append(name)
    if name == "broken":
        raise LookupError("nothing there")
    return f"content of {name}"


def add(text: str) -> None:
    if text == "bad":
        raise ActionError("Not that one.", field="text")


def toggle(todo_id: Bound[int]) -> None:
    revalidate_tag("todos")


def app_showing(template: str, **config: Any) -> Flask:
    app = app_with(add, toggle, page=template, **config)
    app.jinja_env.globals.update(show=show, Markup=Markup)
    return app


def client_of(template: str, **config: Any) -> FlaskClient:
    return app_showing(template, **config).test_client()


def render(template: str, path: str = "/todos", **config: Any) -> str:
    return client_of(template, **config).get(path).get_data(as_text=True)


def region(name: str, options: str = "", content: str = "") -> str:
    content = content or f"{{{{ show('{name}') }}}}"
    return f"{{% call region('{name}'{', ' if options else ''}{options}) %}}{content}{{% endcall %}}"


def lazy(name: str, options: str = "fallback='soon'", content: str = "") -> str:
    return region(name, f"lazy=True, {options}", content)


def test_a_region_is_an_element_with_its_name() -> None:
    assert render(region("todos")) == '<div data-region="todos">content of todos</div>'
    page = render(region("todos", 'tag="ul", attrs={"class": "wide", "hidden": True}'))
    assert page == '<ul data-region="todos" class="wide" hidden>content of todos</ul>'


def test_a_page_of_plain_regions_may_be_kept_by_shared_caches() -> None:
    answer = client_of(region("todos") + lazy("stats")).get("/")
    assert "Cache-Control" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("call", ["region('a b')", "region('')", "region('a', tag='ul onclick=x')", "region('a,b')"])
def test_what_can_be_no_name_is_an_error(call: str) -> None:
    with pytest.raises(ValueError, match="give"):
        render(f"{{% call {call} %}}{{% endcall %}}", TESTING=True)


def test_a_region_without_a_block_is_an_error_that_shows_one() -> None:
    with pytest.raises(TypeError, match="endcall"):
        render("{{ region('todos') }}", TESTING=True)


@pytest.mark.parametrize("tags", ["'todos'", "('todos', 7)", "('',)"])
def test_tags_that_are_none_are_an_error(tags: str) -> None:
    with pytest.raises(ValueError, match="sequence of tags"):
        render(region("todos", f"live={tags}"), TESTING=True)


# Lazy


def test_a_lazy_region_is_not_rendered_until_it_is_asked_for() -> None:
    page = render(lazy("stats") + region("todos"), "/todos?sort=text&x=%2F")
    assert rendered == ["todos"]
    assert '<div data-region="stats" data-lazy="waiting">soon <a ' in page
    assert 'href="/todos?sort=text&amp;x=%2F&amp;_regions=stats"' in page


def test_the_link_of_the_fallback_leads_to_the_content() -> None:
    client = client_of(lazy("stats"))
    href = re.findall('href="(.*?)"', client.get("/todos").text)[0]
    assert client.get(href).text == '<div data-region="stats" data-lazy="loaded">content of stats</div>'


def test_what_guards_a_page_guards_its_parts() -> None:
    client = client_of(lazy("stats") + region("todos"))

    @client.application.before_request
    def guard() -> None:
        if request.path.startswith("/admin"):
            abort(403)

    for query in ("_regions=stats", "_regions=stats,todos&x=1", "x=1&_regions=unknown"):
        answer = client.get(f"/admin?{query}")
        assert (answer.status_code, rendered) == (403, [])
        assert "content of" not in answer.text


def test_only_those_asked_for_have_their_content() -> None:
    template = lazy("a") + lazy("b") + lazy("c") + region("d")
    page = render(template, "/todos?_regions=a,c,unknown")
    assert rendered == ["a", "c", "d"]
    assert "content of b" not in page
    assert 'href="/todos?_regions=a,b,c,unknown"' in page


@pytest.mark.parametrize("query", ["_regions=a&_regions=c", "_regions=a%2Cc", "x=1&_regions=+a+,c,,&y", "_regions=c,a"])
def test_the_argument_may_be_written_in_several_ways(query: str) -> None:
    render(lazy("a") + lazy("b") + lazy("c"), f"/todos?{query}")
    assert rendered == ["a", "c"]


@pytest.mark.parametrize(
    "query", ["_regions=", "_regions", "regions=a", "_regionsa=a", f"_regions={'a' * 101}", "_regions=a%20b"]
)
def test_what_names_no_region_asks_for_none(query: str) -> None:
    render(lazy("a"), f"/todos?{query}")
    assert rendered == []


def test_names_need_not_be_ascii() -> None:
    assert "content of übersicht" in render(lazy("übersicht"), "/todos?_regions=%C3%BCbersicht")
    assert '_regions=%C3%BCbersicht"' in render(lazy("übersicht"))


def test_a_fallback_is_text_unless_it_is_markup() -> None:
    assert "&lt;b&gt;soon" in render(lazy("a", "fallback='<b>soon'"))
    assert "<b>soon</b>" in render(lazy("a", "fallback=Markup('<b>soon</b>')"))


def test_the_app_does_not_see_the_argument() -> None:
    app = app_with()

    @app.route("/seen", methods=["GET", "POST"])
    def seen() -> Any:
        return jsonify(query=request.query_string.decode(), url=request.full_path, stats=wants_region("stats"))

    client = app.test_client()
    for method in (client.get, client.post):
        assert method("/seen?a=1&_regions=stats&b=%20").json == {
            "query": "a=1&b=%20",
            "url": "/seen?a=1&b=%20",
            "stats": True,
        }
    assert client.get("/seen?a=1").json["stats"] is False


def test_a_form_on_such_a_page_is_posted_to_the_page_itself() -> None:
    form = form_in(render(lazy("stats") + "{% call action_form('add') %}{% endcall %}", "/todos?_regions=stats&page=2"))
    assert form.url.startswith("/todos?page=2&_action=add/")


def test_a_link_below_a_mount_point_has_it() -> None:
    mounted = DispatcherMiddleware(NotFound(), {"/shop": app_showing(lazy("stats")).wsgi_app})
    answer = Client(mounted, TestResponse).get("/shop/todos")
    assert 'href="/shop/todos?_regions=stats"' in answer.text


def test_a_region_within_a_lazy_one_is_part_of_it() -> None:
    template = lazy("outer", content=lazy("inner"))
    render(template)
    assert rendered == []
    render(template, "/todos?_regions=inner")
    assert rendered == []
    assert "content of inner" in render(template, "/todos?_regions=outer,inner")


# Errors


@pytest.mark.parametrize(
    ("tag", "before"), [("tbody", "<tr><td>"), ("tr", "<td>"), ("ul", "<li>"), ("dl", "<dd>"), ("section", "")]
)
def test_a_fallback_stands_where_the_element_of_its_region_can_hold_it(tag: str, before: str) -> None:
    page = render(lazy("rows", f"tag='{tag}', fallback='soon'"))
    assert f'data-lazy="waiting">{before}soon <a data-lazy-link' in page
    page = render(lazy("rows", f"tag='{tag}', fallback=Markup('<!-- an own one -->')"))
    assert f'data-lazy="waiting"><!-- an own one --> {before}<a data-lazy-link' in page
    page = render(lazy("broken", f"tag='{tag}'"), "/todos?_regions=broken")
    assert f'data-lazy="failed">{before}<p class="serveractions-error"' in page


def test_what_a_lazy_region_raises_is_told_in_its_place(caplog: pytest.LogCaptureFixture) -> None:
    page = render(lazy("broken") + region("todos"), "/todos?_regions=broken")
    assert '<div data-region="broken" data-lazy="failed"><p class="serveractions-error" role="alert">' in page
    assert 'href="/todos?_regions=broken">Try again</a>' in page
    assert "content of todos" in page
    assert "nothing there" not in page
    assert [(each.levelno, each.exc_info is not None) for each in caplog.records] == [(logging.ERROR, True)]


def test_in_debug_it_says_what_was_raised(caplog: pytest.LogCaptureFixture) -> None:
    assert "LookupError: nothing there" in render(lazy("broken"), "/todos?_regions=broken", DEBUG=True)


def test_what_an_eager_region_raises_is_the_page_s() -> None:
    assert client_of(region("broken")).get("/todos").status_code == 500


def test_an_abort_in_a_lazy_region_is_the_page_s() -> None:
    app = app_showing(lazy("stats", content="{{ abort(404) }}"))
    app.jinja_env.globals["abort"] = abort
    assert app.test_client().get("/?_regions=stats").status_code == 404


# Calls: the second pass


CALLING = lazy("stats") + lazy("other") + "{% call(form) action_form('add') %}{{ form.fields() }}{% endcall %}"


def regions_said(names: str, **headers: str) -> dict[str, str]:
    return {**headers, "Serveractions-Regions": names}


def test_the_page_of_an_answer_has_the_regions_that_the_client_has() -> None:
    client = client_of(CALLING)
    form = form_in(client.get("/"))
    rendered.clear()
    answer = post_json(client, form, regions_said("stats,unknown", **WITH_PAGE), text="x")
    assert "content of stats" in answer.json["page"]
    assert 'data-region="other" data-lazy="waiting"' in answer.json["page"]
    assert rendered == ["stats"]


def test_a_page_rendered_again_after_a_failure_has_them_too() -> None:
    client = client_of(CALLING)
    answer = submit(client, form_in(client.get("/")), regions_said("stats", **BROWSER), text="bad")
    assert answer.status_code == 422
    assert "Not that one." in answer.text
    assert "content of stats" in answer.text


def test_a_form_in_a_lazy_region_comes_back_with_it_also_without_scripts() -> None:
    form = '{% call(form) action_form("add") %}{{ form.fields() }}{% endcall %}'
    client = client_of(lazy("panel", content=lazy("übersicht", content=form)) + lazy("other"))
    page = client.get("/todos?_regions=panel,%C3%BCbersicht")
    again = submit(client, form_in(page), BROWSER, text="bad")
    assert again.status_code == 422
    assert "Not that one." in again.text
    assert 'value="bad"' in again.text
    assert form_in(again).url == form_in(page).url
    assert 'data-region="other" data-lazy="waiting"' in again.text


def test_the_header_counts_for_calls_alone() -> None:
    client = client_of(CALLING)
    client.get("/", headers=regions_said("stats"))
    assert rendered == []


def test_a_call_from_a_page_with_the_argument_keeps_them() -> None:
    client = client_of(CALLING)
    form = form_in(client.get("/"))
    form.attributes["action"] += "&_regions=stats"
    assert "content of stats" in post_json(client, form, WITH_PAGE, text="x").json["page"]


# Forms in regions


def toggles(name: str, options: str = "", times: int = 1) -> str:
    form = '{% call action_form("toggle", todo_id=5) %}<button>Toggle</button>{% endcall %}'
    return region(name, options, form * times)


def ids(page: str) -> list[str]:
    return [form.attributes["id"] for form in forms_in(page)]


def ordinals(page: str) -> list[str]:
    return [
        form.url.partition("_action=")[2].split("/")[2] if form.url.count("/") > 2 else "" for form in forms_in(page)
    ]


def test_equal_forms_are_counted_in_each_region() -> None:
    page = render(toggles("a", times=2) + toggles("b", times=2))
    assert ordinals(page) == ["", "2", "", "2"]
    assert len(set(ids(page))) == 4


def test_a_form_is_the_same_whatever_a_lazy_region_shows() -> None:
    template = toggles("a", "lazy=True", 2) + toggles("b")
    before = forms_in(render(template))
    after = forms_in(render(template, "/todos?_regions=a"))
    assert ids_of(before) == ids_of(after)[2:]
    assert len(set(ids_of(after))) == 3


def ids_of(forms: list[Form]) -> list[str]:
    return [form.attributes["id"] for form in forms]


def test_a_form_outside_of_regions_says_nothing_of_them() -> None:
    page = render("{% call action_form('add') %}{% endcall %}")
    assert "_region" not in page
    assert form_in(page).attributes["id"] == "add-form"


ADDING = "{% call(form) action_form('add') %}{{ form.fields() }}{% endcall %}"


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_what_was_typed_is_shown_in_the_one_form_that_was_sent(number: int) -> None:
    client = client_of(ADDING + region("a", content=2 * ADDING) + lazy("b", content=ADDING))
    form = forms_in(client.get("/?_regions=b"))[number]
    answer = submit(client, form, regions_said("b", **BROWSER), text="bad")
    assert [each.errors["text"] for each in forms_in(answer)].index("Not that one.") == number
    assert [each.values["text"] for each in forms_in(answer)].count("bad") == 1


def test_hand_written_forms_in_a_region_have_their_state() -> None:
    by_hand = (
        "<form method=post action=\"{{ action_url('add') }}\">{{ action_fields('add') }}"
        "{% set form = action_state('add') %}<input {{ form.attrs('text') }}>{{ form.error('text') }}</form>"
    )
    client = client_of(region("a", content=by_hand) + region("b", content=by_hand))
    form = forms_in(client.get("/"))[1]
    form.attributes["data-serveraction"] = "add"
    errors = [each.errors["text"] for each in forms_in(submit(client, form, text="bad"))]
    assert errors == ["", "Not that one."]


# Live: what a page says


def live_app(tmp_path: Path, **config: Any) -> Flask:
    template = region("todos", "live=('todos',)") + "{% call action_form('toggle', todo_id=1) %}{% endcall %}"
    return app_showing(template, **{"SERVERACTIONS_STORE_URL": f"sqlite:///{tmp_path}/state.sqlite3", **config})


def since_in(page: str) -> tuple[str, int]:
    epoch, _, counter = re.findall('data-since="(.*?)"', page)[0].rpartition("-")
    return epoch, int(counter)


def test_a_live_region_says_what_it_depends_on_and_since_when(tmp_path: Path) -> None:
    client = live_app(tmp_path).test_client()
    answer = client.get("/")
    assert re.search(r'<div data-region="todos" data-live="[\w.-]+" data-since="[0-9a-f]{12}-0">', answer.text)
    assert answer.headers["Cache-Control"] == "private"
    assert "Cookie" in answer.headers["Vary"]


@pytest.mark.parametrize("tags", ["['todos']", "['TODOS']|map('lower')", "{'todos': 1}", "['todos']|select"])
def test_tags_may_be_any_iterable(tmp_path: Path, tags: str) -> None:
    state = {"SERVERACTIONS_STORE_URL": f"sqlite:///{tmp_path}/state.sqlite3"}
    answer = client_of(region("todos", "live=('todos',)") + region("same", f"live={tags}"), **state).get("/")
    assert len(set(re.findall('data-live="(.*?)"', answer.text))) == 1
    assert answer.text.count("data-live=") == 2


def test_the_page_of_a_call_knows_what_the_call_has_revalidated(tmp_path: Path) -> None:
    client = live_app(tmp_path).test_client()
    page = client.get("/")
    epoch, before = since_in(page.text)
    answer = post_json(client, form_in(page), WITH_PAGE)
    after = since_in(answer.json["page"])
    assert after[0] == epoch
    assert after[1] > before
    assert since_in(client.get("/").text) == after


def test_what_changes_while_a_page_is_made_is_news_to_it(tmp_path: Path) -> None:
    app = live_app(tmp_path)

    @app.get("/while")
    def page_that_changes() -> str:
        revalidate_tag("todos")  # as another process may
        return render_template_string(region("todos", "live=('todos',)"))

    client = app.test_client()
    assert since_in(client.get("/while").text)[1] == 0
    assert since_in(client.get("/while").text)[1] == 1


def test_pages_without_live_regions_ask_the_store_once_at_most(tmp_path: Path) -> None:
    app = app_with(SERVERACTIONS_STORE_URL=f"sqlite:///{tmp_path}/state.sqlite3")
    known: list[bool] = []
    app.before_request(lambda: known.append(POSITION in request.environ))
    client = app.test_client()
    for _ in range(3):
        client.get("/")
    assert known == [True, False, False]


def test_a_first_page_makes_the_store_known_to_other_processes(tmp_path: Path) -> None:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.secret_key = "of the tests"
    ServerActions(app)

    @app.get("/")
    def index() -> str:
        return render_template_string(region("todos", "live=('todos',)", "x"))

    app.test_client().get("/")
    assert (tmp_path / "serveractions.sqlite3").exists()
    assert since_in(app.test_client().get("/").text)[1] == 0


def test_a_page_is_usable_while_the_store_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    app = live_app(tmp_path, SERVERACTIONS_STORE_URL=f"sqlite:///{tmp_path}/file/state.sqlite3")
    client = app.test_client()
    answer = client.get("/")
    assert answer.status_code == 200
    assert 'data-since=""' in answer.text
    assert submit(client, form_in(answer)).status_code == 303


def test_wants_region_says_what_a_page_in_a_test_request_context_asks_for() -> None:
    app = app_with()
    with app.test_request_context("/"):
        assert wants_region("stats") is False
        assert url_for("index") == "/"
