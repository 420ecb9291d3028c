"""Stop reading at the deadline, even if a driver never returns."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

from cytoreg.errors import SourceError

T = TypeVar("T")
_GRACE = 10.0
"""Seconds that a reader may take to finish after it is stopped."""


def until(
    deadline: float, source: str, shown: str, read: Callable[[], Generator[T, None, None]]
) -> Iterator[T]:
    """What `read` yields, run in a thread of its own; `deadline` is in monotonic seconds.

    Nothing in Python wakes a driver that waits for a silent server. So past the deadline a
    transient SourceError is raised and the thread is abandoned: it closes its connection when the
    driver returns, and does not keep the process from ending.
    """
    found: Queue[T | BaseException | None] = Queue(maxsize=2)
    left = Event()

    def hand_over(item: T | BaseException | None) -> bool:
        while not left.is_set():
            try:
                found.put(item, timeout=0.2)
                return True
            except Full:
                continue
        return False

    def work() -> None:
        try:
            with closing(read()) as items:
                for item in items:
                    if not hand_over(item):
                        return
            hand_over(None)
        except BaseException as error:  # raised again in the consumer's thread
            hand_over(error)

    thread = Thread(target=work, name=f"read {source}", daemon=True)
    thread.start()
    late = False
    try:
        while True:
            try:
                item = found.get(timeout=max(deadline - time.monotonic(), 0))
            except Empty:
                late = True
                raise SourceError(
                    source,
                    f"{shown} is so slow that the deadline passed",
                    remedy="give it more `deadline_minutes`, read less, or ask who runs the server",
                    transient=True,
                ) from None
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        left.set()
        if not late:
            thread.join(_GRACE)
