"""Databases of any content and damaged ones: every record a row or a reject, or a SourceError."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from bare_registry import HEAD
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.errors import CytoregError
from cytoreg.project.load import load_project
from cytoreg.sources.items import Item, Reject, Rows
from cytoreg.sources.kinds import kind_of

SOURCE = """
[sources.lab]
kind = "sql"
url = "sqlite:///l.db"
tables = { results = "laboratory" }
columns = "all"
"""
values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.binary(max_size=8),
)


def read(folder: Path) -> list[Item]:
    project = load_project(folder)
    config = project.config.sources["lab"]
    kind = kind_of(config)
    kind.inputs("lab", config, project.extracts)
    return list(kind.read("lab", config, project.extracts))


def make(folder: Path, rows: list[tuple], texts: list[bytes] = []) -> Path:  # noqa: B006
    (folder / "extracts").mkdir()
    (folder / "cytoreg.toml").write_text(HEAD + SOURCE, encoding="utf-8")
    path = folder / "extracts" / "l.db"
    with closing(sqlite3.connect(path)) as con, con:
        con.execute('create table results (id, "a ""b" text)')
        con.executemany("insert into results values (?, ?)", rows)
        for text in texts:
            con.execute("insert into results values (cast(? as text), 'x')", (text,))
    return path


@settings(max_examples=40, deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(values, values), max_size=12), texts=st.lists(st.binary(max_size=5)))
def test_every_record_is_a_row_or_a_reject(rows: list[tuple], texts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), rows, texts)
        found = read(Path(name))
    landed = [row for item in found if isinstance(item, Rows) for row in item.rows.to_pylist()]
    rejects = [item for item in found if isinstance(item, Reject)]
    assert len(landed) + len(rejects) == len(rows) + len(texts)
    numbers = [row["_row"] for row in landed] + [item.row for item in rejects]
    assert sorted(numbers) == list(range(1, len(rows) + len(texts) + 1))
    blobs = {f"\\x{value.hex()}" for row in rows for value in row[:1] if isinstance(value, bytes)}
    assert blobs <= {row["id"] for row in landed} | {item.raw.split("\t")[0] for item in rejects}
    kept = sorted(str(row["id"]) for row in landed if row['a "b'] != "x")
    good = [row for row in rows if not isinstance(row[0], float) and row[1] != "x"]
    for first, _ in good:
        if isinstance(first, str | int):
            assert str(first) in kept


def _mutated(data: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        changed[chance.randrange(16, len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.choice((len(data), chance.randrange(100, len(data))))])


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_refused_or_read(tmp_path: Path, seed: int) -> None:
    rows = [(number, f"Secret{number:04}") for number in range(2000)]
    path = make(tmp_path, rows)
    path.write_bytes(_mutated(path.read_bytes(), seed))
    try:
        found = read(tmp_path)
    except CytoregError as error:
        assert "Secret" not in str(error)
        assert error.remedy
    else:
        numbers = [
            n for item in found if isinstance(item, Rows) for n in item.rows["_row"].to_pylist()
        ]
        numbers += [item.row for item in found if isinstance(item, Reject)]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
