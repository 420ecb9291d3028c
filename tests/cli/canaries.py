"""Values planted in every source of a simulated hospital, and where they are told again.

Each is a word that no simulated record holds: a name, and text where sources have codes or notes.
"""

from __future__ import annotations

import csv
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import duckdb

NAME, TEXT, FILE = "Canarina", "Canaritext", "canarifile"
BIRTH = "1903-02-01"


def plant(extracts: Path) -> None:
    """Plant a name, text and a birth date where each of the eight sources has a place for them."""
    compact = BIRTH.replace("-", "")
    _put(
        extracts / "tumor_registry/tumor_registry.xml",
        ('"nameFirst">', "<", NAME),
        ('"dateOfBirth">', "<", compact),
        ('"gradePathological">', "<", TEXT),
    )
    _put(extracts / "laboratory/Observation.ndjson", ('"method":{"text":"', '"', TEXT))
    for reports in sorted(extracts.glob("pathology/*.hl7"))[:1]:
        _put(
            reports,
            ("^^^SIMHOSP^MR||", "^", NAME),
            ("NOTE^Comment^L||", "|", f"{NAME} {TEXT}"),
            ("Differentiation^L||", "|", TEXT),
            ("G1||||||F\rOBX|5|ST|KI67^Ki-67 index^L||", "|", TEXT),
        )
    deaths = extracts / "death_index/death_index.txt"
    lines = deaths.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1][:20] + NAME.ljust(15).encode() + lines[1][35:]
    lines[2] = lines[2][:36] + compact.encode() + lines[2][44:59] + b"CANAR" + lines[2][64:]
    deaths.write_bytes(b"".join(lines))
    _edit(extracts / "research/research_data.csv", "comp_type", TEXT)
    _edit(extracts / "or_log/or_log_2011.csv", "Procedure Code", TEXT)
    _edit(extracts / "or_log/or_log_2012.csv", "Patient Name", NAME)
    log = (extracts / "or_log/or_log_2012.csv").read_text(encoding="utf-8-sig").splitlines()
    (extracts / f"or_log/or_log_{FILE}.csv").write_text(f"{log[0]}\n{NAME},{TEXT}\n")
    with closing(sqlite3.connect(extracts / "hospital/hospital.db")) as con:
        con.execute(
            "update patients set first_name = ?, birth_date = ? where rowid = 5", [NAME, BIRTH]
        )
        con.execute("update patients set last_name = ? where rowid = 6", [NAME])
        con.execute("update encounters set disposition = ? where rowid = 7", [TEXT])
        con.execute("update diagnoses set code = ? where rowid = 8", [TEXT])
        con.commit()
    for book in sorted(extracts.glob("biomarkers/*.xlsx"))[:1]:
        _rewrite(book, b"<t>RIA</t>", f"<t>{TEXT}</t>".encode())


def cells(published: Path) -> set[str]:
    """Every value of a published file as text, whatever its type, in small letters."""
    found: set[str] = set()
    with duckdb.connect(str(published), read_only=True) as con:
        for schema, table, column in con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where not internal"
        ).fetchall():
            rows = con.execute(
                f'select distinct lower(cast("{column}" as varchar)) from {schema}."{table}"'
            ).fetchall()
            found |= {value for (value,) in rows if value is not None}
    return found


def _put(path: Path, *places: tuple[str, str, str]) -> None:
    """Where text follows `before` for the first time, put `value` up to `end`."""
    content = path.read_bytes()
    for before, end, value in places:
        start = content.find(before.encode())
        if start < 0:
            continue
        start += len(before)
        stop = content.index(end.encode(), start)
        content = content[:start] + value.encode() + content[stop:]
    path.write_bytes(content)


def _edit(path: Path, column: str, value: str) -> None:
    """Put `value` into the first filled cell of a column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    place = rows[0].index(column)
    next(row for row in rows[1:] if row[place])[place] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _rewrite(book: Path, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(book) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    assert any(old in part for part in parts.values())
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as written:
        for name, part in parts.items():
            written.writestr(name, part.replace(old, new, 1))
