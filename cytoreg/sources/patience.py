"""How long to leave a system alone that is away, before it is tried again."""

from __future__ import annotations

import random
from collections.abc import Iterator

PAUSE = 1.0
"""Seconds before the second try; each further pause is about twice as long."""

LONGEST = 60.0
"""Seconds that no pause exceeds: a server that is back is noticed within a minute."""

_JITTER = 0.25
"""Share by which a pause varies, so that several sources do not return at the same moment."""


def pauses() -> Iterator[float]:
    """Seconds to wait before each further try, without an end: who waits has a deadline."""
    pause = PAUSE
    while True:
        yield pause * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
        pause = min(2 * pause, LONGEST)
