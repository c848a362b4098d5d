"""Signals (blinker): what happened, for whoever wants to know."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: Sent after an action or a resource's method returned: ``sender`` is the app; ``operation``, ``identity``, ``result``.
action_called = _signals.signal("action-called")

#: Sent when a call failed: ``sender`` is the app; ``operation`` and ``error``, the exception.
action_failed = _signals.signal("action-failed")

#: Sent when something was revalidated: ``sender`` is the app; ``paths`` and ``tags``, tuples of str.
revalidated = _signals.signal("revalidated")
