"""What came in: a body that was read whole, and the arguments loaded from it.

In: The request, and the parameters of the operation.

Out: Loaded arguments, or errors by the names that the input has.
"""
