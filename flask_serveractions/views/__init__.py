"""Where a call comes in: the view functions of actions, resources and webhooks.

In: Flask's request, and what was registered.

Out: A ``Call`` for the pipeline.
"""
