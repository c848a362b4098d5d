"""Around the app: whose form a POST is, which page it stands on, and that page rendered again.

In: The environ, before the app's first step; the answer of an action, after its last one.

Out: The app's answer, or in its place a whole page.
"""
