"""The blocks of code in a page of the documentation, and how such a page is run."""

from __future__ import annotations

import re
import runpy
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

# what a block may be: "python" runs, the others are for reading
LANGUAGES = frozenset(
    {
        "console",
        "css",
        "docker",
        "html",
        "html+jinja",
        "http",
        "ini",
        "javascript",
        "json",
        "nginx",
        "none",
        "python",
        "text",
        "toml",
        "tsx",
        "typescript",
        "yaml",
    }
)

# a "check" is Python that a reader need not see: docs/_extensions/checks.py folds it
DIRECTIVE = re.compile(r"^(?P<indent> *)\.\. (?:code-block::[ ]*(?P<language>\S*)|check::)[ ]*$")
OPTION = re.compile(r"^\s*:(?P<name>[\w-]+):\s*(?P<value>.*)$")
# a literal paragraph, or a directive of code that this module does not read (a literalinclude shows a file of ours)
OTHER_CODE = re.compile(r"^(?! *\.\. ).*::\s*$|^ *\.\. (code|sourcecode|parsed-literal|testcode)::")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One ``.. code-block::``."""

    page: Path
    line: int  # of its first line of code, from 1
    language: str
    caption: str | None  # a path: the block is that file of the page's program
    code: str
    emphasized: str = ""  # lines of the code, from 1: "3, 9-10"
    is_check: bool = False  # of the page's program, and no part of it

    @property
    def emphasized_lines(self) -> set[str]:
        """Return the lines that a reader is shown as new."""
        lines = self.code.splitlines()
        spans = (span.split("-") for span in self.emphasized.split(",") if span)
        return {line for span in spans for line in lines[int(span[0]) - 1 : int(span[-1])]}

    def compiled(self) -> object:
        # blank lines above, so that a traceback names the line of the page
        return compile("\n" * (self.line - 1) + self.code, str(self.page), "exec", dont_inherit=True)


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


def extent(lines: list[str], start: int, indent: int) -> int:
    """Return where the body of a directive ends: before the first line that is not indented deeper than it."""
    for number in range(start, len(lines)):
        if lines[number].strip() and indent_of(lines[number]) <= indent:
            return number
    return len(lines)


def block_at(page: Path, lines: list[str], start: int, match: re.Match[str]) -> Block:
    """Return the block whose directive stands on line ``start``, from 0."""
    first, end, options = start + 1, extent(lines, start + 1, len(match["indent"])), {}
    while first < end and (option := OPTION.match(lines[first])):
        options[option["name"]] = option["value"]
        first += 1
    while first < end and not lines[first].strip():
        first += 1
    return Block(
        page=page,
        line=first + 1,
        language="python" if match["language"] is None else match["language"],
        caption=options.get("caption"),
        emphasized=options.get("emphasize-lines", ""),
        is_check=match["language"] is None,
        code=textwrap.dedent("\n".join(lines[first:end])).rstrip() + "\n",
    )


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    matches = ((number, DIRECTIVE.match(line)) for number, line in enumerate(lines))
    return [block_at(page, lines, number, match) for number, match in matches if match]


def unread_code(page: Path) -> Iterator[str]:
    """Yield each place where a page holds code that nothing would run, or a language that nobody knows."""
    for block in blocks_of(page):
        if block.language not in LANGUAGES:
            yield f"{page.name}:{block.line}: {block.language!r} is not among {sorted(LANGUAGES)}"
        if not block.code.strip():
            yield f"{page.name}:{block.line}: an empty block"
        if leaves_folder(block.caption or ""):
            yield f"{page.name}:{block.line}: {block.caption!r} would be written outside of the page's folder"
    inside = {block.line + offset for block in blocks_of(page) for offset in range(len(block.code.splitlines()))}
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if number not in inside and OTHER_CODE.match(line):
            yield f"{page.name}:{number}: {line.strip()!r} is code outside of a code-block"


def leaves_folder(caption: str) -> bool:
    return Path(caption).is_absolute() or ".." in Path(caption).parts


def write_files(blocks: list[Block], folder: Path) -> list[Path]:
    """Write the captioned blocks as files, those of one caption as one file, and return the Python ones."""
    written: dict[Path, str] = {}
    for block in blocks:
        if block.caption:
            path = folder / block.caption
            written[path] = written.get(path, "") + block.code
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [path for path in written if path.suffix == ".py"]


@contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """Import modules from a folder as well; at the end those that it brought are forgotten."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if place_of(sys.modules[name]).startswith(str(folder)):
                del sys.modules[name]


def place_of(module: ModuleType) -> str:
    """Return where a module stands: its file, or for a package without ``__init__`` its folder."""
    return str(getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), ""))


def run_blocks(blocks: list[Block], folder: Path, name: str) -> ModuleType:
    """Run a page as one program that lives in ``folder`` and return its namespace.

    First the files are written. Then the Python blocks without a caption run in order, in one namespace, in which
    ``above`` is the last template that the page has shown. Last, each Python file that none of them has imported is
    run by itself. ``folder`` must be on ``sys.path``.
    """
    files = write_files(blocks, folder)
    page = ModuleType(name)
    page.__file__ = str(folder / f"{name}.py")  # Flask looks for templates beside it
    sys.modules[name] = page
    for block in blocks:
        if block.language == "html+jinja":
            page.__dict__["above"] = block.code
        if block.language == "python" and block.caption is None:
            exec(block.compiled(), page.__dict__)
    imported = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    for path in files:
        if str(path) not in imported:
            runpy.run_path(str(path))
    return page
