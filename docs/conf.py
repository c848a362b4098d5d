"""How Sphinx builds the documentation."""

from pallets_sphinx_themes import ProjectLink

from flask_serveractions import __version__ as release

project = "Flask-ServerActions"
copyright = "2025, the Flask-ServerActions authors"
author = "The Flask-ServerActions authors"
version = ".".join(release.split(".")[:2])

default_role = "code"
exclude_patterns = ["_build"]
extensions = ["sphinx.ext.autodoc", "pallets_sphinx_themes"]
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

html_theme = "flask"
html_title = f"Flask-ServerActions {version}"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_sidebars = {
    "index": ["project.html", "localtoc.html", "searchbox.html"],
    "nextjs": [],  # two blocks of code stand beside each other: they need the room
    "**": ["localtoc.html", "relations.html", "searchbox.html"],
}
html_context = {
    "project_links": [ProjectLink("PyPI", "https://pypi.org/project/Flask-ServerActions/")],
}
