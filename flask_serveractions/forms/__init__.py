"""One form: what each of its controls is, from the signature, and how it is written.

In: An operation's parameters; what was typed, and the errors of it.

Out: A ``FormState``, with its controls as elements; what a browser would send of a page's forms.
"""
