"""The profile of a landed table, in counts: `profile.json` beside its Parquet.

For each column: how many rows are filled, the shapes of their texts, the distribution of numbers
over magnitudes and of dates over years, and, where few texts recur, a hash of each with its number
of rows. drift.py compares profiles. They hold no values, but hashes of codes can be guessed, so a
profile stays in the private data folder.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cytoreg.manifest import FileManifest, Landing
from cytoreg.sources.arrow import schema
from cytoreg.warehouse.connection import literal, quote, scratch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["ColumnProfile", "Measuring", "Profile", "TableProfile", "read", "write"]

NAME = "profile.json"

SAMPLE_CELLS = 500_000
SAMPLE_ROWS = 10_000
SAMPLE_BYTES = 32 << 20
"""Shapes are counted in rows spread evenly over the table: in this many cells to twice as many, but
in at least this many rows, unless their texts together are longer than this. A share of 10,000 rows
has a standard error of half a point at most."""

CODES = 50
RECURS = 20
"""A column holds codes if it has at most this many texts, each on average in this many rows."""

SINGLE = 0.9
"""Whole numbers of which a larger share occurs once are counts; their spread is not compared."""

SHAPES = {
    "whole number": r"[+-]?\d+",
    "decimal": r"[+-]?\d*[.,]\d+",
    "date, year first": r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2}([T ].*)?)?",
    "date, year last": r"(\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}/\d{4})( .*)?",
    "time": r"\d{1,2}:\d{2}(:\d{2}.*)?",
}
OTHER = "text"

SPREAD = """case shape
  when 'date, year first' then left(value, 4)
  when 'date, year last' then nullif(regexp_extract(value, '[-/.](\\d{4})( |$)', 1), '')
  when 'time' then null
  else sign(number)::int || 'e' || round(2 * log10(nullif(abs(number), 0)))::int
end"""
"""The year of a date; the sign and magnitude of a number, in steps of half a power of ten."""

WRITTEN = """case
  when regexp_full_match(value, '0\\d+') then 'leading zero'
  when shape <> 'text' or upper(value) = lower(value) then 'other'
  when value = upper(value) then 'upper case'
  when value = lower(value) then 'lower case'
  else 'mixed case'
end"""
"""How a text is written, beside its shape."""

_TEXTS = schema({"place": pa.int64(), "value": pa.string(), "rows": pa.int64()})


@dataclass(frozen=True)
class ColumnProfile:
    """Number of filled rows; of those in the sample, how many have each shape, and each magnitude
    or year, and each way of writing; number of rows of each code. `written` is empty in profiles of
    earlier versions."""

    filled: int
    shapes: dict[str, int]
    codes: dict[str, int] = field(default_factory=dict)
    spread: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TableProfile:
    """A table's number of rows, and its text columns in order."""

    rows: int
    columns: dict[str, ColumnProfile]


Profile = dict[str, TableProfile]
"""By table."""


class _Written(TypedDict):
    """A table's profile as JSON."""

    rows: int
    columns: dict[str, dict[str, Any]]


class Measuring:
    """A table's profile, measured as its rows pass; memory does not grow with the table.

    Shapes are counted in a sample: every row, every second, every fourth, as the table grows.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = [
            name
            for name, kind in zip(schema.names, schema.types, strict=True)
            if kind in (pa.string(), pa.large_string()) and not name.startswith("_")
        ]
        self._most = max(SAMPLE_CELLS // max(len(self._columns), 1), SAMPLE_ROWS)
        self._every = 1
        self._rows = 0
        self._filled = dict.fromkeys(self._columns, 0)
        self._sample = pa.table({name: pa.array([], pa.string()) for name in self._columns})

    def take(self, rows: pa.Table) -> None:
        """Count some more rows."""
        for name in self._columns:
            lengths = pc.binary_length(rows[name])
            self._filled[name] += pc.sum(pc.greater(lengths, pa.scalar(0))).as_py() or 0
        first = -self._rows % self._every
        self._rows += len(rows)
        chosen = rows.select(self._columns).take(pa.array(range(first, len(rows), self._every)))
        self._sample = pa.concat_tables([self._sample, chosen.cast(self._sample.schema)])
        while len(self._sample) > 2 * self._most or (
            self._sample.nbytes > SAMPLE_BYTES and len(self._sample) > 1
        ):
            self._every *= 2
            self._sample = self._sample.take(pa.array(range(0, len(self._sample), 2)))

    def profile(self, path: Path) -> TableProfile:
        """The profile of the table whose rows are in the Parquet file `path`."""
        if not self._columns:
            return TableProfile(self._rows, {})
        with scratch(self._rows) as con:
            con.execute("set enable_progress_bar = false")
            con.register("texts", self._texts())
            shapes = dict(zip(self._columns, _shapes(con, len(self._columns)), strict=True))
            con.register("sample", self._sample)
            coded = [
                name
                for name, (found, texts, _, _) in shapes.items()
                if texts and texts <= CODES and sum(found.values()) >= RECURS * texts
            ]
            whole = self._every == 1
            codes = _codes(con, "sample" if whole else f"read_parquet({literal(str(path))})", coded)
        return TableProfile(
            self._rows,
            {
                name: ColumnProfile(self._filled[name], found, codes.get(name, {}), spread, written)
                for name, (found, _, spread, written) in shapes.items()
            },
        )

    def _texts(self) -> pa.Table:
        """Each text of each sampled column: the column's position, the text, how many rows."""
        parts = [pa.table({"place": [], "value": [], "rows": []}, _TEXTS)]
        for place, name in enumerate(self._columns):
            if self._filled[name]:
                value, rows = pc.value_counts(self._sample[name].combine_chunks()).flatten()
                parts.append(
                    pa.table([pa.repeat(pa.scalar(place), len(value)), value, rows], schema=_TEXTS)
                )
        return pa.concat_tables(parts)


def write(profile: Profile, folder: Path) -> FileManifest:
    """Write a profile beside its Parquet files."""
    known = {name: asdict(table) for name, table in profile.items()}
    text = json.dumps(known, indent=1, ensure_ascii=False).encode()
    (folder / NAME).write_bytes(text)
    return FileManifest(NAME, len(text), hashlib.sha256(text).hexdigest())


def read(landing: Landing) -> Profile:
    """The profile of a landing; measured now if it is missing or damaged."""
    try:
        text = (landing.folder / NAME).read_bytes()
        hashes = {file.name: file.sha256 for file in landing.stored}
        if hashlib.sha256(text).hexdigest() != hashes[NAME]:
            raise ValueError(NAME)
        known: dict[str, _Written] = json.loads(text)
        return {
            name: TableProfile(
                table["rows"],
                {column: ColumnProfile(**each) for column, each in table["columns"].items()},
            )
            for name, table in known.items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {
            table.table: _measure(landing.folder / f"{table.table}.parquet")
            for table in landing.tables
            if table.columns
        }


def _measure(path: Path) -> TableProfile:
    file = pq.ParquetFile(path)
    measuring = Measuring(file.schema_arrow)
    for batch in file.iter_batches():
        measuring.take(pa.Table.from_batches([batch]))
    return measuring.profile(path)


def _shapes(
    con: DuckDBPyConnection, columns: int
) -> Iterator[tuple[dict[str, int], int, dict[str, int], dict[str, int]]]:
    """Of each column: sampled rows by shape, how many texts differ, rows by spread and writing."""
    cases = " ".join(
        f"when regexp_full_match(value, {literal(pattern)}) then {literal(shape)}"
        for shape, pattern in SHAPES.items()
    )
    found: list[tuple[int, str, str | None, str, int, int]] = con.execute(
        f"""with shaped as (
          select *, case {cases} else {literal(OTHER)} end as shape,
            try_cast(replace(value, ',', '.') as double) as number
          from texts where value <> ''
        )
        select place, shape, case when shape <> {literal(OTHER)} then {SPREAD} end as spread,
          {WRITTEN} as written,
          sum(rows)::bigint as rows, count(*) as texts
        from shaped group by all order by place, rows desc, shape, spread, written"""
    ).fetchall()
    of_column = {place: [*rows] for place, rows in groupby(found, key=itemgetter(0))}
    numbers = next(iter(SHAPES))
    for place in range(columns):
        shapes, spread, texts, written = (Counter[str]() for _ in range(4))
        for _, shape, magnitude, way, rows, different in of_column.get(place, []):
            shapes[shape] += rows
            written[way] += rows
            texts[shape] += different
            if magnitude:
                spread[magnitude] += rows
        if texts[numbers] > SINGLE * shapes[numbers] > 0:
            spread.clear()
        yield dict(shapes.most_common()), texts.total(), dict(spread), dict(written)


def _codes(con: DuckDBPyConnection, source: str, columns: list[str]) -> dict[str, dict[str, int]]:
    """Rows of each code of these columns in all rows; nothing where there are too many texts."""
    found = {}
    for column in columns:
        rows = con.execute(
            f"""select left(md5({quote(column)}), 16) as code, count(*) as rows from {source}
            where {quote(column)} <> '' group by {quote(column)} order by rows desc, code
            limit {CODES + 1}"""
        ).fetchall()
        if len(rows) <= CODES:
            found[column] = dict(rows)
    return found
