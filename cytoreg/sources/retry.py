"""How long to wait before retrying a system that is away.

Each source waits in a thread of its own, which an interrupt does not reach: this module ends the
waiting.
"""

from __future__ import annotations

import random
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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

    For the main thread, which alone receives it; elsewhere this does nothing. A thread of its own
    learns of the interrupt, because Python runs handlers in the main thread between two steps of
    Python: one that begins to wait for the others at that moment never gets there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _interrupted.clear()
    told, tells = socket.socketpair()
    with told, tells:
        tells.setblocking(False)
        usual = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
        watching = threading.Thread(target=_watch, args=(told,), daemon=True)
        watching.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(usual)
            tells.shutdown(socket.SHUT_WR)
            watching.join()


def _watch(told: socket.socket) -> None:
    """Receive the numbers of the signals that arrive, until there is no more to come."""
    while number := told.recv(1):
        if number[0] == signal.SIGINT:
            _interrupted.set()


def pauses() -> Iterator[float]:
    """Seconds to wait before each further attempt, without end: the caller has a deadline."""
    pause = PAUSE
    while True:
        yield pause * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
        pause = min(2 * pause, LONGEST)
