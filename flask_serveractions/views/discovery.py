"""File-based routing: a tree of ``route.py`` files becomes resources.

``todos/route.py`` serves ``/todos``, ``todos/[int:todo_id]/route.py`` serves ``/todos/<int:todo_id>``, ``[...path]``
catches the rest, ``(group)`` adds nothing to the URL.
"""

from __future__ import annotations

import ast
import importlib.util
import itertools
import keyword
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from .resources import MethodRoute

FILE = "route.py"
HANDLERS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ELSEWHERE = {"HEAD": "GET answers it", "OPTIONS": "Flask answers it"}
CLASS_ATTRIBUTES = ("paginate", "require_if_match")

VARIABLE = re.compile(r"\[(?:(?P<converter>[a-zA-Z_]\w*(?:\(.*\))?):)?(?P<name>[a-zA-Z]\w*)\]", re.ASCII)
REST = re.compile(r"\[\.\.\.(?P<name>[a-zA-Z]\w*)\]", re.ASCII)
GROUP = re.compile(r"\([\w .~-]+\)")
PLAIN = re.compile(r"[\w.~!$&'+,;=@-]+")
PREFIX = re.compile(r"(/[\w.~-]+)*", re.ASCII)

_numbers = itertools.count(1)


class RouteFileError(ValueError):
    """A tree of ``route.py`` files that can't be served; says which file and line, and how to mend it."""


class RouteFile(NamedTuple):
    """A ``route.py``, and where it is served."""

    path: Path
    folders: tuple[str, ...]  # from the directory to the file
    rule: str
    shape: tuple[str, ...]  # the rule without the names of its variables: equal ones match the same URLs
    endpoint: str = ""


def discover(
    directory: str | Path, url_prefix: str, served: Sequence[RouteFile]
) -> list[tuple[RouteFile, type[MethodRoute]]]:
    """Return every ``route.py`` below a directory, with the resource that it is.

    :param url_prefix: ``"/api"``; ``""`` for none.
    :param served: what was discovered before: an URL has one file, a file an endpoint of its own.
    :raises ValueError: a directory or a prefix that is none, or a tree that can't be served: says which file and line.
    """
    root, prefix = Path(directory).absolute(), "" if url_prefix == "/" else url_prefix
    if not PREFIX.fullmatch(prefix):
        raise ValueError(
            f"url_prefix is {url_prefix!r}. Give a path that starts with / and has no / at its end: '/api'."
        )
    if not root.is_dir():
        raise ValueError(f"{root} is no directory. Give one: Path(__file__).parent / 'routes'.")
    root = root.resolve()
    routes = [parse_route_file(path, folders, prefix) for path, folders in route_files(root, root, ())]
    if not routes:
        raise RouteFileError(f"{root} holds no {FILE}. Write one, as {root / 'todos' / FILE} for {prefix}/todos.")
    check_each_url_has_one_file([*served, *routes])
    taken = {each.endpoint for each in served}
    named = [each._replace(endpoint=endpoint_of(root, each, prefix, taken)) for each in routes]
    package = new_package(f"_serveractions_routes_{next(_numbers)}", root)
    return [(each, class_of(each, package)) for each in named]


def route_files(root: Path, directory: Path, folders: tuple[str, ...]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield every ``route.py`` with the names of its folders, in order; not what is in a private one, ``_lib``."""
    for entry in sorted(directory.iterdir()):
        if entry.name == FILE or entry.is_dir():
            check_is_inside(root, entry)
        if entry.name == FILE and entry.is_file():
            yield entry, folders
        elif entry.is_dir() and not entry.name.startswith("_"):  # private, as __pycache__ is
            yield from route_files(root, entry, (*folders, entry.name))


def check_is_inside(root: Path, entry: Path) -> None:
    """:raises RouteFileError: a symbolic link that leads out of the tree, or round in circles."""
    if not entry.is_symlink():
        return
    target = entry.resolve()
    if not target.is_relative_to(root):
        raise RouteFileError(
            f"{entry} is a symbolic link to {target}, outside of {root}. Move it in, or remove the link."
        )
    if entry.absolute().is_relative_to(target):
        raise RouteFileError(f"{entry} is a symbolic link to {target}, which holds it. Remove the link.")


def parse_route_file(file: Path, folders: tuple[str, ...], url_prefix: str) -> RouteFile:
    """Return a file with its rule.

    :raises RouteFileError: a folder whose name can't be part of a URL.
    """
    parts, shape, names = [url_prefix], url_prefix.split("/"), []
    for index, folder in enumerate(folders):
        if GROUP.fullmatch(folder):
            continue
        part, kind, name = parse_folder(file, folder, is_last=not [*filter(is_no_group, folders[index + 1 :])])
        if name in names:
            raise RouteFileError(f"{file}: two folders of its path are called {name!r}. Rename one of them.")
        parts.append(part)
        shape.append(kind)
        names += [name] if name else []
    return RouteFile(file, folders, "/".join(parts) or "/", tuple(shape))


def is_no_group(folder: str) -> bool:
    return not GROUP.fullmatch(folder)


def parse_folder(file: Path, folder: str, *, is_last: bool) -> tuple[str, str, str | None]:
    """Return what a folder adds to the rule, the same without its name, and the name of its variable."""
    rest = REST.fullmatch(folder)
    if rest is not None and not is_last:
        raise RouteFileError(f"{file}: {folder!r} catches all the rest, nothing can stand below it. Move the file up.")
    variable = rest or VARIABLE.fullmatch(folder)
    if variable is None:
        if folder.startswith("[[..."):
            raise RouteFileError(
                f"{file}: {folder!r} can't be part of a URL: it would be of two. Write two files: in"
                f" {folder[1:-1]!r}, and beside that folder."
            )
        if not PLAIN.fullmatch(folder):
            raise RouteFileError(
                f"{file}: {folder!r} can't be part of a URL. Call a folder 'todos', '[name]', '[int:todo_id]',"
                " '[...path]' or '(group)'."
            )
        return folder, folder, None
    name = variable["name"]
    if keyword.iskeyword(name):
        raise RouteFileError(f"{file}: {folder!r} names an argument {name!r}, which is a keyword of Python. Rename it.")
    converter = "path" if rest is not None else variable["converter"] or "default"
    kind = f"<{'default' if converter == 'string' else converter}>"
    return f"<{name}>" if converter == "default" else f"<{converter}:{name}>", kind, name


def check_each_url_has_one_file(routes: list[RouteFile]) -> None:
    first: dict[tuple[str, ...], RouteFile] = {}
    for each in routes:
        other = first.setdefault(each.shape, each)
        if other is not each:
            raise RouteFileError(f"{other.path} and {each.path} both serve {each.rule}. Remove one of them.")


def endpoint_of(root: Path, found: RouteFile, prefix: str, taken: Collection[str]) -> str:
    """Return an endpoint that shows the file: ``routes/todos/route.py``; where it is taken, after the prefix."""
    endpoint = "/".join((root.name, *found.folders, FILE))
    return f"{prefix} {endpoint}" if endpoint in taken else endpoint


def class_of(found: RouteFile, package: ModuleType) -> type[MethodRoute]:
    """Return the resource that a file is: its handlers, and nothing else of it.

    :raises RouteFileError: a handler in lower case, none at all, or what is no function.
    """
    check_spelling(found.path)
    module = load(found, package)
    handlers = {name: vars(module)[name] for name in HANDLERS if name in vars(module)}
    for name, handler in handlers.items():
        if not callable(handler) or isinstance(handler, type):
            raise RouteFileError(f"{found.path}: {name} is {handler!r}, and no function. Write def {name}().")
    if not handlers:
        raise RouteFileError(
            f"{found.path}, line 1: there is no handler. Write a function called {', '.join(HANDLERS)}."
        )
    members = {name.lower(): staticmethod(handler) for name, handler in handlers.items()}
    options = {name: vars(module)[name] for name in CLASS_ATTRIBUTES if name in vars(module)}
    about = {"__module__": module.__name__, "__doc__": module.__doc__}
    return type("Route", (MethodRoute,), {**about, **options, **members})


def check_spelling(file: Path) -> None:
    """:raises RouteFileError: a function that is meant as a handler, and not spelled as one."""
    for function in top_level_functions(ast.parse(file.read_bytes(), str(file))):
        name = function.name.upper()
        if name in HANDLERS and function.name != name:
            mend = f"Write it in upper case: def {name}()."
            raise RouteFileError(f"{file}, line {function.lineno}: {function.name!r} is no handler. {mend}")
        if function.name in ELSEWHERE:
            raise RouteFileError(
                f"{file}, line {function.lineno}: {function.name} is no handler: {ELSEWHERE[name]}. Remove it."
            )


def top_level_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions of a module, within ``if`` and ``try`` too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
        elif not isinstance(node, (ast.ClassDef, ast.expr)):
            yield from top_level_functions(node)


def new_package(name: str, directory: Path) -> ModuleType:
    """Return a package of a private name for a folder, so that relative imports work in its files."""
    package = ModuleType(name)
    package.__path__ = [str(directory)]
    package.__package__ = name
    sys.modules[name] = package
    return package


def load(found: RouteFile, package: ModuleType) -> ModuleType:
    """Run a file as a module of a private name.

    It stays in ``sys.modules``, also when it fails: there the reloader looks for the files that it watches.
    """
    for folder in found.folders:
        name = f"{package.__name__}.{module_name(folder)}"
        package = sys.modules.get(name) or new_package(name, Path(package.__path__[0], folder))
    spec = importlib.util.spec_from_file_location(f"{package.__name__}.route", found.path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{found.path} can't be loaded as a module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def module_name(folder: str) -> str:
    """Return a folder's name without dots, which separate modules; different for different folders."""
    return folder.replace("%", "%25").replace(".", "%2E")
