"""Kill a process at chosen ones of the file events of something that it does.

As a script it does it: `strike` starts it. Each strike is a fork of a process that has everything
imported and no thread, so that it costs no more than the deed itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator

EVENTS = {
    "open", "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink",
    "shutil.rmtree", "ctypes.dlsym",
}  # fmt: skip
KILLED = 9


def strike(deed: str, *arguments: object, at: Iterable[int | str]) -> Iterator[bool]:
    """Whether the deed was killed at its so manyeth event, or one of a kind: `os.rename 2`.

    `deed` is Python that says what `act()` does with `sys.argv`. Between two of them the caller may
    put things right for the next one.
    """
    with subprocess.Popen(
        [sys.executable, __file__, deed, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for number in at:
            child.stdin.write(f"{number}\n")
            child.stdin.flush()
            told = child.stdout.readline().strip()
            assert told in ("killed", "done"), f"{deed}: {told}"
            yield told == "killed"
        child.stdin.close()


def fork(act: Callable[[], object], below: str, kinds: set[str], number: int) -> int:
    """Exit code of a fork in which `act` is killed at an event on a path that holds `below`."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        touched = event == "ctypes.dlsym" or any(below in str(one) for one in arguments[:2])
        if event in kinds and touched:
            seen += 1
            if seen == number:
                os._exit(KILLED)

    sys.addaudithook(hook)
    code = 1
    try:
        act()
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}"[:300].replace("\n", " "), file=sys.stderr)
    os._exit(code)


if __name__ == "__main__":
    deed, below = sys.argv[1:3]
    known: dict[str, Callable[[], object]] = {}
    exec(deed, known)
    for line in sys.stdin:
        *kind, number = line.split()
        code = fork(known["act"], below, set(kind) or EVENTS, int(number))
        print({0: "done", KILLED: "killed"}.get(code, f"exit code {code}"), flush=True)
