"""What the tests of the flows share: a refresh in Prefect, and what Prefect wrote down of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import kept_registry

AS_OF = "2016-12-31"
ROOT = Path(__file__).resolve().parents[2]


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


def made(root: Path, prefect_home: Path) -> Path:
    """A small registry whose clinic is a database, with Prefect's tables; not refreshed yet."""
    kept_registry.write(root)
    visits = [line.split(",") for line in (root / "extracts/clinic.csv").read_text().splitlines()]
    with closing(sqlite3.connect(root / "extracts/clinic.db")) as con:
        con.execute("create table visits (visit text, chart text, day text, note text, state text)")
        whole = (row for row in visits[1:] if '"' not in "".join(row))
        con.executemany("insert into visits values (?, ?, ?, ?, ?)", whole)
        con.commit()
    config = (root / "cytoreg.toml").read_text("utf-8")
    (root / "cytoreg.toml").write_text(
        config.replace(
            'kind = "csv"\npath = "clinic.csv"\ncolumns = "all"',
            'kind = "sql"\nurl = "${CLINIC_URL:-sqlite:///clinic.db}"\ndeadline_minutes = 0.1\n'
            'columns = { visits = ["visit", "chart", "day", "note", "state"] }',
        ),
        "utf-8",
    )
    shutil.copytree(ROOT / "flows", root / "flows")
    shutil.copytree(prefect_home, root / "data/prefect")
    return root
