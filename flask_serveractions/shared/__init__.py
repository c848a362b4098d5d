"""What processes share: stale tags, cached values, keys that run once, streams.

In: Keys and values.

Out: The same values in every process, kept in the store.
"""
