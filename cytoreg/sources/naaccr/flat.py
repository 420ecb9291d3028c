"""NAACCR fixed width, versions 14, 15, 16 and 18: one line per tumor, by the layouts.

Each line has its record type (column 1) and its version (columns 17 to 19), which determine its
length and the positions of its items. Blanks that pad an item at its end are not landed. A line of
the wrong length for its type, or of another version, is a reject: its items cannot be located.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.errors import ConfigError
from cytoreg.sources.arrow import Column, as_text, buffer, equal, joined, strings
from cytoreg.sources.items import Item, Reject, Rows, Unexpected
from cytoreg.sources.naaccr.config import NaaccrFlatSource
from cytoreg.sources.naaccr.items import LENGTHS, Place, gaps, layout
from cytoreg.sources.records import lines
from cytoreg.sources.text_file import text_files


@dataclass(frozen=True)
class _Plan:
    """The columns to cut from a line of each version, in order, and those to watch.

    `names` are the columns of the table; each version has positions for some of them.
    """

    names: list[str]
    places: dict[int, dict[str, Place]]
    gaps: dict[int, list[tuple[int, int]]]


def read(name: str, config: NaaccrFlatSource, extracts: Path) -> Iterator[Item]:
    """One row per line with the declared items; text in reserved columns is counted by version."""
    (table,) = config.tables
    plan = _plan(name, config)
    strange: Counter[str] = Counter()
    for text in text_files(name, config.path, extracts, config.encoding):
        for rows, bad in lines(text, lambda rows: _refused(rows["line"], config)):
            yield Rows(table, _table(rows, plan, text.where, strange))
            for item in bad:
                yield Reject(table, text.where, item.row, item.line, item.reason, item.raw)
    nothing = pa.table({"line": pa.array([], pa.string()), "_row": pa.array([], pa.int64())})
    yield Rows(table, _table(nothing, plan, "", strange))
    for what, count in sorted(strange.items()):
        yield Unexpected(what, count)


def _plan(source: str, config: NaaccrFlatSource) -> _Plan:
    """The columns to land; raises ConfigError for an item that no version has."""
    known = {version: {place.item: place for place in layout(version)} for version in LENGTHS}
    every = list(dict.fromkeys(item for version in reversed(LENGTHS) for item in known[version]))
    wanted = every if config.items == "all" else config.items
    for item in wanted:
        if item not in every:
            likely = get_close_matches(item, every, 1)
            raise ConfigError(
                f"source {source}: NAACCR's fixed-width versions have no item {item}",
                remedy=f"perhaps {likely[0]}" if likely else "name items by their NAACCR XML id",
            )
    own = {name: Place(name, span.start, span.width) for name, span in config.columns.items()}
    if taken := [name for name in own if name in wanted]:
        raise ConfigError(
            f"source {source}: `columns` gives {taken[0]}, which is a NAACCR item",
            remedy="call it by another name",
        )
    return _Plan(
        [*wanted, *own],
        {
            version: {name: places[name] for name in wanted if name in places} | own
            for version, places in known.items()
        },
        {
            version: [
                (first, last)
                for first, last in gaps(version)
                if not any(part.start <= last and part.end > first for part in own.values())
            ]
            for version in LENGTHS
        },
    )


def _refused(column: pa.ChunkedArray[pa.StringScalar], config: NaaccrFlatSource) -> dict[int, str]:
    """Positions of lines that fit no layout, and why."""
    types = strings(pc.utf8_slice_codeunits(column, 0, 1))
    versions = strings(pc.utf8_slice_codeunits(column, 16, 19))
    lengths: list[int] = pc.utf8_length(column).to_numpy().tolist()
    refused = {}
    for position, (kind, version, length) in enumerate(zip(types, versions, lengths, strict=True)):
        known = LENGTHS.get(int(version)) if version.isascii() and version.isdigit() else None
        if known is None:
            refused[position] = "no version 140, 150, 160 or 180 in columns 17 to 19"
        elif kind not in known:
            refused[position] = "no record type A, M, C or I in column 1"
        elif config.record_type and kind != config.record_type:
            refused[position] = f"record type {kind} instead of {config.record_type}"
        elif length > known[kind] or (length < known[kind] and not config.trimmed):
            refused[position] = (
                f"{length} characters instead of {known[kind]}, version {version} type {kind}"
            )
    return refused


def _table(rows: pa.Table, plan: _Plan, where: str, strange: Counter[str]) -> pa.Table:
    """Lines of any version and type as one table, in order."""
    parts = [_cut(part, plan, where, strange) for part in _alike(rows)]
    return pa.concat_tables(parts or [_cut(rows, plan, where, strange)]).sort_by("_row")


def _alike(rows: pa.Table) -> Iterator[pa.Table]:
    """The rows by version, record type and whether all is ASCII, padded to full length."""
    if not len(rows):
        return
    heads = rows["line"].combine_chunks()
    kinds = joined(pc.utf8_slice_codeunits(heads, 16, 19), pc.utf8_slice_codeunits(heads, 0, 1))
    plain = pc.string_is_ascii(heads)
    for kind in strings(pc.unique(kinds)):
        full = LENGTHS[int(kind[:3])][kind[3]]
        for ascii_ in (plain, pc.invert(plain)):
            part = rows.filter(pc.and_(equal(kinds, kind), ascii_))
            if len(part):
                yield part.set_column(0, "line", pc.utf8_rpad(part["line"], full))


def _cut(rows: pa.Table, plan: _Plan, where: str, strange: Counter[str]) -> pa.Table:
    """The columns of lines of one version and length."""
    nothing = pa.nulls(len(rows), pa.string())
    columns: dict[str, Column] = dict.fromkeys(plan.names, nothing)
    if len(rows):
        texts = strings(rows["line"])
        version, signs = int(texts[0][16:19]), _signs(texts)
        for name, part in plan.places[version].items():
            if part.start <= signs.shape[1]:
                columns[name] = _part(signs, part)
        for first, last in plan.gaps[version]:
            if filled := _filled(signs, first, last):
                strange[f"text in reserved columns {first}-{last} of version {version}"] += filled
    columns["_file"] = pa.repeat(where, len(rows))
    numbers = rows["_row"].cast(pa.int64())
    columns |= {"_row": numbers, "_line": numbers}  # each line is counted
    return pa.Table.from_pydict(columns)


def _signs(lines_: list[str]) -> np.ndarray:
    """Lines of one length as a matrix of bytes, or of code points if not all is ASCII."""
    whole = "".join(lines_)
    if whole.isascii():
        return np.frombuffer(whole.encode("ascii"), np.uint8).reshape(len(lines_), -1)
    return np.frombuffer(whole.encode("utf-32-le"), "<u4").reshape(len(lines_), -1)


def _part(signs: np.ndarray, part: Place) -> pa.StringArray:
    """An item of each line as text, without the padding."""
    cut = np.ascontiguousarray(signs[:, part.start - 1 : part.end - 1])
    if signs.dtype == np.uint8:
        sizes = pa.array(np.arange(len(cut) + 1, dtype=np.int32) * cut.shape[1])
        parts = [None, sizes.buffers()[1], buffer(cut)]
        text = as_text(pa.Array.from_buffers(pa.string(), len(cut), parts))
    else:
        whole, width = cut.tobytes().decode("utf-32-le"), int(cut.shape[1])
        text = pa.array([whole[at : at + width] for at in range(0, len(whole), width)], pa.string())
    return pc.utf8_rtrim(text, " ")


def _filled(signs: np.ndarray, first: int, last: int) -> int:
    """How many lines have more than blanks in these columns."""
    return int(np.count_nonzero(np.not_equal(signs[:, first - 1 : last], ord(" ")).any(axis=1)))
