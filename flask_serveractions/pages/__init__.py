"""Forms and pages: what templates call, and the page that is rendered again.

In: An action's name and bound arguments; a call that failed.

Out: Forms with their IDs, states and controls; a whole page.
"""
