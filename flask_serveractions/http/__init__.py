"""The rules of HTTP, as functions of values: no Flask, no app, no request.

In: Header values, URLs and texts.

Out: Media types, conditions, locations, cookies and messages.
"""
