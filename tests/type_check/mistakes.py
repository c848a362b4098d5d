"""What type checkers must complain of: each comment is an error where there is nothing to ignore."""

from __future__ import annotations

from flask_serveractions import (
    ActionError,
    Bound,
    FormState,
    MethodRoute,
    Progress,
    ServerActions,
    cached,
    public,
    requires,
    revalidate_path,
    revalidate_tag,
)
from flask_serveractions.testing import ActionsClient
from flask_serveractions.webhooks import github

actions = ServerActions()


@actions.register
def rename(todo_id: Bound[int], text: str) -> str:
    return text


def of_a_registered_function() -> None:
    rename("1", "milk")  # type: ignore[arg-type]
    rename(1)  # type: ignore[call-arg]
    rename(1, text="milk", other=1)  # type: ignore[call-arg]
    number: int = rename(1, "milk")  # type: ignore[assignment]  # noqa: F841


@actions.register(name="once", once=True)
@public
@requires("nothing of a type checker's business")
def pay(amount: int) -> int:
    return amount


def of_a_decorated_function() -> None:
    pay("1")  # type: ignore[arg-type]


def of_the_extension() -> None:
    ServerActions("app")  # type: ignore[arg-type]
    actions.register(name=1)  # type: ignore[call-overload]
    actions.register(twice=True)  # type: ignore[call-overload]
    actions.register("rename")  # type: ignore[call-overload]
    actions.route(1)  # type: ignore[arg-type]
    actions.register_module("todos")  # type: ignore[arg-type]
    actions.discover(1)  # type: ignore[arg-type]


class Plain:
    def get(self) -> str:
        return ""


def of_a_resource() -> None:
    actions.route("/plain")(Plain)  # type: ignore[type-var]


class Item(MethodRoute):
    paginate = 3  # type: ignore[assignment]

    def get(self, item_id: int) -> str:
        return str(item_id)


def of_a_method() -> None:
    Item().get("1")  # type: ignore[arg-type]


@cached(tags=("todos",))
def count(largest: int) -> int:
    return largest


def of_the_cache() -> None:
    count("1")  # type: ignore[arg-type]
    text: str = count(1)  # type: ignore[assignment]  # noqa: F841
    cached(ttl="60")  # type: ignore[call-overload]
    revalidate_tag(1)  # type: ignore[arg-type]
    revalidate_path(None)  # type: ignore[arg-type]


def of_failures_and_progress() -> None:
    ActionError("No.", "text")  # type: ignore[call-arg]
    ActionError("No.", status="422")  # type: ignore[arg-type]
    Progress("half")  # type: ignore[arg-type]
    Progress(1).done = 2  # type: ignore[misc]


def of_marks() -> None:
    requires(1)  # type: ignore[arg-type]
    public("rename")  # type: ignore[type-var]


def of_the_hook() -> None:
    actions.auth_hook("nobody")  # type: ignore[call-overload]
    actions.auth_hook(schemes=["bearer"])  # type: ignore[call-overload]


def of_webhooks() -> None:
    github(1)  # type: ignore[arg-type]
    actions.webhook("/hooks/github", "secret")  # type: ignore[arg-type]


def of_forms_and_tests(form: FormState, client: ActionsClient) -> None:
    form.attrs(1)  # type: ignore[arg-type]
    form.typo  # type: ignore[attr-defined]  # noqa: B018
    client.call_action(1)  # type: ignore[arg-type]
    client.submit(1, "rename")  # type: ignore[arg-type]
