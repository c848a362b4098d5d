"""The same little applications, written with different libraries.

A contender has ``action_app()``, ``rest_app()`` or both. Each returns a WSGI application; :mod:`bench.cases` says what
it serves.
"""
