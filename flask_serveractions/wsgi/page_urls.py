"""The page that a form stands on: its URL, and the action's rule in place of the page's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, MapAdapter, RequestRedirect, Rule

from ..app_state import AppState
from ..http.locations import host_said, is_below, path_in_app, readable_query
from ..http.page_arguments import ActionArgument
from ..logs import loggable, logger
from ..operation import middleware_state_of
from ..security.origin import own_url

if TYPE_CHECKING:
    from flask import Request


PATH_SAFE = "/:=&~+!$,;'@()*[]"  # what may stand in a path as it is
NOT_BELOW_SERVER_NAME = "<invalid>"  # as Werkzeug calls the subdomain of such a host
CATCH_ALL = "actions.-catch-all"
JOB = "actions.-job"  # the one page under the prefix


def url_of(environ: Mapping[str, Any]) -> str:
    """Return path and query of a request, without its mount point: the path quoted once, the query as it came."""
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=PATH_SAFE)
    if not path.startswith("/"):
        path = f"/{path}"
    query = environ.get("QUERY_STRING", "")
    if not query.isascii():
        query = readable_query(query).encode("latin-1").decode()
    return f"{path}?{query}" if query else path


def page_of_forms(environ: Mapping[str, Any], url_prefix: str) -> str:
    """Return the page that the forms of a request's answer stand on.

    Under the prefix there are pages of jobs alone; what a call without a page shows, stands nowhere.
    """
    path = environ.get("PATH_INFO", "")
    if is_below(path, url_prefix) and not path.startswith(f"{url_prefix}/-/"):
        return "/"
    return url_of(environ)


def page_of_call(request: Request, action: ActionArgument, url_prefix: str) -> str:
    """Return the page that a form was posted from: its URL, less the argument.

    Where that answers no GET (a form on the answer to a POST), it is the path that ``Referer`` names, else ``/``.
    """
    url = url_of(request.environ)
    if action.answers_get:
        return url
    page = referring_path(request, url_prefix)
    if page is None or page == url.partition("?")[0]:
        page = "/"
    logger.warning(
        "No rule answers GET at %s, where a form stood: %s is taken for its page.", loggable(url), loggable(page)
    )
    return page


def referring_path(request: Request, url_prefix: str) -> str | None:
    """Return the path of a same-origin ``Referer`` in this app, else None."""
    referer = request.environ.get("HTTP_REFERER", "")
    try:
        target = path_in_app(referer, own_url(request), request.root_path, url_prefix) if "://" in referer else None
    except ValueError:  # it does not parse
        return None
    return target and target.partition("?")[0]


def route_actions(app: Flask, state: AppState) -> None:
    """Let the app's URL matching find the rule of the action that a form on a page calls, on every host and mount.

    What this package serves itself is served on every host and subdomain, too: the client, jobs, direct calls.
    """
    theirs: Callable[[Request | None], MapAdapter | None] = app.create_url_adapter
    is_flasks = getattr(theirs, "__func__", None) is Flask.create_url_adapter

    def create_url_adapter(request: Request | None) -> MapAdapter | None:
        adapter = adapter_of_page(app, request) if is_flasks and request is not None else None
        adapter = theirs(request) if adapter is None else adapter
        if request is None or adapter is None:
            return adapter
        if is_elsewhere(adapter) and is_own_path(state, request.path):
            replace_match(adapter, match_anywhere, without_host(adapter))
        action = request.environ.get(ActionArgument.KEY)
        if isinstance(action, ActionArgument):
            action.host = (adapter.server_name, adapter.script_name, adapter.subdomain, adapter.url_scheme)
            replace_match(adapter, match_action, state, action)
        return adapter

    app.create_url_adapter = create_url_adapter  # type: ignore[method-assign]


def adapter_of_page(app: Flask, request: Request) -> MapAdapter | None:
    """Return what Flask's ``create_url_adapter`` does, for the page of an action: by what its host was to the call.

    To find that out once more would take a seventieth of an answer with the page in it. None for any other request, and
    where a middleware has changed the host.
    """
    environ = request.environ
    middleware = middleware_state_of(environ)
    rerender = None if middleware is None else middleware.page_for
    if rerender is None or rerender.host is None or app.config["TRUSTED_HOSTS"] is not None:
        return None
    said, found = rerender.host
    if host_said(environ) != said or type(app.url_map) is not Map:
        return None
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    query = environ["QUERY_STRING"].encode("latin-1").decode(errors="replace")
    server_name, script_name, subdomain, scheme = found
    method = environ["REQUEST_METHOD"]
    return MapAdapter(app.url_map, server_name, script_name, subdomain, scheme, path, method, query)


def replace_match(adapter: MapAdapter, match: Callable[..., Any], *given: Any) -> None:
    """Let a function match in an adapter's place.

    :param match: gets what matched before, and what is given. The adapter's own method is that of a copy: the adapter
        would hold itself, until the garbage collector comes, and with it what is new at each request.
    """
    before = vars(adapter).get("match") or copy_of(adapter).match
    matching: Any = partial(match, before, *given)
    adapter.match = matching  # type: ignore[method-assign]


def copy_of(adapter: MapAdapter) -> MapAdapter:
    """Return what ``copy.copy`` does, in a fifth of its time, which is a hundredth of an action."""
    made: MapAdapter = object.__new__(type(adapter))
    vars(made).update(vars(adapter))
    return made


def is_elsewhere(adapter: MapAdapter) -> bool:
    """Whether a request came to another host or subdomain of the app's than rules have that name none."""
    return adapter.map.host_matching or adapter.subdomain not in (adapter.map.default_subdomain, NOT_BELOW_SERVER_NAME)


def is_own_path(state: AppState, path: str) -> bool:
    """Whether a path is one that this package serves."""
    own = (state.settings.url_prefix, state.settings.openapi_url, state.settings.docs)
    return any(each is not None and is_below(path, each) for each in own)


def without_host(adapter: MapAdapter) -> MapAdapter:
    """Return an adapter that matches the rules which name no host."""
    anywhere = copy_of(adapter)
    if anywhere.map.host_matching:
        anywhere.server_name = ""
    else:
        anywhere.subdomain = anywhere.map.default_subdomain
    return anywhere


def match_anywhere(
    theirs: Callable[..., Any],
    anywhere: MapAdapter,
    path_info: str | None = None,
    method: str | None = None,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Match as the adapter does; what no rule of the host has, is looked for among those that name no host."""
    try:
        return theirs(path_info, method, *args, **kwargs)
    except NotFound:
        return anywhere.match(path_info, method, *args, **kwargs)


def match_action(
    theirs: Callable[..., Any],
    state: AppState,
    action: ActionArgument,
    path_info: str | None = None,
    method: str | None = None,
    return_rule: bool = False,
    query_args: Any = None,
    websocket: bool | None = None,
) -> tuple[Rule | str, Mapping[str, Any]]:
    """Return the action's rule where the request's own is asked for; what :meth:`MapAdapter.match` does, otherwise."""
    if path_info is not None or method is not None:
        matched: tuple[Rule | str, Mapping[str, Any]] = theirs(path_info, method, return_rule, query_args, websocket)
        return matched
    page_rule, values = match_page(theirs, action)
    rule = state.action_rules.get(action.name) or state.action_rules[""]
    endpoint: str = rule.endpoint
    if not is_apps_own(endpoint) and (page_rule is None or not is_page_of(page_rule.endpoint, blueprint_of(endpoint))):
        values = {}
    return (rule if return_rule else endpoint), {**values, **own_values(action, rule)}


def match_page(match: Callable[..., Any], action: ActionArgument) -> tuple[Rule | None, Mapping[str, Any]]:
    """Return the page's own rule and its values, and note whether there is a page: the app's 404 is one too."""
    try:
        rule, values = match(method="GET", return_rule=True)
    except MethodNotAllowed:
        action.answers_get = False
    except (HTTPException, RequestRedirect):
        return None, {}
    else:
        action.answers_get = rule.endpoint == JOB or not is_apps_own(rule.endpoint)
        return rule, values
    return None, {}


def own_values(action: ActionArgument, rule: Rule) -> dict[str, str]:
    return {"path": f"{action.name}/{action.signed}"} if rule.endpoint == CATCH_ALL else {"signature": action.signed}


def blueprint_of(endpoint: str) -> str:
    return endpoint.rpartition(".")[0]


def is_page_of(endpoint: str, blueprint: str) -> bool:
    """Whether a page is a blueprint's, or that of one nested in it, whose values go to both."""
    return endpoint.startswith(f"{blueprint}.")


def is_apps_own(endpoint: str) -> bool:
    """Whether an action belongs to no blueprint of the app's: its values go to the app's own functions alone."""
    return endpoint.startswith("actions.")
