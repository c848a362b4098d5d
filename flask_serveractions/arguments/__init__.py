"""What came in: a body that was read whole, and the arguments loaded from it, or from a signed ID.

In: The request, and the parameters of the operation; what a template binds to a form.

Out: Loaded arguments, or errors by the names that the input has; the payload of an ID.
"""
