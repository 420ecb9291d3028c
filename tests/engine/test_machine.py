"""A failure of the machine is named for what it is, and is no fault of the registry or of ours."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from cytoreg.system.durable import Hashed
from cytoreg.system.machine import interrupted, machine_error


def told(error: BaseException) -> str | None:
    failure = machine_error(error)
    assert failure is None or failure.exit_code == 5
    return failure and failure.message


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EFBIG, "a file may not grow further"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EACCES, "permission is missing"),
        (errno.EMFILE, "too many files are open"),
        (errno.ENOENT, None),
    ],
)
def test_an_error_of_the_operating_system_is_named(number: int, message: str | None) -> None:
    assert told(OSError(number, "text")) == message


def test_a_full_device_is_named() -> None:
    with pytest.raises(OSError) as caught, Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")
    assert told(caught.value) == "the disk is full"


def test_a_full_folder_of_temporary_files_is_named() -> None:
    found = machine_error(FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"))
    assert found is not None
    assert found.message == "no folder for temporary files can be written to"


def test_memory_that_does_not_do_is_named() -> None:
    little = {"memory_limit": "8MB", "temp_directory": ""}
    with duckdb.connect(config=little) as con, pytest.raises(duckdb.Error) as caught:
        con.execute("create table t as select list(i) as l from range(3000000) as r(i)")
    assert told(caught.value) == "memory is used up"
    assert told(MemoryError()) == "memory is used up"


@pytest.mark.parametrize(
    "error", [duckdb.ConversionException("disk"), ValueError("No space left"), KeyError("x")]
)
def test_other_errors_are_none_of_the_machine(error: Exception) -> None:
    assert told(error) is None
    assert not interrupted(error)


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
from cytoreg.system.machine import machine_error
try:
    {statement}
except Exception as error:
    print(machine_error(error).message)
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import duckdb; c = duckdb.connect(sys.argv[1]);"
        " c.execute('create table t as select random() as x from range(500000)');"
        " c.execute('checkpoint')",
        "import pyarrow as pa, pyarrow.parquet as pq;"
        " pq.write_table(pa.table({'a': [str(i * 7919) for i in range(200000)]}), sys.argv[1])",
        "from cytoreg.system.durable import Hashed; from pathlib import Path;"
        " Hashed(Path(sys.argv[1])).write(bytes(300_000))",
    ],
)
def test_a_limit_of_file_sizes_is_named(tmp_path: Path, statement: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.format(statement=statement), tmp_path / "file"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "a file may not grow further", done.stderr[-300:]


INTERRUPTED = """
import os, signal, threading, duckdb
from cytoreg.system.machine import interrupted
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
con = duckdb.connect()
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    rows = "range(9999999)"
    con.execute(f"create table t as select sum(a.i * b.i) s from {rows} a(i), {rows} b(i)")
except BaseException as error:
    print(interrupted(error))
"""


def test_an_interrupt_inside_a_statement_is_an_interrupt() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "True", done.stderr[-300:]


def test_a_hashed_file_knows_what_reached_the_disk(tmp_path: Path) -> None:
    file = Hashed(tmp_path / "file")
    assert file.write(b"ab") == 2
    file.write(memoryview(b"cd"))
    file.close()
    assert (file.bytes, (tmp_path / "file").read_bytes()) == (4, b"abcd")
