"""What all tests share: how property tests run."""

from __future__ import annotations

import os

from hypothesis import settings

# a busy machine is no failure; where the suite decides about a change, it tries the same examples every time
settings.register_profile("suite", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("suite")
