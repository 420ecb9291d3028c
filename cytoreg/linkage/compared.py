"""The columns by which records are compared, in the form in which they are."""

from __future__ import annotations

from collections.abc import Mapping

from cytoreg.linkage.golden_record import among, bounds
from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import literal, quote

Columns = Mapping[str, Mapping[str, str]]
"""The columns of each entity, with their types."""


def record(entity: str, asked: str = "") -> str:
    """SELECT of a record's place: entity, source, source_table, file, row, and `asked`."""
    return (
        f"select {literal(entity)} as entity, _source as source, _table as source_table,"
        f' _file as file, _row as "row"{asked} from accepted.{quote(entity)}'
    )


def in_part(config: Linkage, found: Columns) -> list[str]:
    """The dates among `match` that may be partial in some entity."""
    whole = [name for name in config.match if name not in config.names]
    return [name for name in whole if any(name in bounds(columns) for columns in found.values())]


def between(config: Linkage, column: str, entity: Mapping[str, str]) -> str:
    """The first and the last possible day of a partial date; null if nothing is known."""
    first, last = map(quote, bounds(entity).get(column, (column, column)))
    codes = config.unknown.get(column, ())
    known = f" and not {among(first, codes)}" if codes else ""
    days = f"struct_pack(first := {first}, last := {last})"
    return f"case when {first} is not null{known} then {days} end"


def known(config: Linkage, column: str) -> str:
    """A column of `match` for comparison: null where it has a code for unknown."""
    text = f"cast({quote(column)} as varchar)"
    if codes := config.unknown.get(column):
        text = f"case when not {among(quote(column), codes)} then {text} end"
    if column in config.names:
        return f"struct_pack(text := {text}, width := {spelling_width(config, column)})"
    return (
        rf"nullif(regexp_replace(strip_accents(upper({text})), '[^\p{{L}}\p{{N}}]', '', 'g'), '')"
    )


def spelling_width(config: Linkage, column: str) -> str:
    """The number of letters of a name that the record's source can hold; null: no limit."""
    widths: Mapping[str, int] = {
        source: cut[column] for source, cut in config.cut.items() if column in cut
    }
    if not widths:
        return "null::integer"
    cases = " ".join(f"when {literal(source)} then {width}" for source, width in widths.items())
    return f"case _source {cases} end"
