"""What JSON Schema says of fields, schemas, types and values, for the OpenAPI document.

In: marshmallow's schemas and fields, annotations, defaults, docstrings.

Out: Parts of a document.
"""
