"""Where shared state is kept: the one place that knows SQLite and Redis.

In: Records: a key, JSON, a lease.

Out: The same records, or ``StoreUnavailable``.
"""
