"""Calls that run elsewhere: where they wait, and what is known of them.

In: A call's arguments as they were sent, and who ordered it.

Out: Records of their state, for their owner, in every process.
"""
