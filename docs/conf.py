"""How Sphinx builds the documentation."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

from flask_serveractions import __version__ as release

project = "Flask-ServerActions"
copyright = "2025, the Flask-ServerActions authors"
author = "The Flask-ServerActions authors"
version = ".".join(release.split(".")[:2])

default_role = "code"
exclude_patterns = ["_build"]
extensions = ["sphinx.ext.autodoc", "_extensions.accessible", "_extensions.checks", "_extensions.messages"]
# A reference that leads nowhere is a warning, and -W makes an error of it.
nitpicky = True
nitpick_ignore_regex = [
    # other projects' pages are not at hand when ours are built, nor are Python's
    (r"py:.*", r"Flask|(flask|werkzeug|markupsafe|collections|pathlib|types)\..*"),
    # the type variables by which decorators say that they return what they were given
    (r"py:class", r"flask_serveractions\.extension\.Function|(flask_serveractions\.shared\.caching\.)?[PT]"),
]
# A block of code names its language: tests/test_docs.py runs those that are Python.
highlight_language = "none"

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

# Furo: the whole book is in the sidebar of every page, it has a dark mode, keeps to a phone's screen, and needs nothing
# from other hosts. It is the theme of pip, attrs and black, so that it will be kept up.
html_theme = "furo"
html_title = f"Flask-ServerActions {version}"
html_show_sourcelink = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_theme_options = {
    "top_of_page_buttons": [],
}
# their colours keep the contrast that WCAG 2 asks for, on light and on dark
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
