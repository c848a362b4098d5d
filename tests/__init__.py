"""The tests. A package of this name, so that one that a library installs does not stand in for it."""
