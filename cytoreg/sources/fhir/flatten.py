"""Apply views to blocks of resources, which gives rows.

A block is lines of JSON. First it is determined which of them are resources, then each view's query
runs over all of them at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.arrow import as_text, equal, schema, strings
from cytoreg.sources.fhir.macros import statements
from cytoreg.sources.fhir.numbers import marked
from cytoreg.sources.fhir.view import RECORDS, View
from cytoreg.warehouse.connection import in_memory

_SLICE = 1024
"""Lines whose numbers are marked at once, and that DuckDB processes at once, to fit the cache."""

_RECORD = schema({"_row": pa.int64(), "kind": pa.string(), "line": pa.large_string()})
_NAMED = re.compile(r'"resourceType"\s*:\s*"([A-Z][A-Za-z]{1,63})"')

_LOOK = r"""
with looked as (
    select line, json_valid(line) and starts_with(ltrim(line), '{') as whole from block
),
kinds as (
    select *, case when whole then json_extract_string(line, '$.resourceType') end as kind
    from looked
)
select
    case
        when not whole then 'no JSON object'
        when kind is null or not regexp_full_match(kind, '[A-Z][A-Za-z]{1,63}')
            then 'an object without a resourceType'
        when regexp_matches(line, '(^|[^\\])(\\\\)*\\u0001') then 'a control character'
    end as reason,
    kind
from kinds
"""


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in memory with the macros of views."""
    with in_memory() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_progress_bar = false")
        for statement in statements():
            con.execute(statement)
        yield con


@dataclass
class Block:
    """The result of a block of lines: rows by table, and the lines without rows due to errors.

    `faults` has (table, position of the line, reason); table "" is a line that is not a resource.
    `unread` counts resources of types that no view reads, `untaken` those of which no view has a
    row.
    """

    rows: dict[str, pa.Table] = field(default_factory=dict)
    faults: list[tuple[str, int, str]] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)
    untaken: dict[str, int] = field(default_factory=dict)


def nothing(view: View) -> pa.Table:
    """The result of a view without resources: its columns. Its query need not be planned."""
    return schema({"_row": pa.int64(), **dict.fromkeys(view.columns, pa.string())}).empty_table()


def flatten(
    con: duckdb.DuckDBPyConnection, views: Mapping[str, View], lines: pa.StringArray
) -> Block:
    """The rows of each view, in the order of the lines; `_row` is the position of the line.

    A view is run only if there are resources of its type, because planning its query takes longer
    than a small block.
    """
    block = Block()
    con.register("block", pa.table({"line": lines}))
    looked = con.execute(_LOOK).to_arrow_table()
    reasons = _strict(lines, looked)
    for position in np.flatnonzero(reasons.is_valid()).tolist():
        block.faults.append(("", position, reasons[position].as_py()))
    positions = pa.array(np.flatnonzero(reasons.is_null()), pa.int64())
    kinds = looked["kind"].combine_chunks().take(positions)
    good = lines.take(positions) if len(positions) < len(lines) else lines
    con.register(RECORDS, pa.table([positions, kinds, _marked(good)], schema=_RECORD))
    present = strings(pc.unique(kinds))
    taken = np.zeros(len(lines), dtype=bool)
    for table, view in views.items():
        block.rows[table] = nothing(view)
        if view.resource not in present:
            continue
        found = con.execute(view.sql).to_arrow_table()
        wrong = as_text(found["wrong"].combine_chunks())
        taken[found["_row"].to_numpy()] = True
        if wrong.null_count < len(wrong):
            found = _without_faults(block, table, found, wrong)
        block.rows[table] = found.drop_columns("wrong")
    read = {view.resource for view in views.values()}
    for kind in present:
        of_kind = equal(kinds, kind).to_numpy(zero_copy_only=False)
        if kind not in read:
            block.unread[kind] = int(of_kind.sum())
        elif missed := int((of_kind & ~taken[positions.to_numpy()]).sum()):
            block.untaken[kind] = missed
    return block


def _strict(lines: pa.StringArray, looked: pa.Table) -> pa.StringArray:
    """The reasons, and one for invalid JSON that DuckDB accepts: `NaN`, a superfluous comma."""
    reasons = looked["reason"].to_pylist()
    decode = msgspec.json.Decoder(msgspec.Raw).decode
    for position, line in enumerate(strings(lines)):
        try:
            decode(line)
        except (ValueError, RecursionError):
            reasons[position] = reasons[position] or "no JSON object"
    return pa.array(reasons, pa.string())


def kind_of_line(raw: str) -> str:
    """The likely type of a line that cannot be parsed; "" if there is no sign of one."""
    found = _NAMED.search(raw)
    return found[1] if found else ""


def _without_faults(block: Block, table: str, found: pa.Table, wrong: pa.StringArray) -> pa.Table:
    """The rows of resources without errors; each of the others is noted once."""
    rows = found["_row"].to_numpy()
    last_first = np.flatnonzero(wrong.is_valid())[::-1]
    reasons = strings(wrong.take(pa.array(last_first, pa.int64())))
    first = dict(zip(rows[last_first].tolist(), reasons, strict=True))
    block.faults += [(table, position, reason) for position, reason in sorted(first.items())]
    return found.filter(pa.array(~np.isin(rows, list(first))))


def _marked(lines: pa.StringArray) -> pa.ChunkedArray[pa.LargeStringScalar]:
    slices = [marked(lines.slice(first, _SLICE)) for first in range(0, len(lines), _SLICE)]
    return pa.chunked_array(slices, pa.large_string())
