"""Apply the transactions of ODM files in their order, as SQL, however many there are.

An element is in force unless it, or one that it is in, was removed later (ODM 1.3.2, 2.9). A row is
all elements in force of one table with the same keys, apart from the item group's own OID; the last
value of each item counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from cytoreg.sources.cdisc.pieces import KEYS, Pieces
from cytoreg.sources.ordering import batch_rows
from cytoreg.warehouse.connection import literal

_ROW_KEYS = tuple(key for key in KEYS if key != "ItemGroupOID")
_REMOVED = {1: KEYS[:2], 2: KEYS[:4], 3: KEYS[:6], 4: KEYS}
_IN_FORCE = """
create temp table live as
with placed as (
  select *, {cleared} as cleared from read_parquet({records})
)
select *, min(seq) over (partition by tab, {keys}) as entity
from placed
where op in ('i', 'u', 'p') and seq > cleared and tab >= 0
"""
_TOLD = """
create temp view told as
select
  l.entity, v.item, v.value, v.place, v.op, l.snapshot and v.op <> 'r' as given, l.file, l.level
from read_parquet({values}) as v
inner join live as l on l.seq = v.seq
"""
_LAST = """
create temp table last as
select
  entity, item, max(place) as place, count(*) as said, count(*) filter (given) as times
from told
group by entity, item
"""
_TWICE = """
create temp table twice as
select
  entity, item, any_value(level) as level, min(file) as file, max(file) as other,
  min(value) <> max(value) or count(value) not in (0, count(*)) as differ
from told
inner join last using (entity, item)
where given and times > 1
group by entity, item
"""
_ROWS = """
create temp table entity as
select row_number() over (order by tab, entity) - 1 as number, *
from (
  select
    tab, entity, any_value(level) as level, min_by(file, seq) as file, min_by(row, seq) as row,
    min_by(line, seq) as line, max_by(MetaDataVersionOID, seq) as MetaDataVersionOID, {keys},
    min_by(op, seq) as op, entity in (select entity from twice where differ) as wrong
  from live
  group by tab, entity, {keys}
)
"""
_BEFORE = """
create temp table earlier as
select entity, item, max(t.place) as place
from told as t
inner join last as l using (entity, item)
where l.said > 1 and t.place < l.place and item in (select of from quality)
group by entity, item
"""
_CELLS = """
create temp table cell as
select e.number, t.item, t.value
from told as t
semi join last as l on l.place = t.place
inner join entity as e on e.entity = t.entity
left join quality as q on q.item = t.item
left join last as of_item on of_item.entity = t.entity and of_item.item = q.of
left join told as said on said.place = of_item.place
left join earlier as b on b.entity = t.entity and b.item = q.of
where t.op <> 'r' and not coalesce(said.op = 'r' and said.place > t.place, false)
  and t.place > coalesce(b.place, -1)
order by e.number, t.item
"""


@dataclass(frozen=True)
class Conflict:
    """Two snapshots, by their numbers, that say different things of a record; and its table."""

    tab: int
    file: int
    other: int


class State:
    """What all elements and values together say."""

    def __init__(self, con: duckdb.DuckDBPyConnection, pieces: Pieces) -> None:
        self._con = con
        self._items = list(pieces.items)
        records, values = literal(str(pieces.records)), literal(str(pieces.values))
        counted: list[tuple[int]] = con.execute(
            f"select count(*) from read_parquet({records}) where op = 'r'"
        ).fetchall()
        removed = counted[0][0]
        over = (
            f"coalesce(max(seq) filter (level = {level} and op = 'r')"
            f" over (partition by {', '.join(keys)}), -1)"
            for level, keys in _REMOVED.items()
        )
        cleared = f"greatest({', '.join(over)})" if removed else "-1"
        con.execute(_IN_FORCE.format(cleared=cleared, records=records, keys=", ".join(_ROW_KEYS)))
        con.execute(_TOLD.format(values=values))
        con.execute(_LAST)
        con.execute(_TWICE)
        con.execute(_ROWS.format(keys=", ".join(_ROW_KEYS)))
        self._qualify()
        con.execute(_BEFORE)
        con.execute(_CELLS)
        self._absent = _absent(con, records) if removed else 0

    def _qualify(self) -> None:
        """Note of which item each `item@unit` and the like is: with the item, it is removed."""
        numbers = {name: number for number, name in enumerate(self._items)}
        pairs = [
            (number, numbers[of])
            for name, number in numbers.items()
            if (of := name.rpartition("@")[0]) in numbers
        ]
        items = pa.table(
            {
                "item": pa.array([item for item, _ in pairs], pa.int64()),
                "of": pa.array([of for _, of in pairs], pa.int64()),
            }
        )
        self._con.register("quality", items)

    def conflict(self) -> Conflict | None:
        """Two snapshots of different moments, if there are."""
        found: list[tuple[int, int, int]] = self._con.execute(
            "select e.tab, t.file, t.other from twice as t inner join entity as e using (entity)"
            " where t.differ and t.file < t.other order by e.tab, t.file, t.other limit 1"
        ).fetchall()
        return Conflict(*found[0]) if found else None

    def odd(self) -> dict[str, int]:
        """What transactions there should not be, and how many."""
        found: list[tuple[int, int, int, int]] = self._con.execute(
            "select (select count(*) from twice where not differ and level = 4),"
            " (select count(*) from entity where op = 'u' and level = 4),"
            " (select count(*) from (select 1 from told where op = 'i' and not given and level = 4"
            " group by entity, item having count(*) > 1)),"
            " (select count(*) from (select item, op, lag(op, 1, 'r') over"
            " (partition by entity, item order by place) as before from told where level = 4)"
            " where op = 'r' and before = 'r' and item not in (select item from quality))"
        ).fetchall()
        twice, updated, again, alone = found[0]
        return {
            "value that snapshots give more than once": twice,
            "record that is updated, and was not inserted": updated,
            "value that is inserted again, of which the last one counts": again,
            "Remove of what is not there": self._absent + alone,
        }

    def rows(self, tab: int, columns: list[str]) -> Iterator[pa.Table]:
        """The rows of a table, in reading order, some at a time.

        Columns: keys, `columns`, `_items` (a JSON object of the other items), `file` (its number),
        `row` and `line`.
        """
        found: list[tuple[int | None, int | None]] = self._con.execute(
            f"select min(number), max(number) from entity where tab = {tab}"
        ).fetchall()
        first, last = found[0]
        if first is None or last is None:
            return
        step = batch_rows(len(columns))
        for start in range(first, last + 1, step):
            some = f"number between {start} and {min(start + step - 1, last)}"
            keys = self._con.execute(
                f"from entity where {some} and not wrong order by number"
            ).to_arrow_table()
            cells = self._con.execute(
                f"from cell where {some} and number in (select number from entity where {some}"
                " and not wrong) order by number, item"
            ).to_arrow_table()
            yield self._shaped(keys, cells, columns)

    def others(self, tab: int, columns: list[str]) -> dict[str, int]:
        """The items of a table that have no column, and how many values of each there are."""
        found: list[tuple[int, int]] = self._con.execute(
            "select item, count(*) from cell inner join entity as e using (number)"
            f" where e.tab = {tab} group by item order by item"
        ).fetchall()
        names = ((self._items[item], count) for item, count in found)
        return {name: count for name, count in names if name not in columns}

    def contradictory(self, tab: int) -> Iterator[tuple[int, int, int, str]]:
        """The rows with two values of an item in a snapshot: file, row, line, and all they say."""
        found = self._con.execute(
            f"select e.file, e.row, e.line, {', '.join(f'e.{key}' for key in _ROW_KEYS)},"
            " list(t.item order by t.place), list(t.value order by t.place)"
            " from entity as e inner join told as t using (entity)"
            f" where e.wrong and e.tab = {tab} group by all order by min(e.number)"
        )
        row: tuple[int, int, int, *tuple[str | None, ...], list[int], list[str | None]] | None
        while row := found.fetchone():
            file, number, line, *keys, items, values = row
            said = {k: v for k, v in zip(_ROW_KEYS, keys, strict=True) if v is not None}
            told: dict[str, list[str | None]] = {}
            for item, value in zip(items, values, strict=True):
                told.setdefault(self._items[item], []).append(value)
            yield file, number, line, json.dumps({**said, **told}, ensure_ascii=False)

    def _shaped(self, keys: pa.Table, cells: pa.Table, columns: list[str]) -> pa.Table:
        """One column for each item, from cells ordered by row and item."""
        numbers = keys["number"].to_numpy()
        places = np.searchsorted(numbers, cells["number"].to_numpy())
        items = cells["item"].to_numpy()
        values = cells["value"]
        number_of = {name: number for number, name in enumerate(self._items)}
        table = keys.select([*_ROW_KEYS, "MetaDataVersionOID", "file", "row", "line"])
        for column in columns:
            chosen = np.flatnonzero(np.equal(items, number_of.get(column, -1)))
            taken = np.full(len(keys), -1)
            taken[places[chosen]] = chosen
            table = table.append_column(column, values.take(pa.array(taken, mask=taken < 0)))
        known = [number_of[column] for column in columns if column in number_of]
        rest = np.flatnonzero(~np.isin(items, known))
        kept: dict[int, dict[str, str | None]] = {}
        texts: list[str | None] = values.take(pa.array(rest, pa.int64())).to_pylist()
        where: list[int] = places[rest].tolist()
        of: list[int] = items[rest].tolist()
        for place, item, text in zip(where, of, texts, strict=True):
            kept.setdefault(place, {})[self._items[item]] = text
        told: list[str | None] = [None] * len(keys)
        for place, its in kept.items():
            told[place] = json.dumps(its, ensure_ascii=False)
        return table.append_column("_items", pa.array(told, pa.string()))


def _absent(con: duckdb.DuckDBPyConnection, records: str) -> int:
    """How many elements are removed that no earlier one inserted since the last Remove."""
    windows = ", ".join(
        f"w{level} as (partition by {', '.join(keys)} order by seq rows between unbounded preceding"
        " and 1 preceding)"
        for level, keys in _REMOVED.items()
    )
    there = " ".join(
        f"when {level} then max(seq) filter (level >= {level} and op <> 'r') over w{level}"
        for level in _REMOVED
    )
    gone = ", ".join(
        f"coalesce(max(seq) filter (level = {level} and op = 'r') over w{level}, -1)"
        for level in _REMOVED
    )
    found: list[tuple[int]] = con.execute(
        f"select count(*) from (select op, coalesce(case level {there} end, -1) as there,"
        f" greatest({gone}) as gone from read_parquet({records}) window {windows})"
        " where op = 'r' and there <= gone"
    ).fetchall()
    return found[0][0]
