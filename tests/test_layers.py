"""The floors of the house: a module imports only from lower floors, never from its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "flask_serveractions"
MAX_LINES = 400

#: from the ground up; the design's seven floors, some of them with a mezzanine
FLOORS = (
    "errors config operation scope fields signals signing cookies locations negotiation serialization signatures"
    " messages sqlite_backend redis_backend htmlforms lossless selects descriptions nesting",
    "marks bodies deserialization formdata formstate hints outcome progress stores",
    "flaskforms jsontypes limits",
    "inputs leases parameters revalidation state visitors",
    "call origin access arguments responses followup templating once caching conditional pagination queues"
    " apiforms apischemas",
    "answers failures jobs listing apiarguments",
    "execution representation apianswers",
    "background delivery",
    "dispatch",
    "actions routes webhooks",
    "startup discovery testing apidocument",
    "openapi",
    "typescript",
    "cli",
    "extension",
    "__init__",
)
FLOOR_OF = {module: floor for floor, modules in enumerate(FLOORS) for module in modules.split()}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs below a node: all but the bodies of ``if TYPE_CHECKING:``."""
    yield node
    children = node.orelse if isinstance(node, ast.If) and is_type_checking(node) else ast.iter_child_nodes(node)
    for child in children:
        yield from running_nodes(child)


def absolute_names(node: ast.AST, package: str) -> list[str]:
    """Return the dotted names that an import asks for: ``["house.words", "house.words.Name"]``."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    parent = ".".join(part for part in (package if node.level else "", node.module or "") if part)
    return [f"{parent}.{alias.name}" for alias in node.names]


def imported_modules(path: Path, modules: set[str]) -> set[str]:
    """Return the package's own modules that a file imports when it runs, ``__init__`` among them."""
    package = path.parent.name
    tree = ast.parse(path.read_text(encoding="utf-8"), path.name)
    names = [name for node in running_nodes(tree) for name in absolute_names(node, package)]
    inside = [name.split(".")[1:] for name in names if name.split(".")[0] == package]
    return {rest[0] if rest and rest[0] in modules else "__init__" for rest in inside}


def complaint(module: str, target: str, floor_of: Mapping[str, int]) -> str | None:
    if floor_of[target] < floor_of[module]:
        return None
    return f"{module} (floor {floor_of[module]}) imports {target} (floor {floor_of[target]})"


def faults(package: Path, floor_of: Mapping[str, int] = FLOOR_OF) -> list[str]:
    """Return what is wrong with a package, a sentence each."""
    files = {path.stem: path for path in sorted(package.glob("*.py"))}
    nested = [f"{path.relative_to(package)} is not flat" for path in sorted(package.glob("*/**/*.py"))]
    unknown = [f"{module} stands on no floor" for module in files if module not in floor_of]
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in files.items()}
    long = [f"{module} has {lines} lines" for module, lines in lengths.items() if lines > MAX_LINES]
    if unknown:
        return nested + unknown + long
    upward = [
        complaint(module, target, floor_of)
        for module, path in files.items()
        for target in sorted(imported_modules(path, set(floor_of)))
    ]
    return nested + long + [each for each in upward if each]


def test_every_module_imports_from_lower_floors_alone() -> None:
    assert faults(PACKAGE) == []


def test_the_house_has_modules_to_check() -> None:
    assert {"errors", "operation", "extension", "__init__"} <= {path.stem for path in PACKAGE.glob("*.py")}


def test_a_module_stands_on_one_floor_only() -> None:
    assert len(FLOOR_OF) == sum(len(modules.split()) for modules in FLOORS)


HOUSE = {"__init__": 2, "door": 1, "words": 0, "numbers": 0}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A package without a fault: ``__init__`` over ``door`` over ``words`` and ``numbers``."""
    package = tmp_path / "house"
    package.mkdir()
    sources = {"__init__": "from .door import Door", "door": "from . import words", "words": "", "numbers": ""}
    for module, source in sources.items():
        (package / f"{module}.py").write_text(source)
    return package


def test_a_house_in_order_has_no_fault(house: Path) -> None:
    assert faults(house, HOUSE) == []


@pytest.mark.parametrize(
    "source",
    [
        "from .door import Door",
        "from . import door",
        "import house.door",
        "import house.door as other",
        "from house import door",
        "from house.door import Door",
        "def late():\n    from .door import Door",
        "try:\n    from .door import Door\nexcept ImportError:\n    pass",
        "if TYPE_CHECKING:\n    pass\nelse:\n    from .door import Door",
        "if not TYPE_CHECKING:\n    from .door import Door",
    ],
)
def test_an_import_from_a_higher_floor_names_both_modules(house: Path, source: str) -> None:
    (house / "words.py").write_text(source)
    assert faults(house, HOUSE) == ["words (floor 0) imports door (floor 1)"]


def test_an_import_from_the_same_floor_names_both_modules(house: Path) -> None:
    (house / "words.py").write_text("from .numbers import ONE")
    assert faults(house, HOUSE) == ["words (floor 0) imports numbers (floor 0)"]


@pytest.mark.parametrize("source", ["from . import Door", "import house", "from house import Door", "from . import *"])
def test_an_import_of_a_public_name_counts_as_the_top_floor(house: Path, source: str) -> None:
    (house / "words.py").write_text(source)
    assert faults(house, HOUSE) == ["words (floor 0) imports __init__ (floor 2)"]


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_an_import_for_type_hints_alone_is_allowed(house: Path, test: str) -> None:
    (house / "words.py").write_text(f"import typing\nif {test}:\n    from .door import Door")
    assert faults(house, HOUSE) == []


def test_another_package_of_the_same_module_name_is_no_fault(house: Path) -> None:
    (house / "words.py").write_text("import door\nfrom door import house")
    assert faults(house, HOUSE) == []


def test_a_module_that_the_table_does_not_know_is_a_fault(house: Path) -> None:
    (house / "utils.py").write_text("")
    assert faults(house, HOUSE) == ["utils stands on no floor"]


def test_a_folder_of_modules_is_a_fault(house: Path) -> None:
    (house / "cellar").mkdir()
    (house / "cellar" / "wine.py").write_text("")
    assert faults(house, HOUSE) == ["cellar/wine.py is not flat"]


def test_a_file_of_400_lines_passes_and_one_of_401_does_not(house: Path) -> None:
    (house / "words.py").write_text("\n" * MAX_LINES)
    assert faults(house, HOUSE) == []
    (house / "words.py").write_text("\n" * (MAX_LINES + 1))
    assert faults(house, HOUSE) == ["words has 401 lines"]
