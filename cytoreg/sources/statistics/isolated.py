"""Run pyreadstat in a separate process, since damage may make it hang, swell or crash.

ReadStat, the C library beneath it, allocates what a file's header asks for and follows the offsets
that it finds. The child (child.py) may use `MEMORY` bytes and the source's deadline of processor
time; it writes columns of text as an Arrow stream to its output, the schema first, and reports by
its exit code how it ended. Its other output is discarded: it may contain a value.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from io import IOBase
from typing import IO, cast

import pyarrow as pa

FORMAT = b"format"
"""The metadata key of a column for the format of its variable."""

MEMORY = 4 << 30
DAMAGED, UNDECODABLE, SWOLLEN, CUT_OFF = 3, 4, 5, 6
_WHY = {
    DAMAGED: "it is damaged, or of a form that is not known",
    UNDECODABLE: "it has text that is not in its encoding",
    SWOLLEN: f"it asks for more than {MEMORY >> 30} GiB of memory, as damaged files do",
    CUT_OFF: "it ends before its last record",
}
_AGAIN = "deliver it again; if it opens elsewhere, save it there once more, or as CSV"


class Unreadable(Exception):
    """The file cannot be read: why, and what to do; without a value."""

    def __init__(self, why: str, remedy: str = _AGAIN) -> None:
        super().__init__(why)
        self.why, self.remedy = why, remedy


@dataclass(frozen=True)
class Asked:
    """What a child has to read."""

    path: str
    system: str
    form: str
    labels: bool
    encoding: str | None
    seconds: int


def batches(asked: Asked) -> Iterator[pa.Table]:
    """An empty table with the file's variables, then its records; raises Unreadable.

    For a catalog of formats (`sas7bcat`) the records are its labels. The child ends with the
    generator, even when that is not read to its end.
    """
    call = [sys.executable, "-m", "cytoreg.sources.statistics.child", json.dumps(asdict(asked))]
    child = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        if child.stdout:
            yield from _stream(child.stdout)
        code = child.wait()
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
    if code == UNDECODABLE:
        raise Unreadable(_WHY[code], "name the right one with `encoding`, such as cp1252")
    if code:
        raise Unreadable(_WHY.get(code, "the library that reads it crashed, or ran too long"))


def _stream(file: IO[bytes]) -> Iterator[pa.Table]:
    """Tables of an Arrow stream as far as it goes; the exit code shows whether that is its end."""
    try:
        with pa.ipc.open_stream(cast("IOBase", file)) as stream:
            yield stream.schema.empty_table()
            for batch in stream:
                yield pa.Table.from_batches([batch])
    except (pa.ArrowInvalid, OSError):
        return
