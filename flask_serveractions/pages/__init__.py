"""What templates call: forms of an action with their signed IDs, regions, and the client's script.

In: An action's name and bound arguments; the page that is being rendered.

Out: HTML, good for this visitor alone.
"""
