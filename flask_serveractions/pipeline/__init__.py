"""The steps of every call, to be read from top to bottom in ``dispatch``.

In: A call, as a view made it.

Out: A response; what a step raises ends the call.
"""
