"""The to-do example, through its forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from examples.todo.demo import PASSWORD
from examples.todo.models import Todo, User
from tests.todo_app import ADA, BROWSER, Visitor, count, todo_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with todo_app(tmp_path) as app:
        yield app


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def ada(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in("ada")
    return visitor


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A program: without cookies, without a browser's headers."""
    return app.test_client(use_cookies=False)


# A guest


def test_the_first_page_works_without_an_account(visitor: Visitor) -> None:
    assert visitor.page.status_code == 200
    assert visitor.submit("add_todo", text="Water the plants").status_code == 200
    assert visitor.todos == ["Water the plants"]


def test_who_only_looks_leaves_nothing_in_the_database(app: Flask, visitor: Visitor) -> None:
    for path in ("/", "/sign-in", "/sign-up", "/account"):
        visitor.open(path)
    assert count(app, User, name=None) == 0


def test_guests_do_not_see_each_other(app: Flask, visitor: Visitor) -> None:
    visitor.submit("add_todo", text="Water the plants")
    assert Visitor(app).todos == []


def test_a_guests_list_becomes_the_users_at_sign_in(app: Flask, visitor: Visitor) -> None:
    visitor.submit("add_todo", text="Water the plants")
    visitor.submit("add_todo", text="Buy milk")  # she has that one
    page = visitor.sign_in("ada")
    assert "Welcome back, ada." in page.text
    assert sorted(visitor.todos) == [
        "Buy milk",
        "Order punched cards",
        "Water the plants",
        "Write to Charles about the engine",
    ]
    assert count(app, User, name=None) == 0
    assert count(app, Todo) == 6


def test_a_guests_list_becomes_that_of_a_new_account(app: Flask, visitor: Visitor) -> None:
    visitor.submit("add_todo", text="Water the plants")
    visitor.open("/sign-up")
    page = visitor.submit("sign_up", name="Mary", password="a long one")
    assert "mary’s list" in page.text
    assert visitor.todos == ["Water the plants"]
    assert count(app, Todo, text="Water the plants") == 1


def test_the_session_of_a_guest_who_is_gone_opens_nobody_elses_list(app: Flask, visitor: Visitor) -> None:
    visitor.submit("add_todo", text="Water the plants")
    old = visitor.client.get_cookie("session")
    assert old is not None
    visitor.sign_in("ada")
    Visitor(app).submit("add_todo", text="A secret")
    visitor.client.set_cookie("session", old.value)
    visitor.open("/")
    assert visitor.todos == []


def test_a_guest_is_led_to_the_sign_in_page_where_more_is_asked(visitor: Visitor) -> None:
    visitor.submit("add_todo", text="Water the plants")
    page = visitor.client.get("/account", headers=BROWSER)
    assert (page.status_code, page.location) == (303, "/sign-in?next=/account")


# The list


def test_a_text_that_is_there_already_comes_back_with_the_reason(ada: Visitor) -> None:
    page = ada.submit("add_todo", text="Buy milk")
    assert page.status_code == 422
    assert ada.forms("add_todo")[0].values["text"] == "Buy milk"
    assert page.text.count("That is on your list already.") == 1


def test_a_failed_rename_shows_in_its_own_form_alone(ada: Visitor) -> None:
    page = ada.submit("rename_todo", 1, text="Buy milk")
    assert page.status_code == 422
    texts = [form.values["text"] for form in ada.forms("rename_todo")]
    assert texts == ["Buy milk", "Buy milk", "Order punched cards"]
    assert ada.todos[1] == "Write to Charles about the engine"
    assert page.text.count("That is on your list already.") == 1
    assert page.text.count("<details open>") == 1


def test_a_new_text_is_shown_at_once(ada: Visitor) -> None:
    ada.submit("rename_todo", 0, text="  Buy oat milk ")
    assert ada.todos[0] == "Buy oat milk"


def test_completing_and_reopening(ada: Visitor) -> None:
    assert "2 to do, 1 done" in ada.open("/").text
    assert "1 to do, 2 done" in ada.submit("complete_todo", 0).text
    assert "2 to do, 1 done" in ada.submit("complete_todo", 1).text


def test_deleting_twice_is_deleting_once(ada: Visitor) -> None:
    form = ada.forms("delete_todo")[0]
    for _ in range(2):
        page = ada.client.post(form.url, data=form.values, headers=BROWSER)
        assert (page.status_code, page.location) == (303, "/")
    ada.open("/")
    assert ada.todos == ["Write to Charles about the engine", "Order punched cards"]


def test_clearing_takes_what_is_completed_and_what_is_ones_own(app: Flask, ada: Visitor) -> None:
    page = ada.submit("clear_completed")
    assert ada.todos == ["Buy milk", "Write to Charles about the engine"]
    assert "Clear completed" not in page.text
    assert count(app, Todo, completed=True) == 1  # Grace's


def test_the_name_of_a_field_can_not_reach_another_to_do(app: Flask, ada: Visitor) -> None:
    ada.submit("rename_todo", 0, text="Mine", todo_id="4")
    assert count(app, Todo, text="Mine", id=1) == 1


def test_somebody_elses_form_is_no_form_at_all(app: Flask, ada: Visitor) -> None:
    form = ada.forms("delete_todo")[0]
    grace = Visitor(app)
    grace.sign_in("grace")
    data = {**form.values, "csrf_token": grace.forms("sign_out")[0].values["csrf_token"]}
    assert grace.client.post(form.url, data=data, headers=BROWSER).status_code == 404
    assert count(app, Todo) == 5


def test_texts_are_escaped(ada: Visitor) -> None:
    page = ada.submit("add_todo", text="<b>bold</b>")
    assert "<b>" not in page.text
    assert "&lt;b&gt;bold&lt;/b&gt;" in page.text


def test_pages_stay_out_of_shared_caches(ada: Visitor) -> None:
    for path in ("/", "/account", "/nothing"):
        headers = ada.open(path).headers
        assert headers["Cache-Control"] == "private"
        assert "Cookie" in headers["Vary"]


# Accounts


def test_a_wrong_password_keeps_the_name_and_not_the_password(visitor: Visitor) -> None:
    page = visitor.sign_in("ada", "wrong-password")
    assert page.status_code == 422
    assert "No account has that name and password." in page.text
    assert visitor.forms("sign_in")[0].values["name"] == "ada"
    assert "wrong-password" not in page.text


def test_the_sign_in_page_leads_back(visitor: Visitor) -> None:
    visitor.open("/account")
    assert visitor.page.request.path == "/sign-in"
    visitor.submit("sign_in", name="ada", password=PASSWORD)
    assert visitor.page.request.path == "/account"


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org", "//example.org", "/\\example.org", "/\t/example.org", "x"]
)
def test_the_sign_in_page_leads_nowhere_else(visitor: Visitor, elsewhere: str) -> None:
    visitor.page = visitor.client.get("/sign-in", query_string={"next": elsewhere}, headers=BROWSER)
    form = visitor.forms("sign_in")[0]
    data = {**form.values, "name": "ada", "password": PASSWORD}
    assert visitor.client.post(form.url, data=data, headers=BROWSER).location == "/"


def test_all_that_is_wrong_with_an_account_is_said_at_once(visitor: Visitor) -> None:
    visitor.open("/sign-up")
    page = visitor.submit("sign_up", name="a b", password="short")
    assert page.status_code == 422
    assert "Use 2 to 30 letters, digits, - or _." in page.text
    assert "Use 8 characters or more." in page.text


def test_a_name_is_given_once(visitor: Visitor) -> None:
    visitor.open("/sign-up")
    page = visitor.submit("sign_up", name="Ada", password="a long one")
    assert page.status_code == 422
    assert "Somebody has that name already." in page.text


def test_after_signing_out_the_list_is_gone_from_the_page(ada: Visitor) -> None:
    page = ada.submit("sign_out")
    assert "You are signed out." in page.text
    assert ada.todos == []


def test_a_new_token_is_shown_once_and_takes_the_old_ones_place(ada: Visitor, client: FlaskClient) -> None:
    ada.open("/account")
    page = ada.submit("renew_token")
    token = re.findall(r'Bearer ([\w-]{43})"', page.text)
    assert len(token) == 1
    assert token[0] not in ada.open("/account").text
    assert client.get("/api/todos", headers={"Authorization": f"Bearer {token[0]}"}).status_code == 200
    assert client.get("/api/todos", headers=ADA).status_code == 401


def test_an_account_is_deleted_by_who_knows_the_password(app: Flask, ada: Visitor, client: FlaskClient) -> None:
    ada.open("/account")
    assert ada.submit("delete_account", password="wrong-password").status_code == 422
    page = ada.submit("delete_account", password=PASSWORD)
    assert "Your account and your list are deleted." in page.text
    assert count(app, User) == 1
    assert count(app, Todo) == 2
    assert client.get("/api/todos", headers=ADA).status_code == 401


def test_the_report_is_for_an_admin(app: Flask, ada: Visitor) -> None:
    page = ada.open("/report")
    assert page.status_code == 403
    assert "For this you need to be admin." in page.text
    grace = Visitor(app)
    grace.sign_in("grace")
    assert grace.open("/report").status_code == 200


# The same rules for both doors


@pytest.mark.parametrize("text", ["", "   ", "x" * 201, "Buy milk", " Buy milk "])
def test_what_the_form_refuses_the_api_refuses_for_the_same_reason(
    ada: Visitor, client: FlaskClient, text: str
) -> None:
    answer = client.post("/api/todos", json={"text": text}, headers=ADA)
    page = ada.submit("add_todo", text=text)
    assert answer.status_code == page.status_code == 422
    assert f'data-error="text">{answer.json["errors"]["text"][0]}</span>' in page.text
    for method in (client.put, client.patch):
        again = method("/api/todos/2", json={"text": text}, headers=ADA)
        assert again.json["errors"] == answer.json["errors"]


def test_the_api_works_on_the_list_of_the_page(ada: Visitor, client: FlaskClient) -> None:
    made = client.post("/api/todos", json={"text": "Call the bank", "completed": True}, headers=ADA)
    ada.open("/")
    assert ada.todos[-1] == "Call the bank"
    ada.submit("rename_todo", -1, text="Call the bank back")
    assert client.get(made.location, headers=ADA).json == {**made.json, "text": "Call the bank back"}


def test_a_browser_uses_the_api_with_its_session(ada: Visitor) -> None:
    assert len(ada.client.get("/api/todos").json) == 3
    assert ada.client.delete("/api/todos/1", headers={"Origin": "https://example.org"}).status_code == 403
    assert ada.client.delete("/api/todos/1", headers={"Origin": "http://localhost"}).status_code == 204
