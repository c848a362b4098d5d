"""Mistakes of first programs: each is told with what, where and the mend."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from html import unescape
from typing import Annotated, Any

import pytest
from flask import Flask, render_template_string
from flask_wtf import FlaskForm
from jinja2 import UndefinedError
from marshmallow import Schema, fields, validate
from marshmallow.validate import Length
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column
from werkzeug.datastructures import FileStorage
from wtforms import Form, StringField
from wtforms.validators import DataRequired

from flask_serveractions import ActionError, Bound, MethodRoute, Query, ServerActions
from flask_serveractions.testing import ActionsClient


class TodoSchema(Schema):
    text = fields.String()


class Model(MappedAsDataclass, DeclarativeBase):
    pass


class Todo(Model):
    __tablename__ = "todo"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    text: Mapped[str]


class PostForm(FlaskForm):
    title = StringField()

    def __init__(self, author: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class PlainForm(Form):
    title = StringField()


@pytest.fixture
def app(tmp_path: Any) -> Flask:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.secret_key = "of the tests"
    app.testing = True
    app.test_client_class = ActionsClient
    return app


@pytest.fixture
def actions(app: Flask) -> ServerActions:
    return ServerActions(app)


def taking(annotation: Any, returned: Any = None, name: str = "todo") -> Callable[..., Any]:
    written: dict[str, Any] = {}
    exec(f"def save({name}): ...", written)  # a parameter of any name
    save = written["save"]
    save.__annotations__ = {name: annotation, "return": returned}
    save.__module__ = __name__
    return save


ADDRESS = re.compile(" at 0x[0-9a-f]+")


def of_wtforms(form: Any, field: Any) -> None: ...


ANNOTATIONS = [
    (Annotated[str, [Length(1, 5), Length(2)]], "a list of validators checks nothing. Write them one by one"),
    (list[Annotated[str, (Length(1),)]], "a list of validators checks nothing. Write them one by one"),
    (Annotated[str, of_wtforms], "can't be called with the value alone. Write def check(value): …."),
    (list[Annotated[int, of_wtforms]], "can't be called with the value alone. Write def check(value): …."),
    (Annotated[FileStorage, of_wtforms], "can't be called with the value alone. Write def check(value): …."),
    (TodoSchema, "TodoSchema is a schema, and no type. Write Annotated[dict, TodoSchema()]."),
    (TodoSchema(), "TodoSchema is a schema, and no type. Write Annotated[dict, TodoSchema()]."),
    (fields.String, "String is a field, and no type. Write the type first, as in Annotated[str, String()]."),
    (Annotated[str, validate.Length], "Length is a class, which checks nothing. Write Length(...)."),
    (Annotated[str, DataRequired()], "DataRequired is WTForms', which checks a field of a form and no value."),
    (Annotated[str, DataRequired], "Take marshmallow's, as in Annotated[str, validate.Length(max=200)]"),
    (Annotated[str, StringField()], "Take marshmallow's, as in Annotated[str, validate.Length(max=200)]"),
    (PlainForm, "Derive the form from flask_wtf.FlaskForm"),
    (PostForm, "PostForm can't be made, it needs author. Name a factory that has it: Annotated[PostForm, make_form]"),
    (Bound, "it says no type. Write one in brackets, as in Bound[int]."),
    (Bound[Todo], "Take what finds a row, as in todo_id: Bound[int]"),
    (Todo, "Todo is a model of the database, whose rows are not what a form sends."),
    (set[str], "Take a list, as in list[str], and make it in the function."),
    (tuple[int, str], "Take a list, as in list[str], and make it in the function."),
    (bytes, "Take str for text, and FileStorage for an uploaded file."),
]


@pytest.mark.parametrize(
    ("annotation", "words"), ANNOTATIONS, ids=lambda part: re.sub(" at 0x[0-9a-f]+", "", str(part))[:60]
)
def test_an_annotation_that_nothing_loads_says_what_to_write(
    actions: ServerActions, annotation: Any, words: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(words)) as caught:
        actions.register(taking(annotation))
    assert "save" in str(caught.value)
    assert "parameter 'todo'" in str(caught.value)


@pytest.mark.parametrize("returned", [TodoSchema, TodoSchema()], ids=["class", "instance"])
def test_a_schema_as_the_result_s_type_says_what_to_write(actions: ServerActions, returned: Any) -> None:
    with pytest.raises(TypeError, match=re.escape("Write Annotated[Todo, TodoSchema()].")):
        actions.register(taking(str, returned))


@pytest.mark.parametrize("name", ["_action", "_region"])
def test_the_name_of_our_hidden_field_is_no_parameter_s(actions: ServerActions, name: str) -> None:
    with pytest.raises(TypeError, match=r"hidden field of this name. Call it otherwise."):
        actions.register(taking(str, name=name))


def test_what_is_taken_out_of_every_query_is_no_parameter(actions: ServerActions) -> None:
    class Page(MethodRoute):
        def get(self, _regions: str = "") -> None: ...

    says = r"'_regions', .* this argument is taken out of every query. Call it otherwise."
    with pytest.raises(TypeError, match=says):
        actions.register(taking(Query[str], name="_regions"))
    with pytest.raises(TypeError, match=says):
        actions.route("/page")(Page)


def test_a_method_is_registered_of_an_object(actions: ServerActions) -> None:
    class Todos:
        def create(self, text: str) -> None: ...

    with pytest.raises(TypeError, match=r"'self'.*as in actions.register\(todos.create\)"):
        actions.register(Todos.create)


def test_route_without_brackets_says_what_to_write(actions: ServerActions) -> None:
    with pytest.raises(TypeError, match=r"lacks its rule. Write @actions.route\('/api/todos'\) above <class"):

        @actions.route  # type: ignore[arg-type]
        class Todos(MethodRoute):
            def get(self) -> None: ...


def test_a_name_given_to_register_is_named(actions: ServerActions) -> None:
    with pytest.raises(TypeError, match="A name is name='create'"):
        actions.register("create")  # type: ignore[call-overload]


def test_a_resource_without_a_method_in_lower_case_is_none(actions: ServerActions) -> None:
    with pytest.raises(TypeError, match=r"Todos has no method. Write one in lower case, as in def get\(self\)"):

        @actions.route("/api/todos")
        class Todos(MethodRoute):
            def GET(self) -> None: ...


@pytest.mark.parametrize("order", ["above", "below"])
def test_an_action_that_is_a_view_too_is_an_error_at_start(app: Flask, actions: ServerActions, order: str) -> None:
    def create(text: str) -> None: ...

    decorators = [actions.register, app.post("/create")]
    for decorate in decorators if order == "above" else reversed(decorators):
        create = decorate(create)
    with pytest.raises(TypeError, match=r"create .*as the view 'create' too.*Leave @app.route, @app.post or"):
        app.test_client().get("/")


def rendered(app: Flask, template: str, **values: Any) -> str:
    with app.test_request_context():
        return render_template_string(template, **values)


def form_with(content: str) -> str:
    return f"{{% call(form) action_form('save', **bound) %}}{content}{{% endcall %}}"


CONTROLS = [
    ("{{ form.attrs('txet') }}", LookupError, "takes no 'txet'. Did you mean 'text'? The names of its form are: text"),
    ("{{ form.error('txet') }}", LookupError, "Did you mean 'text'?"),
    ("{{ form.value('txet') }}", LookupError, "Did you mean 'text'?"),
    ("{{ form.field('txet') }}", LookupError, "Did you mean 'text'?"),
    ("{{ form.attrs('todo_id') }}", LookupError, "It is Bound: signed into the form by action_form"),
    ("{{ form.text }}", TypeError, "form.text: write <input {{ form.attrs('text') }}> or {{ form.field('text') }}"),
    ("{{ form.text() }}", TypeError, "form.text: write <input {{ form.attrs('text') }}>"),
    ("{{ form.select('text') }}", TypeError, "Give it, as in form.select('text', ['a', 'b'])"),
    ("{{ form.radios('text') }}", TypeError, "or annotate the argument as a Literal or an Enum."),
    ("{{ form.checkboxes('text', ['a']) }}", TypeError, "Write form.radios('text'), or annotate it as a list."),
    ("{{ form.wtf }}", LookupError, "this action takes no FlaskForm"),
    ('<form action="/search"><input name="q"></form>', TypeError, "stands within action_form('save'), and HTML nests"),
    ("{{ form.fields }}", TypeError, "form.fields is written and not called. Write {{ form.fields() }}."),
    ("{{ form.error }}", TypeError, "Write {{ form.error('name') }}."),
    ("{{ form.fields(['text']) }}", TypeError, "give the names one by one, as in form.fields('text', 'size')."),
    ("{{ form.field('text', {'class': 'x'}) }}", TypeError, "is no label of 'text'. Attributes are given by name"),
    ("{{ form.hidden_tag() }}", TypeError, "action_form writes the hidden fields, the CSRF token among them."),
    ("{% if form.validate_on_submit() %}{% endif %}", TypeError, "called with valid arguments alone"),
    ("{{ form.select('text', optoins) }}", TypeError, "options=Undefined: give a list, as in ['a', 'b']"),
    ("{{ form.select('text', 'abc') }}", TypeError, "options='abc': give a list"),
    ("{{ form.radios('text', {'a': 'One'}) }}", TypeError, "For values with their labels give its items"),
    ("{{ form.select('text', [('a', 'One', 1)]) }}", TypeError, "('a', 'One', 1) is no option"),
    ("{% call action_form('save', todo_id=2) %}{% endcall %}", TypeError, "HTML nests no forms. Close that one first"),
]


@pytest.mark.parametrize(("content", "kind", "words"), CONTROLS)
def test_a_control_that_can_not_be_says_what_to_write(
    app: Flask, actions: ServerActions, content: str, kind: type[Exception], words: str
) -> None:
    @actions.register
    def save(text: str, todo_id: Bound[int]) -> None: ...

    with pytest.raises(kind, match=re.escape(words)):
        rendered(app, form_with(content), bound={"todo_id": 1})
    assert "<form" in rendered(app, form_with("{{ form.fields() }}"), bound={"todo_id": 1})


FORMS = [
    ("{% call action_form('save') %}{{ form.field('text') }}{% endcall %}", UndefinedError, "call(form) action_form("),
    ("{% call action_form('save') %}{{ text.upper() }}{% endcall %}", UndefinedError, "'text' is undefined"),
    ("{% call(form) action_form('svae') %}{% endcall %}", LookupError, "no action 'svae'. Did you mean 'save'?"),
    ("{% call(form) action_form(save) %}{% endcall %}", LookupError, "undefined in the template: write its name in"),
    ("{% call(form) action_form('save', values=tood) %}{% endcall %}", UndefinedError, "save ("),
    ("{% call(form) action_form('save', values=tood) %}{% endcall %}", UndefinedError, "'tood' is undefined in the"),
    ("{% call(form) action_form('save', values=tood.owner) %}{% endcall %}", UndefinedError, "'tood' is undefined"),
    ("{% call(form) action_form('save', values=Todo) %}{% endcall %}", TypeError, "is a class. Give an object of it"),
    ("{% call(form) action_form('save', attrs='wide') %}{% endcall %}", TypeError, "as in attrs={'class': 'wide'}"),
    ("{% call(form) action_form('save', id=todo) %}{% endcall %}", TypeError, "'id' is not Bound. Annotate it as in"),
    (
        "{% call(form) action_form('save', class_='x') %}{% endcall %}",
        TypeError,
        "attributes of the form stand in attrs=",
    ),
    ("{% call(form) action_form('save', text='x') %}{% endcall %}", TypeError, "Annotate it as in text: Bound[int]."),
]


@pytest.mark.parametrize(("template", "kind", "words"), FORMS)
def test_a_form_that_can_not_be_says_what_to_write(
    app: Flask, actions: ServerActions, template: str, kind: type[Exception], words: str
) -> None:
    @actions.register
    def save(text: str) -> None: ...

    with pytest.raises(kind, match=re.escape(words)):
        rendered(app, template, Todo=Todo)


def test_a_bound_value_that_can_not_be_is_told_by_the_annotation_as_it_is_written(
    app: Flask, actions: ServerActions
) -> None:
    @actions.register
    def save(id: Bound[int]) -> None: ...

    with pytest.raises(TypeError, match=r"'id' can't be None .* what Bound\[int\] allows"):
        rendered(app, "{% call action_form('save', id=None) %}{% endcall %}")


def test_an_action_of_a_module_that_nobody_imports_is_told_so(app: Flask, actions: ServerActions) -> None:
    with pytest.raises(LookupError, match=r"Import the module whose functions @actions.register registers."):
        rendered(app, "{% call action_form('save') %}{% endcall %}")


def test_a_form_that_is_sent_by_get_is_warned_of(
    app: Flask, actions: ServerActions, caplog: pytest.LogCaptureFixture
) -> None:
    @actions.register
    def save(text: str) -> None: ...

    app.add_url_rule("/", "index", lambda: "the page")
    client = app.test_client()
    assert client.get("/", query_string={"_action": "save:12345678", "text": "a secret"}).text == "the page"
    assert "was sent to / by GET, which runs nothing. Write it as <form method=" in caplog.text
    assert "secret" not in caplog.text  # what was typed, and the token, are no matter of the log
    caplog.clear()
    assert client.get("/?_action=save/e30.signature&text=x").text == "the page"
    assert caplog.text == ""


@pytest.mark.parametrize("default", [validate.Length(1, 3), fields.String(required=True)], ids=["validator", "field"])
def test_a_check_in_the_place_of_a_default_says_where_it_belongs(actions: ServerActions, default: Any) -> None:
    def save(text: str = default) -> None: ...

    with pytest.raises(TypeError, match=r"which checks nothing there. Write it into the annotation, as in text: Ann"):
        actions.register(save)


def test_a_validator_in_the_place_of_a_type_says_what_to_write(actions: ServerActions) -> None:
    def save(text) -> None: ...  # type: ignore[no-untyped-def]

    save.__annotations__["text"] = validate.Length(1, 3)
    with pytest.raises(TypeError, match=r"Length is a validator, and no type. Write the type first"):
        actions.register(save)


def test_what_is_no_app_and_no_module_is_named(actions: ServerActions) -> None:
    with pytest.raises(TypeError, match="ServerActions takes the Flask app, not 'todos'"):
        ServerActions("todos")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"register_module takes a module, not 'todos'. Write import todos, and then"):
        actions.register_module("todos")  # type: ignore[arg-type]


@pytest.mark.parametrize("message", [["One.", "Two."], {"text": "One."}, ()])
def test_a_failure_has_one_message(message: Any) -> None:
    with pytest.raises(TypeError, match="a message is one text"):
        ActionError(message)


@pytest.mark.parametrize("values", ["text", 5, ["text"]])
def test_values_without_names_can_not_fill_a_form(app: Flask, actions: ServerActions, values: Any) -> None:
    @actions.register
    def save(text: str) -> None: ...

    with pytest.raises(TypeError, match=re.escape("has no names. Give a mapping or an object")):
        rendered(app, form_with(""), bound={"values": values})


def test_a_validator_that_returns_false_refuses(app: Flask, actions: ServerActions) -> None:
    @actions.register
    def save(text: Annotated[str, str.isupper], texts: list[Annotated[str, str.isupper]]) -> None: ...

    client = app.test_client()
    assert isinstance(client, ActionsClient)
    answer = client.call_action("save", text="a", texts=["A", "b"])
    assert answer.status_code == 422
    assert answer.json["errors"] == {"text": ["This value is not allowed."], "texts.1": ["This value is not allowed."]}
    assert client.call_action("save", text="A", texts=[]).status_code == 200


def test_an_error_at_no_field_is_warned_of(
    app: Flask, actions: ServerActions, caplog: pytest.LogCaptureFixture
) -> None:
    @actions.register
    def save(text: str, lines: list[str], todo_id: Bound[int] = 1) -> None:
        raise ActionError("No.", field=text)

    client = app.test_client()
    assert isinstance(client, ActionsClient)
    for known in ("text", "lines", "todo_id"):
        client.call_action("save", text=known, lines=[])
    assert "is no argument" not in caplog.text
    client.call_action("save", text="txet", lines=[])
    assert "ActionError(field='txet'), which is no argument of it" in caplog.text
    assert "It takes: text, lines." in caplog.text


def test_a_form_without_a_token_is_told_where_it_comes_from(
    app: Flask, actions: ServerActions, caplog: pytest.LogCaptureFixture
) -> None:
    @actions.register
    def save(text: str) -> None: ...

    page = "<form method=post action=\"{{ action_url('save') }}\">"
    app.add_url_rule("/", "index", lambda: render_template_string(page))
    client = app.test_client()
    found = re.search('action="(.*?)"', client.get("/").text)
    assert found is not None
    for sent in ({"text": "a"}, {"text": "a", "_action": "save:"}):
        caplog.clear()
        client.post(unescape(found[1]), data=sent, headers={"Accept": "text/html"})
        assert "action_form" in caplog.text
        assert "action_fields" in caplog.text


COOKIES = [
    ({"SESSION_COOKIE_SECURE": True}, "SESSION_COOKIE_SECURE: True, but this page came by http", "ProxyFix"),
    ({"SESSION_COOKIE_DOMAIN": "example.org"}, "SESSION_COOKIE_DOMAIN: 'example.org'", "'localhost'"),
    ({"SESSION_COOKIE_PATH": "/admin"}, "SESSION_COOKIE_PATH: '/admin', but this page is '/'", "Set it to '/'."),
    ({"APPLICATION_ROOT": "/app"}, "APPLICATION_ROOT: '/app', but this page is '/'", "Set it to '/'."),
]


@pytest.mark.parametrize(("config", "words", "mend"), COOKIES)
def test_a_cookie_that_will_not_come_back_is_warned_of_once(
    app: Flask, actions: ServerActions, caplog: pytest.LogCaptureFixture, config: Any, words: str, mend: str
) -> None:
    @actions.register
    def save(text: str) -> None: ...

    app.config.update(config)
    app.add_url_rule("/", "index", lambda: render_template_string(form_with(""), bound={}))
    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        for _ in range(2):
            app.test_client().get("/", base_url="http://localhost:5000")
    assert [record.getMessage().startswith(words) for record in caplog.records] == [True]
    assert mend in caplog.text


def test_a_cookie_that_comes_back_is_not_warned_of(
    app: Flask, actions: ServerActions, caplog: pytest.LogCaptureFixture
) -> None:
    @actions.register
    def save(text: str) -> None: ...

    app.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_DOMAIN="example.org", SESSION_COOKIE_PATH="/shop")
    app.add_url_rule("/shop/", "index", lambda: render_template_string(form_with(""), bound={}))
    app.test_client().get("/shop/", base_url="https://www.example.org:8443")
    assert caplog.records == []
