"""How long to wait before retrying a system that is away.

Each source waits in a thread of its own, which an interrupt does not reach: this module ends the
waiting.
"""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PAUSE = 1.0
"""Seconds before the second attempt; each further pause is about twice as long."""

LONGEST = 60.0
"""Longest pause in seconds: a server that is back is noticed within a minute."""

_JITTER = 0.25
"""Share by which a pause varies, so that several sources do not retry at the same moment."""

_interrupted = threading.Event()


def wait(seconds: float) -> None:
    """Wait that long; raises KeyboardInterrupt when the process is interrupted meanwhile."""
    if _interrupted.wait(seconds):
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[None]:
    """Let an interrupt (Ctrl-C) end the waiting of all threads, not only of this one.

    For the main thread, which alone receives it; elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: FrameType | None) -> None:
        _interrupted.set()
        if callable(usual):
            usual(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        _interrupted.clear()


def pauses() -> Iterator[float]:
    """Seconds to wait before each further attempt, without end: the caller has a deadline."""
    pause = PAUSE
    while True:
        yield pause * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
        pause = min(2 * pause, LONGEST)
