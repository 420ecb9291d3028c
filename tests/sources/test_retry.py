"""Waiting for a system that is away."""

from __future__ import annotations

import signal
import threading

from cytoreg.sources.retry import interruptible, wait


def test_an_interrupt_ends_waiting_though_no_handler_of_python_gets_to_run() -> None:
    ended = threading.Event()

    def waiting() -> None:
        try:
            wait(60)
        except KeyboardInterrupt:
            ended.set()

    usual = signal.getsignal(signal.SIGINT)
    try:
        with interruptible():
            signal.signal(signal.SIGINT, lambda *_: None)
            thread = threading.Thread(target=waiting)
            thread.start()
            signal.raise_signal(signal.SIGINT)
            assert ended.wait(30)
            thread.join()
    finally:
        signal.signal(signal.SIGINT, usual)
    with interruptible():
        wait(0)  # an interrupt ends what was running, not what runs afterwards
