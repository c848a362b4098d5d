"""What a resource's ``get`` answers, page by page, and what a change is held against.

In: What the function returned, and the conditions of a request.

Out: A page of it with its links, or a refusal: it is not what the caller has read.
"""
