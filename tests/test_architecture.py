"""The architecture page: its picture is of now, and each name that it gives is there."""

from __future__ import annotations

import re
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree

from tools.draw_rooms import PICTURE, draw
from tools.rooms import PACKAGE, ROOMS

PAGE = Path(__file__).parents[1] / "docs" / "architecture.rst"
NAME = re.compile(r"``([a-z][a-z_]*(?:\.\w+)+)``")  # room.module.name, or less of it
OWN = {room or module for room, modules in ROOMS for module in modules}


def is_there(name: str) -> bool:
    """Whether a dotted name leads from the package to a module, or to something in it."""
    thing = import_module(PACKAGE.name)
    for path in accumulate(name.split("."), lambda above, part: f"{above}.{part}"):
        part = path.rpartition(".")[2]
        try:
            thing = import_module(f"{PACKAGE.name}.{path}")
        except ModuleNotFoundError:
            if not hasattr(thing, part):
                return False
            thing = getattr(thing, part)
    return True


def test_the_picture_is_as_the_table_of_rooms_draws_it() -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw(), "run: .venv/bin/python -m tools.draw_rooms"


def test_every_module_and_room_is_in_the_picture_inside_its_frame() -> None:
    root = ElementTree.fromstring(draw())
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [
        name for room, names in ROOMS for name in (*names, *([f"{room}/"] if room else [])) if name not in texts
    ] == []
    width, height = (float(each) for each in root.attrib["viewBox"].split()[2:])
    frames = [each.attrib for each in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert all(float(each["x"]) + float(each["width"]) <= width for each in frames)
    assert all(float(each["y"]) + float(each["height"]) <= height for each in frames)


def test_every_name_of_the_architecture_is_there() -> None:
    named = NAME.findall(PAGE.read_text(encoding="utf-8"))
    own = [name for name in named if name.split(".")[0] in OWN]
    assert len(own) > 60
    assert [name for name in own if not is_there(name)] == []


def test_a_name_that_is_not_there_is_found_out() -> None:
    assert is_there("pipeline.dispatch.process")
    assert not is_there("pipeline.dispatch.corridor")
    assert not is_there("pipeline.corridor")
