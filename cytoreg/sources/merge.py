"""An earlier landing and what changed since, as the rows that a whole reading would have given.

Both are held against each other in a DuckDB of their own, in memory up to `MEMORY` and beyond it in
a private folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.ordering import batch_rows
from cytoreg.warehouse import literal, quote

MEMORY = "512MB"
RAW = "_raw"
"""Column of a record's raw text when it is no text; all other columns are then null."""


class ReadWhole(Exception):
    """Why an earlier landing is no ground to merge on; the table has to be read whole."""


@contextmanager
def gathering(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A place for a merge; what does not fit into memory goes into `folder`."""
    settings = {"memory_limit": MEMORY, "temp_directory": str(folder)}
    with duckdb.connect(config=settings) as con:  # type: ignore[arg-type]
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_progress_bar = false")
        yield con


def gather(
    con: duckdb.DuckDBPyConnection, name: str, columns: list[str], batches: Iterator[pa.Table]
) -> None:
    """Batches of text with column `_raw` as table `name`."""
    kinds = ", ".join(f"{quote(column)} varchar" for column in (*columns, RAW))
    con.execute(f"create or replace temp table {name} ({kinds})")
    for batch in batches:
        con.register("batch", batch)
        con.execute(f"insert into {name} from batch")


class Merge:
    """The rows of an earlier landing's Parquet file beside those that changed since.

    Tables: `earlier`, `fresh` (changed, from the source), `there` (keys of the whole source).
    Raises ReadWhole when any of them cannot be told row by row.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        earlier: Path,
        columns: list[str],
        key: list[str],
        changed: str,
    ) -> None:
        self._con, self._columns, self._key, self._changed = con, columns, key, changed
        chosen = ", ".join(map(quote, columns))
        con.execute(
            f"create or replace temp view earlier as select {chosen}, null::varchar as {RAW}"
            f" from read_parquet({literal(str(earlier))})"
        )
        con.execute("create or replace temp table there as from earlier limit 0")
        self._compared = False
        self._latest = ""
        self._check_keys("earlier")

    def latest(self, until: str) -> str:
        """The latest time of change not after `until`, in UTC; a later one is a clock's fault."""
        time = self._time()
        held, times, latest = self._one(
            f"select count({quote(self._changed)}), count({time}),"
            f" max({time}) filter ({time} <= {literal(until)}::timestamptz)::timestamp::varchar"
            " from earlier"
        )
        if held != times:
            raise ReadWhole(f"{self._changed} holds what is no time")
        if latest is None:
            raise ReadWhole(f"{self._changed} holds no time")
        self._latest = str(latest)
        return self._latest

    def take_changed(self, batches: Iterator[pa.Table]) -> None:
        """Take the rows that changed since a while before the latest change, or may have."""
        gather(self._con, "fresh", self._columns, batches)
        self._check_keys("fresh")

    def doubtful(self, total: int) -> bool:
        """Whether `total` rows at the source are others than these, or its time went backwards."""
        ((rows,), (back,)) = (
            self._one(f"select count(*) from ({self._now()})"),
            self._one(
                f"select coalesce(max({self._time()}) < {literal(self._latest)}::timestamptz, true)"
                " from fresh"
            ),
        )
        return bool(rows != total or back)

    def take_keys(self, batches: Iterator[pa.Table]) -> None:
        """Take key and time of change of every row there is: what is not among them is gone."""
        gather(self._con, "there", [*self._key, self._changed], batches)
        self._check_keys("there")
        self._compared = True
        changed = quote(self._changed)
        (unknown,) = self._one(
            f"select count(*) from there t where not {self._has('fresh', 't')} and not exists ("
            f"from earlier e where {self._same('e', 't')}"
            f" and e.{changed} is not distinct from t.{changed})"
        )
        if unknown:
            raise ReadWhole(f"{unknown} rows are others, but {self._changed} does not say so")

    def rows(self) -> Iterator[pa.Table]:
        """The rows as they are now, in no order, with column `_raw`."""
        self._con.execute(self._now())
        for batch in self._con.to_arrow_reader(batch_rows(len(self._columns))):
            yield pa.Table.from_batches([batch])

    def _now(self) -> str:
        gone = f" and {self._has('there', 'e')}" if self._compared else ""
        return (
            f"from earlier e where not {self._has('fresh', 'e')}{gone} union all by name from fresh"
        )

    def counts(self) -> tuple[int, int, int, int]:
        """Rows that were kept, changed, are new, were deleted; of those before, all but the new."""
        equal = " and ".join(f"e.{q} is not distinct from f.{q}" for q in map(quote, self._columns))
        before, read, found, equal_ones, now = (
            int(str(self._one(f"select count(*) from {rows}")[0]))
            for rows in (
                "earlier",
                "fresh",
                f"earlier e where {self._has('fresh', 'e')}",
                f"earlier e join fresh f on {self._same('e', 'f')} and {equal}",
                f"({self._now()})",
            )
        )
        changed, new = found - equal_ones, read - found
        deleted = before + new - now
        return before - changed - deleted, changed, new, deleted

    def _time(self) -> str:
        return f"try_cast({quote(self._changed)} as timestamptz)"

    def _same(self, one: str, other: str) -> str:
        return " and ".join(f"{one}.{name} = {other}.{name}" for name in map(quote, self._key))

    def _has(self, table: str, row: str) -> str:
        return f"exists (from {table} k where {self._same('k', row)})"

    def _check_keys(self, table: str) -> None:
        keys = ", ".join(map(quote, self._key))
        whole = " and ".join(f"{name} is not null" for name in map(quote, self._key))
        without, double = self._one(
            f"select count(*) filter (not ({whole})),"
            f" count(*) - (select count(*) from (select distinct {keys} from {table}))"
            f" from {table}"
        )
        if without:
            raise ReadWhole(f"{without} rows have no {', '.join(self._key)}")
        if double:
            raise ReadWhole(f"{double} rows have a {', '.join(self._key)} that others have too")

    def _one(self, query: str) -> tuple[object, ...]:
        found = self._con.execute(query).fetchone()
        assert found is not None  # an aggregate has one row  # noqa: S101
        return found


def with_raw(batch: pa.Table) -> pa.Table:
    """A batch as text, and in `_raw` each record that is none, its bytes escaped."""
    names = batch.column_names
    try:
        text = batch.cast(pa.schema([(name, pa.string()) for name in names]))
        return text.append_column(RAW, pa.nulls(len(text), pa.string()))
    except pa.ArrowInvalid:
        records = batch.to_pylist()
    raws = [None if all(map(_is_text, record.values())) else _raw(record) for record in records]
    good = pa.array([raw is None for raw in raws])
    columns = [pc.if_else(good, batch[name], None).cast(pa.string()) for name in names]
    return pa.table([*columns, pa.array(raws, pa.string())], [*names, RAW])


def _raw(record: dict[str, bytes | None]) -> str:
    return "\t".join(
        (value or b"").decode("utf-8", "backslashreplace") for value in record.values()
    )


def _is_text(value: bytes | None) -> bool:
    try:
        return value is None or value.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False
