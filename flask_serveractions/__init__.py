"""Server actions and REST resources for Flask."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .answers.jobs import Job as Job
    from .errors import ActionError as ActionError
    from .errors import Problem as Problem
    from .extension import ServerActions as ServerActions
    from .forms.form_state import FormState as FormState
    from .jobs.progress import Progress as Progress
    from .marks import public as public
    from .marks import requires as requires
    from .operation import Body as Body
    from .operation import Bound as Bound
    from .operation import Cookie as Cookie
    from .operation import Header as Header
    from .operation import Operation as Operation
    from .operation import Query as Query
    from .pages.regions import wants_region as wants_region
    from .pipeline.enqueue import enqueue as enqueue
    from .security.access import current_identity as current_identity
    from .shared.caching import cached as cached
    from .shared.revalidation import revalidate_path as revalidate_path
    from .shared.revalidation import revalidate_tag as revalidate_tag
    from .signals import action_called as action_called
    from .signals import action_failed as action_failed
    from .signals import revalidated as revalidated
    from .views.resources import MethodRoute as MethodRoute

__version__ = "0.2.0"
__all__ = [
    "ActionError",
    "Body",
    "Bound",
    "Cookie",
    "FormState",
    "Header",
    "Job",
    "MethodRoute",
    "Operation",
    "Problem",
    "Progress",
    "Query",
    "ServerActions",
    "action_called",
    "action_failed",
    "cached",
    "current_identity",
    "enqueue",
    "public",
    "requires",
    "revalidate_path",
    "revalidate_tag",
    "revalidated",
    "wants_region",
]

#: Where each name stands. A module is imported when its name is first asked for (PEP 562): a program that needs
#: ``Progress`` or ``ActionError`` alone does not wait for marshmallow, WTForms and the views.
MODULES = {
    "ActionError": ".errors",
    "Body": ".operation",
    "Bound": ".operation",
    "Cookie": ".operation",
    "FormState": ".forms.form_state",
    "Header": ".operation",
    "Job": ".answers.jobs",
    "MethodRoute": ".views.resources",
    "Operation": ".operation",
    "Problem": ".errors",
    "Progress": ".jobs.progress",
    "Query": ".operation",
    "ServerActions": ".extension",
    "action_called": ".signals",
    "action_failed": ".signals",
    "cached": ".shared.caching",
    "current_identity": ".security.access",
    "enqueue": ".pipeline.enqueue",
    "public": ".marks",
    "requires": ".marks",
    "revalidate_path": ".shared.revalidation",
    "revalidate_tag": ".shared.revalidation",
    "revalidated": ".signals",
    "wants_region": ".pages.regions",
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(MODULES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *MODULES})
