"""Hostile input for the real app: by hypothesis, by atheris, and 64 KB at a time against the clock."""
