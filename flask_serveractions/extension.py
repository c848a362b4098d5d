"""``ServerActions``: decorators and ``init_app``. It delegates, it never does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import WeakSet

from flask import Blueprint, Flask

from .app_state import AppState, Registry, state_of
from .commands import actions_cli
from .config import Settings
from .integration.blueprints import check_blueprint, place_when_known
from .integration.decorators_above import defining_frame
from .integration.functions import check_is_function, name_is_taken, public_functions
from .openapi.page import mount
from .operation import ACTION, STATE_KEY, Operation
from .pages import regions, script, templates
from .pipeline.background import jobs_of
from .pipeline.enqueue import action_jobs
from .schemas.signature import compile_operation
from .security.access import hook_for
from .security.origin import token_headers
from .security.signing import Signing
from .startup import start
from .stores.store import check_store_url
from .views.actions import add_rule, check_name, make_blueprint
from .views.resources import MethodRoute, check_is_route, compile_route, variables_in, where_class
from .views.rules import RegisteredRoute, add_route
from .views.served_files import CLIENT_VERSION
from .views.webhooks import add_webhook, compile_webhook
from .wsgi.middleware import Middleware
from .wsgi.page_urls import route_actions

if TYPE_CHECKING:
    from .security.webhook_signatures import Verifies
    from .views.discovery import RouteFile

Function = TypeVar("Function", bound=Callable[..., Any])
Route = TypeVar("Route", bound=type[MethodRoute])


class ServerActions:
    """Server actions and REST resources for Flask apps.

    An app holds it in ``app.extensions["serveractions"]``. Registering is open until the first request of any of its
    apps, before and after :meth:`init_app`.

    :param app: the app, or None to call :meth:`init_app` later; one object may serve several apps.
    :raises ValueError: as :meth:`init_app`.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self.registry = Registry()
        self._routes: list[RegisteredRoute] = []
        self._files: list[RouteFile] = []
        self._apps: WeakSet[Flask] = WeakSet()  # for what is registered after init_app
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Mount actions and resources on an app, and read its ``SERVERACTIONS_…`` settings: later changes do not count.

        Adds the blueprint ``actions``, the commands ``flask actions …``, the template functions, and a WSGI middleware.

        :raises ValueError: a setting that can't be right, or a second extension on the same app. The message names the
            key and the mend.
        """
        if not isinstance(app, Flask):
            raise TypeError(f"ServerActions takes the Flask app, not {app!r}: ServerActions(app).")
        if STATE_KEY in app.extensions:
            raise ValueError(f"{app!r} has a ServerActions already. Use one object per app: register everything on it.")
        settings = Settings.from_config(app.config)
        state = AppState(settings=settings, registry=self.registry, signing=Signing(app), client_version=CLIENT_VERSION)
        state.instance_path = app.instance_path
        state.shares_store = "SERVERACTIONS_STORE_URL" in app.config
        check_store_url(settings.store_url)
        mount(app, state)
        app.extensions["serveractions"] = self
        app.extensions[STATE_KEY] = state
        for helpers in (templates, regions, script):
            helpers.install(app)
        app.jinja_env.globals["action_jobs"] = action_jobs
        app.cli.add_command(actions_cli)
        if settings.celery is not None:
            jobs_of(app, state)  # registers the task, which a worker must know too
        app.register_blueprint(make_blueprint(state))
        route_actions(app, state)
        app.wsgi_app = Middleware(  # type: ignore[method-assign]
            app.wsgi_app, state, partial(start, app, state), partial(token_headers, app.config)
        )
        place_when_known(app, state, self._routes)
        for operation in self.registry.actions.values():
            if operation.blueprint is None:
                add_rule(app, state, operation)
        for route in self._routes:
            add_route(app, route)
        for webhook in self.registry.webhooks.values():
            add_webhook(app, webhook)
        self._apps.add(app)

    @overload
    def register(self, function: Function, /) -> Function: ...

    @overload
    def register(
        self,
        *,
        name: str | None = None,
        once: bool = False,
        background: bool = False,
        show_result: bool = False,
        max_content_length: int | None = None,
        blueprint: Blueprint | str | None = None,
    ) -> Callable[[Function], Function]: ...

    def register(
        self,
        function: Any = None,
        *,
        name: str | None = None,
        once: bool = False,
        background: bool = False,
        show_result: bool = False,
        max_content_length: int | None = None,
        blueprint: Blueprint | str | None = None,
    ) -> Any:
        """Register a function as an action; returns it unchanged: ``@actions.register``, or with options in brackets.

        :param function: ``def`` or ``async def``; a generator that yields :class:`Progress` tells how far it is. Its
            annotations say where each argument comes from and what it may be. What a ``functools.partial`` has set
            stays so, whatever is sent.
        :param name: how forms and scripts call it: letters, digits and ``_``, with dots between (``"todos.create"``);
            the function's name by default.
        :param once: each form and each call runs at most once, however often it is sent.
        :param background: answer at once (202) and run it elsewhere.
        :param show_result: success, too, is the page rendered again, with what was typed and ``form.result``.
        :param max_content_length: the greatest size of a body in bytes, in place of the app's.
        :param blueprint: a blueprint of the app's, or the name it is registered by (``"shop.admin"``): its
            ``before_request``, ``after_request``, ``errorhandler`` and ``url_value_preprocessor`` functions run for the
            action as for its views. It may be registered later.
        :raises ValueError: the name is taken, or is no name.
        :raises TypeError: a signature that can't work; names the parameter and the mend.
        :raises RuntimeError: the first request was served already.
        """
        register = partial(
            self._register,
            name=name,
            blueprint=blueprint,
            once=once,
            background=background,
            show_result=show_result,
            max_content_length=max_content_length,
        )
        return register if function is None else register(function)

    def _register(
        self, function: Function, *, name: str | None, blueprint: Blueprint | str | None, **options: Any
    ) -> Function:
        """Register a function as an action.

        :param options: further fields of the :class:`Operation`: ``once=True``.
        """
        check_is_function(function)
        name = getattr(function, "__name__", "") if name is None else name
        self.registry.check_open(f"Registering {name!r}")
        check_name(name)
        taken = self.registry.actions.get(name)
        compiled = compile_operation(
            function,
            name=name,
            kind=ACTION,
            method="POST",
            endpoint=f"actions.{name.replace('.', '-')}",
            blueprint=blueprint,
            **options,
        )
        if taken is not None:
            raise ValueError(name_is_taken(name, taken.where, compiled.where))
        self._add(compiled)
        frame = defining_frame(function)
        if frame is not None:
            self.registry.scopes[name] = frame
        return function

    def _add(self, operation: Operation) -> None:
        self.registry.actions[operation.name] = operation
        if operation.blueprint is not None:
            check_blueprint(operation.blueprint)
            return
        for app in self._apps:
            add_rule(app, state_of(app), operation)

    def register_module(
        self, module: ModuleType, prefix: str = "", *, blueprint: Blueprint | str | None = None
    ) -> None:
        """Register every public function that is defined in a module, and is not registered yet.

        Public are the names in ``__all__``, or, where there is none, those without ``_`` in front. What the module has
        imported stays private.

        :param module: the module object: ``import todos.actions; actions.register_module(todos.actions)``.
        :param prefix: goes before each name: ``"todos."``.
        :param blueprint: as :meth:`register` has it.
        :raises RuntimeError: the first request was served already.
        :raises ValueError: the module defines none, or a name is taken.
        :raises TypeError: a signature that can't work.
        """
        functions = public_functions(module, prefix)
        if not functions:
            raise ValueError(
                f"{module.__name__} defines no public function. Write one, or register by @actions.register."
            )
        registered = {id(operation.function) for operation in self.registry.actions.values()}
        for name, function in functions.items():
            if id(function) not in registered:
                self._register(function, name=f"{prefix}{name}", blueprint=blueprint)

    def route(
        self, rule: str, *, endpoint: str | None = None, blueprint: Blueprint | str | None = None
    ) -> Callable[[Route], Route]:
        """Register a :class:`MethodRoute` class under a URL rule; returns it unchanged. A class may have several rules.

        :param rule: Flask's: ``"/api/todos/<int:todo_id>"``.
        :param endpoint: for ``url_for``; the class's name by default.
        :param blueprint: as :meth:`register` has it; its URL prefix and its subdomain apply, and the endpoint is
            ``<blueprint>.<endpoint>``.
        :raises RuntimeError: the first request was served already.
        :raises TypeError: not a MethodRoute, or a signature that can't work.
        :raises ValueError: the endpoint is taken.
        """

        if not isinstance(rule, str):
            raise TypeError(f"@actions.route lacks its rule. Write @actions.route('/api/todos') above {rule!r}.")

        def register(view_class: Route) -> Route:
            self._route(view_class, rule, endpoint, blueprint)
            return view_class

        return register

    def _route(
        self,
        view_class: type[MethodRoute],
        rule: str,
        endpoint: str | None,
        blueprint: Blueprint | str | None = None,
    ) -> None:
        self.registry.check_open(f"Registering {view_class!r}")
        check_is_route(view_class)
        endpoint = endpoint or view_class.__name__
        # so that a mistake shows here
        compile_route(
            view_class,
            endpoint,
            rule,
            variables_in(rule),
            view_class.methods or (),
            values_change=bool(getattr(blueprint, "url_value_preprocessors", None))
            or any(app.url_value_preprocessors for app in self._apps),
        )
        same = (each for each in self._routes if (each.endpoint, each.blueprint) == (endpoint, blueprint))
        before = next(same, None)
        if before is not None and before.view_class is not view_class:
            raise ValueError(
                f"Two resources have the endpoint {endpoint!r}: {where_class(before.view_class)}"
                f" and {where_class(view_class)}. Give one another: endpoint=…."
            )
        view = before.view if before is not None else view_class.as_view(endpoint)
        route = RegisteredRoute(rule, endpoint, view_class, view, blueprint)
        self._routes.append(route)
        if blueprint is not None:
            check_blueprint(blueprint)
        for app in self._apps:
            add_route(app, route)

    def discover(self, directory: str | Path, url_prefix: str = "/api") -> None:
        """Serve a tree of ``route.py`` files: ``todos/[int:todo_id]/route.py`` at ``/api/todos/<int:todo_id>``.

        ``[...path]`` catches the rest, ``(group)`` adds nothing. What a file serves are its functions called ``GET``,
        ``POST``, ``PUT``, ``PATCH`` and ``DELETE``; nothing else in it, or outside of the directory, is reachable.

        :param directory: where the tree stands: ``Path(__file__).parent / "routes"``.
        :param url_prefix: goes before each URL; ``""`` for none.
        :raises ValueError: a tree that can't be served; says which file and line, and how to mend it.
        :raises LookupError: a folder names a converter that the app does not have.
        :raises TypeError: a signature that can't work.
        :raises RuntimeError: the first request was served already.
        """
        from .views.discovery import discover  # not above: it brings what compiles files, and most apps have none

        self.registry.check_open(f"Discovering {str(directory)!r}")
        for file, view_class in discover(directory, url_prefix, self._files):
            self._route(view_class, file.rule, file.endpoint)
            self._files.append(file)

    def webhook(
        self, rule: str, verifier: Verifies, *, endpoint: str | None = None, max_content_length: int | None = None
    ) -> Callable[[Function], Function]:
        """Register a function ``f(event: dict)``, or ``dict | list``, for a sender's messages; returns it unchanged.

        It is called once for each message, by POST of JSON or of a form: then the event is the JSON in its field
        ``payload``, or else its fields. The auth hook is not asked: the signature is the identity.

        :param rule: Flask's: ``"/hooks/stripe"``.
        :param verifier: knows the sender by its signature, such as ``flask_serveractions.webhooks.github(secret)``; or
            any object with ``verify(headers, body, now)``, which returns the message's ID as text or raises
            :exc:`~flask_serveractions.webhooks.SignatureError`. ``body`` is bytes, ``now`` Unix seconds.
        :param endpoint: for ``url_for``; the function's name by default.
        :param max_content_length: the greatest size of a message in bytes, in place of the app's.
        :raises RuntimeError: the first request was served already.
        :raises TypeError: the function takes no event, or the verifier is none.
        :raises ValueError: the endpoint is taken.
        """

        def register(function: Function) -> Function:
            name = endpoint or function.__name__
            self.registry.check_open(f"Registering the webhook {name!r}")
            compiled = compile_webhook(
                function, rule=rule, verifier=verifier, endpoint=name, max_content_length=max_content_length
            )
            taken = self.registry.webhooks.get(name)
            if taken is not None:
                places = f"{taken.where} and {compiled.where}"
                raise ValueError(f"Two webhooks are called {name!r}: {places}. Give one another: endpoint=….")
            self.registry.webhooks[name] = compiled
            for app in self._apps:
                add_webhook(app, compiled)
            return function

        return register

    @overload
    def auth_hook(self, function: Function, /) -> Function: ...

    @overload
    def auth_hook(self, *, schemes: Mapping[str, Mapping[str, Any]]) -> Callable[[Function], Function]: ...

    def auth_hook(self, function: Any = None, *, schemes: Mapping[str, Mapping[str, Any]] | None = None) -> Any:
        """Register the one hook: ``hook(operation) -> identity | None``, or ``hook(operation, arguments)``.

        Something truthy is let in, and is :data:`current_identity`; something falsy, or not ``is_authenticated``, is
        nobody (401, unless the operation is public); a ``Response``, or a tuple whose second item is a status from 300
        on, is the answer; ``abort(403)`` refuses somebody who is known; any other exception lets nobody in (500).

        :param function: ``def`` or ``async def``; it gets the :class:`Operation` and, where it takes two arguments, a
            mapping of the signed arguments (an action's) or the path's (a resource's). It must change nothing, since it
            is asked for pages with forms too.
        :param schemes: OpenAPI security schemes by name: ``{"bearer": {"type": "http", "scheme": "bearer"}}``. They
            describe, and check nothing.
        :raises ValueError: there is a hook already.
        :raises TypeError: it takes neither one nor two arguments.
        :raises RuntimeError: the first request was served already.
        """

        def register(hook: Function) -> Function:
            self.registry.check_open("Registering the auth hook")
            if self.registry.hook is not None:
                raise ValueError(
                    f"There is an auth hook already: {self.registry.hook.function!r}. One guards actions and resources."
                )
            self.registry.hook = hook_for(hook, schemes or {})
            return hook

        return register(function) if function is not None else register

    def problem_handler(self, function: Function) -> Function:
        """Register a function that says how the failures of resources are told; returns it unchanged.

        It gets a :class:`Problem` and returns what a view may return; without a status it is the problem's. ``Allow``,
        ``WWW-Authenticate`` and ``Retry-After`` are added where they belong. An error handler of the resource's own
        blueprint comes first; browsers get the app's error pages.

        :param function: ``def`` or ``async def``.
        :raises ValueError: there is a problem handler already.
        :raises TypeError: it is no function.
        :raises RuntimeError: the first request was served already.
        """
        self.registry.check_open("Registering the problem handler")
        if not callable(function):
            raise TypeError(f"@actions.problem_handler takes a function, not {function!r}. Write it without brackets.")
        if self.registry.problem_handler is not None:
            raise ValueError(
                f"There is a problem handler already: {self.registry.problem_handler!r}. One API has one format."
            )
        self.registry.problem_handler = function
        return function
