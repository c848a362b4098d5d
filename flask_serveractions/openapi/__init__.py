"""The description of what runs: OpenAPI 3.1, its page, and the TypeScript client.

In: The compiled operations of an app.

Out: A document, a page, a module.
"""

from .page import document

__all__ = ["document"]
