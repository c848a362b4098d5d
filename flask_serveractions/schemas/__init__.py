"""Signatures, compiled at registration: fields that load, functions that dump.

In: A function's annotations, a schema, a form class.

Out: Parameters, and what turns results into JSON-ready data.
"""
