"""``.. check::``, a block of Python that shows a reader that the program above it does what the page says.

The tests run it like every other block (``tests/doc_blocks.py``); the built page keeps it folded, so that what is open
to see is clean to copy. One of a line or two tells a reader nothing, and is left out.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.directives.code import CodeBlock
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

SHORTEST = 4  # lines that are worth a fold


class Check(nodes.container):
    """A folded block of code."""


class CheckDirective(CodeBlock):
    required_arguments = 0
    optional_arguments = 0

    def run(self) -> list[nodes.Node]:
        if len(self.content) < SHORTEST:
            return []
        self.arguments = ["python"]
        return [Check("", *super().run(), is_div=False)]


def visit_check(translator: HTML5Translator, node: Check) -> None:
    translator.body.append('<details class="check"><summary>As a test</summary>')


def depart_check(translator: HTML5Translator, node: Check) -> None:
    translator.body.append("</details>")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_node(Check, html=(visit_check, depart_check))
    app.add_directive("check", CheckDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
