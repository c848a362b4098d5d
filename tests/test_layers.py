"""The rooms of the package: a room imports from the rooms below it alone, and so does each module within its room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.rooms import PACKAGE, ROOMS

MAX_LINES = 400
FEWEST, MOST = 4, 9  # modules of a room
ORDER = [f"{room}.{name}" if room else name for room, modules in ROOMS for name in modules]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs below a node: all but the bodies of ``if TYPE_CHECKING:``."""
    yield node
    children = node.orelse if isinstance(node, ast.If) and is_type_checking(node) else ast.iter_child_nodes(node)
    for child in children:
        yield from running_nodes(child)


def names_asked_for(node: ast.AST, module: list[str], package: str) -> list[str]:
    """Return the dotted names that an import asks for, below the package: ``["http.cookies.SetCookie"]``."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        above = [package, *module[: len(module) - node.level]] if node.level else []
        names = [".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names]
    else:
        names = []
    return [name.partition(".")[2] for name in names if name.split(".")[0] == package]


def imported_modules(path: Path, package: Path, modules: list[str]) -> Iterator[str]:
    """Yield the modules that a file imports when it runs; a name of the package itself is ``__init__``'s."""
    own = list(path.relative_to(package).with_suffix("").parts)
    for node in running_nodes(ast.parse(path.read_text(encoding="utf-8"), path.name)):
        for name in names_asked_for(node, own, package.name):
            parents = [name, name.rpartition(".")[0]]
            yield next((each for each in parents if each in modules), "__init__")


def is_export(node: ast.AST) -> bool:
    """Whether a statement lets a room give out what a module of its own has: an import, or ``__all__``."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    return isinstance(node, ast.ImportFrom) and node.level == 1 and node.module is not None


def faults(package: Path, order: list[str]) -> Iterator[str]:
    """Yield what is wrong with a package, a sentence each. ``order``: its modules, the highest first."""
    paths = {".".join(path.relative_to(package).with_suffix("").parts): path for path in sorted(package.rglob("*.py"))}
    for module, path in paths.items():
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            yield f"{module} has {len(lines)} lines"
        if module.endswith(".__init__"):
            tree = ast.parse("\n".join(lines))
            if not ast.get_docstring(tree) or not all(map(is_export, tree.body[1:])):
                yield f"{module} is not a docstring, with what the room gives out"
        elif module not in order:
            yield f"{module} stands in no room"
        else:
            below = order[order.index(module) + 1 :]
            targets = sorted({*imported_modules(path, package, order)})
            yield from (f"{module} imports {each}, which is not below it" for each in targets if each not in below)


def test_every_module_imports_from_below_alone() -> None:
    assert list(faults(PACKAGE, ORDER)) == []


def test_a_room_can_be_known_by_heart() -> None:
    sizes = {room: len(modules) for room, modules in ROOMS if room}
    assert {room: size for room, size in sizes.items() if not FEWEST <= size <= MOST} == {}


def test_every_module_of_the_table_is_there() -> None:
    assert [name for name in ORDER if not (PACKAGE / f"{name.replace('.', '/')}.py").exists()] == []
    assert len(ORDER) == len(set(ORDER))


HOUSE = ["__init__", "door", "cellar.wine", "cellar.rack", "words"]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A package without a fault."""
    package = tmp_path / "house"
    (package / "cellar").mkdir(parents=True)
    sources = {
        "__init__": "from .door import Door",
        "door": "from .cellar import wine",
        "words": "",
        "cellar/__init__": '"""A room."""',
        "cellar/wine": "from .rack import Rack",
        "cellar/rack": "from .. import words",
    }
    for module, source in sources.items():
        (package / f"{module}.py").write_text(source)
    return package


def test_a_house_in_order_has_no_fault(house: Path) -> None:
    assert list(faults(house, HOUSE)) == []


@pytest.mark.parametrize(
    "source",
    [
        "from ..door import Door",
        "from .. import door",
        "import house.door",
        "import house.door as other",
        "from house import door",
        "def late():\n    from ..door import Door",
        "try:\n    from house.door import Door\nexcept ImportError:\n    pass",
        "if TYPE_CHECKING:\n    pass\nelse:\n    from ..door import Door",
    ],
)
def test_an_import_from_above_names_both_modules(house: Path, source: str) -> None:
    (house / "cellar" / "rack.py").write_text(source)
    assert list(faults(house, HOUSE)) == ["cellar.rack imports door, which is not below it"]


def test_an_import_from_above_within_a_room_names_both_modules(house: Path) -> None:
    (house / "cellar" / "rack.py").write_text("from .wine import Bottle")
    assert list(faults(house, HOUSE)) == ["cellar.rack imports cellar.wine, which is not below it"]


@pytest.mark.parametrize("source", ["from .. import Door", "import house", "from house import Door"])
def test_an_import_of_a_public_name_counts_as_one_from_the_top(house: Path, source: str) -> None:
    (house / "cellar" / "rack.py").write_text(source)
    assert list(faults(house, HOUSE)) == ["cellar.rack imports __init__, which is not below it"]


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_an_import_for_type_hints_alone_is_allowed(house: Path, test: str) -> None:
    (house / "words.py").write_text(f"import typing\nif {test}:\n    from .door import Door")
    assert list(faults(house, HOUSE)) == []


def test_a_module_that_the_table_does_not_know_is_a_fault(house: Path) -> None:
    (house / "cellar" / "utils.py").write_text("")
    assert list(faults(house, HOUSE)) == ["cellar.utils stands in no room"]


@pytest.mark.parametrize("source", ["", "import os", '"""A room."""\nimport os', '"""A room."""\nfrom . import wine'])
def test_a_room_that_is_more_or_less_than_its_docstring_is_a_fault(house: Path, source: str) -> None:
    (house / "cellar" / "__init__.py").write_text(source)
    assert list(faults(house, HOUSE)) == ["cellar.__init__ is not a docstring, with what the room gives out"]


def test_a_room_may_give_out_what_a_module_of_its_own_has(house: Path) -> None:
    (house / "cellar" / "__init__.py").write_text('"""A room."""\nfrom .wine import Wine\n__all__ = ["Wine"]')
    assert list(faults(house, HOUSE)) == []


def test_a_file_of_400_lines_passes_and_one_of_401_does_not(house: Path) -> None:
    (house / "words.py").write_text("\n" * MAX_LINES)
    assert list(faults(house, HOUSE)) == []
    (house / "words.py").write_text("\n" * (MAX_LINES + 1))
    assert list(faults(house, HOUSE)) == ["words has 401 lines"]
