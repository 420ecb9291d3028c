"""A patient's value in the wrong place is in no page, log, manifest or record that a run leaves."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from command_line import AS_OF, run

VALUE = "Zimbolo"
HOSPITAL = "extracts/hospital/hospital.db"
PRIVATE = {"build.duckdb"}
"""What holds identities beside the landed Parquet files."""


def test_planted_and_known_identities_are_only_in_private_files(registry: Path) -> None:
    with (registry / "extracts/or_log/or_log_2010.csv").open("ab") as log:
        log.write(f'{VALUE},{VALUE},"{VALUE}"x,{VALUE}\n'.encode())
    with closing(sqlite3.connect(registry / HOSPITAL)) as con:
        con.execute(f"update patients set birth_date = '{VALUE}', sex = '{VALUE}' where rowid = 3")
        con.commit()
        rows = con.execute("select mrn, last_name, birth_date from patients").fetchall()
    identities = {str(value).encode() for row in rows for value in row if len(str(value)) >= 6}
    assert VALUE.encode() in identities
    before = set(registry.rglob("*"))
    done = run("refresh", "--untracked", "--as-of", AS_OF, cwd=registry)
    assert done.code == 0, done.err
    written = [path for path in set(registry.rglob("*")) - before if path.is_file()]
    written += [registry / "data/published/registry.duckdb", *registry.glob("data/*.sqlite*")]
    texts = {path.relative_to(registry).as_posix(): path.read_bytes() for path in written}
    texts |= {"stdout": done.out.encode(), "stderr": done.err.encode()}
    assert any(name.endswith("report.html") for name in texts)
    told = {name for name, text in texts.items() if any(value in text for value in identities)}
    parquet = {name for name in told if name.endswith(".parquet")}
    assert any("/or_log/" in name for name in parquet)  # nothing is lost, either
    assert {Path(name).name for name in told - parquet} == PRIVATE
