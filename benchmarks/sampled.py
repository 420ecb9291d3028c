"""Where a command's processor time goes: functions by seconds, with and without what they call.

Usage: python benchmarks/sampled.py refresh --untracked --as-of 2016-12-31

Samples the stack of the main thread every 10 ms of the process' own processor time (POSIX), so a
busy machine does not change the picture. The work of other threads is seen where the main thread
waits for it.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from types import FrameType

SHOWN = 150

within: Counter[str] = Counter()
itself: Counter[str] = Counter()


def sample(_: int, frame: FrameType | None) -> None:
    """Count the running function, and once each those that called it."""
    stack = []
    while frame is not None:
        code = frame.f_code
        stack.append(f"{'/'.join(code.co_filename.split('/')[-3:])}:{code.co_name}")
        frame = frame.f_back
    itself[stack[0]] += 1
    within.update(set(stack))


def main() -> None:
    """Run the command line with the arguments given, then print both lists."""
    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)
    try:
        from cytoreg.cli import main as cytoreg

        cytoreg()
    except SystemExit:
        pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    spent = time.process_time()
    print(f"{spent:.1f} s of processor time")
    for title, counts in (("with what they call", within), ("alone", itself)):
        print(f"\n{title}")
        for name, count in counts.most_common(SHOWN):
            print(f"{count / itself.total() * spent:8.2f} {name}")


if __name__ == "__main__":
    main()
