"""What the tests of the flows share: a refresh in Prefect, and what Prefect wrote down of it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

AS_OF = "2016-12-31"


def cytoreg(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`cytoreg` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cytoreg", *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=1200,
    )


def ask(registry: Path, sql: str) -> list[tuple]:
    """Prefect's own database, asked."""
    with closing(sqlite3.connect(registry / "data/prefect/prefect.db")) as con:
        return con.execute(sql).fetchall()


def everything(registry: Path) -> str:
    """All that Prefect keeps, as text: every table of its database, every file beside it."""
    with closing(sqlite3.connect(registry / "data/prefect/prefect.db")) as con:
        con.text_factory = lambda raw: raw.decode(errors="replace")
        text = "\n".join(con.iterdump())
    files = (path for path in (registry / "data/prefect").rglob("*") if path.is_file())
    return text + "".join(path.read_text("utf-8", errors="replace") for path in files)


def identities(registry: Path) -> set[str]:
    """Numbers, full names and birth dates of the hospital's patients."""
    with closing(sqlite3.connect(registry / "extracts/hospital/hospital.db")) as con:
        rows = con.execute(
            "select mrn, last_name || ', ' || first_name, birth_date from patients"
        ).fetchall()
    return {value for row in rows for value in row if value and len(value) >= 7}
