"""Import Great Expectations without what its import needs only for other work than judging."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

_LATER = ("altair", "scipy.stats")
"""Modules that Great Expectations imports at once, and uses for charts and tests of distributions.

They take a third of its import's processor time.
"""


class _WhenUsed:
    """A finder of modules that run when an attribute of theirs is first asked for."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own place, with a loader that waits; None for all other modules."""
        found = PathFinder.find_spec(name, path, target) if name in _LATER else None
        if found is not None and found.loader is not None:
            found.loader = LazyLoader(found.loader)
        return found


def import_great_expectations() -> None:
    """Import Great Expectations, whose charts and statistics are imported when they are used."""
    if "great_expectations" in sys.modules:
        return
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    sys.meta_path.insert(0, _WhenUsed)
    try:
        import great_expectations  # noqa: F401
    finally:
        sys.meta_path.remove(_WhenUsed)
