"""How Sphinx builds the documentation."""

from importlib.metadata import version as installed_version

from pallets_sphinx_themes import ProjectLink

project = "Flask-ServerActions"
copyright = "2025, the Flask-ServerActions authors"
author = "The Flask-ServerActions authors"
release = installed_version("Flask-ServerActions")
version = ".".join(release.split(".")[:2])

default_role = "code"
exclude_patterns = ["_build"]
extensions = ["sphinx.ext.autodoc", "pallets_sphinx_themes"]
nitpicky = False
# A block of code names its language: tests/test_docs.py runs those that are Python.
highlight_language = "none"

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

html_theme = "flask"
html_title = f"Flask-ServerActions {version}"
html_show_sourcelink = False
html_sidebars = {
    "index": ["project.html", "localtoc.html", "searchbox.html"],
    "**": ["localtoc.html", "relations.html", "searchbox.html"],
}
html_context = {
    "project_links": [ProjectLink("PyPI", "https://pypi.org/project/Flask-ServerActions/")],
}
