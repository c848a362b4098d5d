"""Where to go next: pages and redirects, by themselves and at the action door."""

from __future__ import annotations

import tracemalloc
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Response, abort, redirect, request, url_for
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_serveractions.http.locations import path_in_app, readable_query, redirect_target, safe_page
from flask_serveractions.http.page_arguments import ActionArgument, without_action
from tests.callers import BROWSER, HERE, SCRIPT, WITH_PAGE, Form, app_with, form_in, open_form, post_json, submit

HOSTILE = [
    "http://evil.example",
    "https://evil.example/",
    "HTTPS://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "\x08//evil.example",
    "/\x85/evil.example",
    "/\u2028/evil.example",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,hello",
    "ftp://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https:\\\\evil.example",
    "http://[",
    "http://[::1",
    "//[",
    "evil.example",
    "todos",
    "./todos",
    "?page=1",
    "#top",
    "",
    "ünïcode",
]


def navigate(base: str, location: str) -> str:
    """Return where a browser goes (the URL standard): blanks around and tabs and line ends in it are nothing to it."""
    location = location.strip("".join(map(chr, range(0x21))))
    location = location.replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/")
    if urlsplit(location).scheme:
        return location
    if location.startswith("//"):
        return f"http:{location}"
    return base + location


@pytest.mark.parametrize("page", HOSTILE)
def test_a_page_that_is_no_path_of_this_app_is_the_start_page(page: str) -> None:
    assert safe_page(page, "/_actions") == "/"


@pytest.mark.parametrize(
    "page",
    [
        "/_actions",
        "/_actions/",
        "/_actions/x/y",
        "/%5Factions/x",
        "/todos/../_actions/x",
        "/./_actions",
        "/_actions?x=1",
    ],
)
def test_a_url_of_the_action_door_is_never_a_page(page: str) -> None:
    assert safe_page(page, "/_actions") == "/"


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ("/todos", "/todos"),
        ("/todos?page=2&sort=text", "/todos?page=2&sort=text"),
        ("/todos#new", "/todos"),
        ("/todos/a%20b", "/todos/a%20b"),
        ("/todos/a b", "/todos/a%20b"),
        ("/café", "/caf%C3%A9"),
        ("/todos?next=//evil.example", "/todos?next=//evil.example"),
        ("/todos?next=http://evil.example", "/todos?next=http://evil.example"),
        ("/_actionsheet", "/_actionsheet"),
        ("/100%", "/100%"),
    ],
)
def test_a_path_of_this_app_is_a_page_with_its_query(page: str, path: str) -> None:
    assert safe_page(page, "/_actions") == path


@given(
    page=st.text() | st.from_regex(r"[/\\.:%a-c?#\s@]{0,12}") | st.sampled_from(HOSTILE).map(lambda each: "/" + each)
)
@example(page="/.//evil.example")
@example(page="/%2F/evil.example")
def test_no_page_leads_a_browser_to_another_host(page: str) -> None:
    path = safe_page(page, "/_actions")
    assert urlsplit(navigate("http://localhost", path)).netloc == "localhost"
    assert path.isascii()
    assert path.isprintable()
    assert safe_page(path, "/_actions") == path


@given(query=st.text() | st.binary().map(lambda data: data.decode("latin-1")) | st.text("_action=/&a2", max_size=30))
def test_an_action_is_taken_out_of_a_query_and_the_rest_stays_byte_for_byte(query: str) -> None:
    rest, action = without_action(query)
    assert without_action(rest) == (rest, None)
    assert (rest == query) is (action is None)
    taken = [each for each in query.split("&") if each not in rest.split("&")]
    assert all(each.partition("=")[0] == "_action" for each in taken)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "act",
        "act/",
        "/id",
        "act/id/",
        "act/id/1",
        "act/id/0",
        "act/id/02",
        "act/id/x",
        "act/id/2/3",
        "act/id/1234567",
    ],
)
def test_what_is_no_name_and_id_is_no_actions(value: str) -> None:
    assert without_action(f"q=1&_action={value}") == ("q=1", ActionArgument(name="", signed=""))


def test_the_argument_names_an_action_its_id_and_which_of_equal_forms() -> None:
    assert without_action("_action=a.b/e30.x&q=%41+b&") == ("q=%41+b&", ActionArgument(name="a.b", signed="e30.x"))
    assert without_action("_action=a/b/12")[1] == ActionArgument(name="a", signed="b", ordinal="12")
    assert without_action("_action=a/b&_action=a/b")[1] == ActionArgument(name="", signed="")
    assert without_action("_actions=a/b&x_action=a/b&%5Faction=a/b")[1] is None


def test_long_pages_leave_nothing_behind_in_memory() -> None:
    def ask(number: int) -> None:
        assert safe_page(f"/{number}/{'x' * 20_000}", "/_actions").startswith(f"/{number}/")

    ask(0)
    tracemalloc.start()
    for number in range(100):
        ask(number)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 200_000  # of 4 MB


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/done", "/done"),
        ("done", "/lists/done"),
        ("./done", "/lists/done"),
        ("../done", "/done"),
        ("?page=2", "/lists/7?page=2"),
        ("#new", "/lists/7?sort=text#new"),
        ("https://example.org/x", "https://example.org/x"),
        ("http://example.org", "http://example.org"),
        ("HTTPS://example.org/", "HTTPS://example.org/"),
    ],
)
def test_a_redirect_is_http_or_relative_to_the_page(location: str, target: str) -> None:
    assert redirect_target(location, "/lists/7?sort=text", "") == target


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "mailto:ada@example.org",
        "http:",
        "http:example.org",
        "https:///example.org",
        "//example.org",
        " //example.org",
        "/\\example.org",
        "\\\\example.org",
        "/a\r\nSet-Cookie: x=y",
        "/\t/example.org",
        "http://[",
        "//[",
        "\x01javascript:alert(1)",
    ],
)
def test_a_redirect_to_anything_else_is_no_target(location: str) -> None:
    assert redirect_target(location, "/lists", "") is None


@given(
    location=st.text() | st.from_regex(r"[/\\.:%a-c?#\s@\[\]]{0,12}"),
    script_name=st.sampled_from(["", "/mount"]),
    page=st.sampled_from(["/", "/lists/7?x=1"]),
)
@example(location="/.//evil.example", script_name="", page="/")
@example(location="///evil.example", script_name="", page="/")
@example(location="/.//evil.example", script_name="", page="/")
@example(location=".//evil.example", script_name="", page="/")
@example(location="..//evil.example", script_name="", page="/lists/7?x=1")
def test_a_relative_redirect_never_leaves_the_host(location: str, script_name: str, page: str) -> None:
    target = redirect_target(location, page, script_name)
    if target is None or urlsplit(location).scheme:
        return
    assert urlsplit(navigate("http://localhost", target)).netloc == "localhost"


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/mount/todos?x=1#y", "/todos?x=1"),
        ("/mount", "/"),
        ("/mount/caf\u00e9?q=\u20ac", "/caf%C3%A9?q=%E2%82%AC"),
        ("http://localhost/mount/todos", "/todos"),
        ("http://localhost:80/mount/todos", "/todos"),
        ("http://LOCALHOST/mount/todos", "/todos"),
        ("https://localhost/mount/todos", None),
        ("http://localhost:8080/mount/todos", None),
        ("http://other.example/mount/todos", None),
        ("/elsewhere", None),
        ("/mountain", None),
        ("/mount/_actions/x", None),
        ("/mount//evil.example", None),
    ],
)
def test_only_a_target_in_this_app_is_a_path_of_it(location: str, path: str | None) -> None:
    assert path_in_app(location, "http://localhost/", "/mount", "/_actions") == path


# At the door


def go(to: str, code: int = 302) -> Response:
    return redirect(to, code)  # type: ignore[return-value]


GO_PAGE = """{% call(form) action_form("go") %}<input {{ form.attrs("to") }}><input {{ form.attrs("code") }}>
{% endcall %}"""


@pytest.fixture
def mounted() -> Any:
    """The app under ``/mount``, as a client that calls it there."""
    app = app_with(go, page=GO_PAGE)
    app.wsgi_app = DispatcherMiddleware(Response("Nothing here", 404), {"/mount": app.wsgi_app})  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_from_an_action_is_always_303(code: int) -> None:
    client = app_with(go, page=GO_PAGE).test_client()
    answer = submit(client, open_form(client), to="/done", code=code)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/done")


def test_a_redirect_given_to_abort_is_303_too() -> None:
    def go_away(text: str = "") -> None:
        abort(redirect("/away"))

    client = app_with(go_away).test_client()
    answer = submit(client, open_form(client))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/away")
    assert post_json(client, open_form(client)).json["redirect"] == "/away"


def test_scripts_are_told_the_redirect() -> None:
    client = app_with(go, page=GO_PAGE).test_client()
    answer = post_json(client, open_form(client), to="done", code=302)
    assert (answer.status_code, answer.json["redirect"]) == (200, "/done")


def test_a_redirect_to_another_site_is_the_functions_own_choice() -> None:
    client = app_with(go, page=GO_PAGE).test_client()
    assert submit(client, open_form(client), to="https://example.org/x").headers["Location"] == "https://example.org/x"


def test_a_redirect_that_is_not_http_is_a_bug_and_goes_nowhere() -> None:
    client = app_with(go, page=GO_PAGE).test_client()
    answer = submit(client, open_form(client), to="javascript:alert(1)")
    assert answer.status_code == 500
    assert "Location" not in answer.headers


def test_a_relative_redirect_stands_beside_the_page() -> None:
    client = app_with(go, page=GO_PAGE).test_client()
    form = open_form(client, page="/todos")
    assert submit(client, form, to="done").headers["Location"] == "/done"
    deeper = Form({**form.attributes, "action": form.on("/lists/7")}, form.inputs)
    assert submit(client, deeper, to="done").headers["Location"] == "/lists/done"


@pytest.mark.parametrize("page", HOSTILE)
def test_a_page_parameter_of_an_actions_own_url_leads_nowhere(page: str) -> None:
    client = app_with(go, page=GO_PAGE).test_client()
    form = open_form(client)
    answer = client.get(f"{form.direct}?page={quote(page)}", headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@given(page=st.text() | st.text("/\\.:@?#%\t\n e", max_size=12))
def test_no_page_parameter_is_an_error(page: str) -> None:
    client = GO_APP.test_client()
    answer = client.get(
        "/_actions/go/x", query_string={"page": page.encode(errors="surrogatepass")}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 303
    assert urlsplit(navigate("http://localhost", answer.headers["Location"])).netloc == "localhost"


GO_APP = app_with(go, page=GO_PAGE)


def test_a_mount_point_is_counted_once(mounted: Any) -> None:
    client = mounted.test_client()
    form = open_form(client, page="/mount/todos")
    assert form.url.startswith("/mount/todos?_action=go/")

    def done(to: str, code: int = 302) -> Any:
        return submit(client, form, to=to, code=code).headers["Location"]

    assert done("/mount/done") == "/mount/done"
    assert done("done") == "/mount/done"
    assert client.get(form.url, headers=BROWSER).status_code == 200


def test_url_for_and_the_page_agree_under_a_mount_point() -> None:
    def home(text: str = "") -> Response:
        return redirect(url_for("todos"))  # type: ignore[return-value]

    def stay(text: str = "") -> None:
        return None

    app = app_with(home, stay)
    app.wsgi_app = DispatcherMiddleware(Response("Nothing here", 404), {"/mount": app.wsgi_app})  # type: ignore[method-assign]
    client = app.test_client()
    page = client.get("/mount/todos")
    assert submit(client, form_in(page, "home")).headers["Location"] == "/mount/todos"
    assert submit(client, form_in(page, "stay")).headers["Location"] == "/mount/todos"
    answer = post_json(client, form_in(page, "home"), headers=WITH_PAGE)
    assert answer.json["redirect"] == "/mount/todos"
    assert answer.json["page"] is None


def test_no_page_comes_with_a_redirect() -> None:
    app = app_with(go, page=GO_PAGE)

    @app.get("/done")
    def done() -> str:
        return f"<p>Done, {request.args['by']}</p>"

    client = app.test_client()
    form = open_form(client)
    assert post_json(client, form, headers=WITH_PAGE, to="/done?by=ada").json["page"] is None  # it is the browser's
    assert post_json(client, form, headers=SCRIPT, to="/done?by=ada").json["page"] is None
    assert post_json(client, form, headers=WITH_PAGE, to="https://example.org/").json["page"] is None


def test_without_a_page_the_form_stood_on_the_start_page() -> None:
    client = app_with(go, page=GO_PAGE).test_client()
    form = open_form(client, page="/todos")
    answer = client.get(form.direct, headers=HERE)
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("query", ["q=\xff", "\xf0\x9f", "page=/a\xed\xa0\x80", "q=%ff&\xe4=1"])
def test_a_query_in_raw_bytes_that_are_no_utf_8_is_read_on_every_door(query: str) -> None:
    def act() -> None:
        return None

    app = app_with(act)
    app.add_url_rule("/page", "page", lambda: request.args.get("q", ""))
    client = app.test_client()
    for target in ("/page", "/_actions/act/x", "/_actions/client.js"):
        assert client.get(target, environ_overrides={"QUERY_STRING": query}).status_code < 400
    posted = client.post("/_actions/act/x", headers=BROWSER, environ_overrides={"QUERY_STRING": query})
    assert posted.status_code == 404


def test_a_query_in_raw_utf_8_stays_as_it_is() -> None:
    raw = "q=žluť".encode().decode("latin-1")
    assert readable_query(raw) == raw
    assert readable_query("q=%ff") == "q=%ff"
    assert readable_query("q=\xff+a/b") == "q=%FF+a/b"


def test_a_flood_of_arguments_is_a_414_on_both_doors() -> None:
    def act(text: str = "") -> None:
        raise AssertionError("called")

    app = app_with(act)
    client = app.test_client()
    form = open_form(client)
    flood = "&".join(["a=1"] * 1_001)
    assert client.post(f"{form.url}&{flood}", headers=SCRIPT).status_code == 414
    assert client.post(f"{form.direct}?{flood}", headers=SCRIPT).status_code == 414
