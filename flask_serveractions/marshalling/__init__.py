"""From plain data to Python's values and back: what marshmallow's fields and schemas do, decided once.

In: Fields and schemas; then what was sent, or what a function returned.

Out: Values, or errors as sentences by the sender's own names; what JSON can say of objects and rows.
"""
