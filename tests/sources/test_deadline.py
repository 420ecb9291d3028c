"""Reading that ends: at its end, at an error, at the deadline, when nobody wants more."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator

import pytest

from cytoreg.errors import SourceError
from cytoreg.sources.deadline import until


def within(seconds: float, items: Generator[int, None, None]) -> Iterator[int]:
    return until(time.monotonic() + seconds, "lab", "db://host", lambda: items)


def test_what_is_read_comes_in_order() -> None:
    assert list(within(10, (number for number in range(100)))) == list(range(100))


def test_an_error_comes_after_what_was_read_before_it() -> None:
    def broken() -> Generator[int, None, None]:
        yield 1
        raise KeyError("x")

    items = within(10, broken())
    assert next(items) == 1
    with pytest.raises(KeyError):
        next(items)


def test_a_reader_that_waits_for_ever_is_left_behind() -> None:
    released = threading.Event()

    def hangs() -> Generator[int, None, None]:
        yield 1
        released.wait()

    items = within(0.3, hangs())
    assert next(items) == 1
    with pytest.raises(SourceError, match=r"db://host is so slow.*\n.*deadline_minutes") as caught:
        next(items)
    assert caught.value.transient
    released.set()


def test_a_reader_is_closed_when_nobody_wants_more() -> None:
    closed = threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = within(10, endless())
    assert next(items) == 1
    items.close()  # type: ignore[attr-defined]
    assert closed.is_set()
