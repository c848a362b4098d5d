"""How both doors sit in an app: its blueprints, its ``CSRFProtect``, its decorators, its limits.

In: An app as its author has set it up.

Out: What runs around our views as around its own; mistakes, told at start.
"""
