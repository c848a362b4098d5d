"""The application that type checkers look at runs, so that what they see is what there is."""

from __future__ import annotations

from tests.type_check import application


def test_the_application_of_the_type_checks_works() -> None:
    client = application.app.test_client()
    anybody = {"Accept": "application/json"}
    assert client.post("/api/todos", json={"text": "milk"}, headers=anybody).json == {
        "id": 1,
        "text": "milk",
        "completed": False,
    }
    application.todos.clear()
    application.check_hooks()


def test_decorated_functions_are_called_as_they_are_written() -> None:
    with application.app.app_context():
        assert application.create_todo("milk").text == "milk"
        assert application.pay("card") == ({"method": "card"}, 201)
        assert len(list(application.report(3))) == 3
        application.check_cache()
    application.todos.clear()
