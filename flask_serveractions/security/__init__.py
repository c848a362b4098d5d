"""Who may come in: signatures, visitors, origins, tokens, the hook and limits.

In: A request, a session, an operation.

Out: Nothing, or the refusal.
"""
