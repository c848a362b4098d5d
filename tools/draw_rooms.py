"""Draw the rooms of the package, ``docs/_static/rooms.svg``, from ``rooms.py`` and the rooms' docstrings.

Run it as ``.venv/bin/python -m tools.draw_rooms`` after a module has come or gone; a test fails until then.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from html import escape
from itertools import accumulate
from pathlib import Path

from tools.rooms import PACKAGE, ROOMS

PICTURE = Path(__file__).parents[1] / "docs" / "_static" / "rooms.svg"
#: modules at the top of the package are in no folder with a docstring: what those that stand together are for
AT_THE_TOP = {
    "__init__": "What a user of the package touches.",
    "startup": "What happens once, before the first request.",
    "call": "One call, and what is known of it so far.",
    "webhooks": "The verifiers, for import.",
    "marks": "What is set on functions, and what one app has.",
    "scope": "The words that all others use.",
}

# all in units of the picture, which is scaled to the width of the page
WIDTH, MARGIN, LABEL, GAP = 800, 14, 134, 6
LINE, BOX = 17, 22  # the height of a sentence and of a module's box
LETTER = 6.7  # the width of a letter in a box: they are of one width

STYLE = """\
  text { font: 12px sans-serif; fill: #222 }
  .room { font-weight: bold; font-size: 13px }
  .module { font: 11px monospace }
  .band { fill: #f4f7f8; stroke: #b7c5ca }
  .top { fill: #fff; stroke: #b7c5ca; stroke-dasharray: 4 3 }
  .box { fill: #fff; stroke: #7fa3ad }
"""


def sentence_of(room: str, modules: tuple[str, ...]) -> str:
    """Return what a room is for: the first line of its docstring."""
    if not room:
        return AT_THE_TOP[modules[0]]
    docstring = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8")))
    return (docstring or "").partition("\n")[0].replace("`", "")


def box_width(module: str) -> float:
    return len(module) * LETTER + 14


def rows_of(modules: Iterable[str]) -> list[list[str]]:
    """Break a room's modules into rows that fit into the picture."""
    rows: list[list[str]] = [[]]
    for module in modules:
        row = [*rows[-1], module]
        if MARGIN + LABEL + sum(box_width(each) + GAP for each in row) > WIDTH - MARGIN:
            rows.append([module])
        else:
            rows[-1] = row
    return rows


def text(kind: str, x: float, y: float, content: str) -> str:
    return f'  <text class="{kind}" x="{x:g}" y="{y:g}">{escape(content)}</text>'


def box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'  <rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4"/>'


def height_of(modules: tuple[str, ...]) -> int:
    return LINE + len(rows_of(modules)) * (BOX + GAP) + GAP


def draw_room(room: str, modules: tuple[str, ...], top: float) -> Iterator[str]:
    left = MARGIN + LABEL
    yield box("band" if room else "top", MARGIN, top, WIDTH - 2 * MARGIN, height_of(modules))
    yield text("room", MARGIN + 10, top + LINE, f"{room}/" if room else "")
    yield text("sentence", left, top + LINE - 2, sentence_of(room, modules))
    for index, row in enumerate(rows_of(modules)):
        y = top + LINE + GAP + index * (BOX + GAP)
        places = accumulate((box_width(module) + GAP for module in row), initial=left)
        for module, x in zip(row, places, strict=False):
            yield box("box", round(x, 1), y, round(box_width(module), 1), BOX)
            yield text("module", round(x + 7, 1), y + 15, module)


def draw() -> str:
    """Return the picture as SVG: the highest room first, each a band with the modules in it."""
    tops = list(accumulate((height_of(modules) + GAP for _, modules in ROOMS), initial=MARGIN))
    height = tops[-1] + MARGIN - GAP
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" role="img">']
    lines += ["  <title>The rooms of the package, and their modules</title>", f"  <style>\n{STYLE}  </style>"]
    lines += [box("page", 0, 0, WIDTH, height).replace('rx="4"', 'fill="#fff"')]
    for (room, modules), top in zip(ROOMS, tops, strict=False):
        lines += draw_room(room, modules, top)
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
