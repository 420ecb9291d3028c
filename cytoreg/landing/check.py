"""Check a source without landing it, for `cytoreg doctor`, and report no values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, SourceError
from cytoreg.project.load import Project
from cytoreg.sources.drops.fetch import glimpsed
from cytoreg.sources.items import Reject, Rows
from cytoreg.sources.kinds import about, origin, sampling

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.sources.declaration import Source

__all__ = ["check"]

PATIENCE_MINUTES = 1.0
"""Time limit for a server: somebody is waiting for the answer."""


def check(project: Project, source: str) -> list[tuple[str, bool, str]]:
    """Check a source without landing it: (what, whether it is well, detail), without values.

    First its files or its server, then each table: its number of columns, and for the first records
    the lengths of their texts and how many cannot be parsed. The first failure ends the list.
    """
    config = project.source(source)
    found: list[tuple[str, bool, str]] = []
    what = "files" if config.patterns else "connection"
    try:
        config = config.model_copy(update={"deadline_minutes": PATIENCE_MINUTES})
        with glimpsed(source, config, project.extracts) as delivery:
            paths = delivery.inputs()
            remote = delivery.remote.values()
            sizes = [file.size for file in remote] or [path.stat().st_size for path in paths]
            many = f": {len(sizes)} file{'s' * (len(sizes) > 1)}, {sum(sizes) / 1e6:.1f} MB"
            told = about(source, config)
            where = origin(source, config) + (many if sizes else "")
            found.append((what, True, where + (f": {told}" if told else "")))
            for table, entity in config.tables.items():
                what = f"table {table}"
                one = config.model_copy(update={"tables": {table: entity}})
                found.append((what, True, _shape(source, one, table, delivery.extracts)))
    except (SourceError, ConfigError) as error:
        found.append((what, False, str(error)))
    except OSError as error:
        found.append((what, False, str(error.strerror)))
    return found


def _shape(source: str, config: Source, table: str, extracts: Path) -> str:
    """Columns of a table and the lengths of their texts, from its first records."""
    rejects, reason = 0, ""
    seen: pa.Table | None = None
    for item in sampling(source, config, extracts):
        if isinstance(item, Rows) and item.table == table:
            seen = item.rows
            if len(seen):
                break
        if isinstance(item, Reject) and item.table == table:
            rejects, reason = rejects + 1, reason or item.reason
    if rejects and not seen:
        raise SourceError(
            source,
            f"none of its {rejects} records can be parsed; the first is {reason}",
            remedy=f"deliver it again, or correct [sources.{source}] in cytoreg.toml",
        )
    if seen is None:
        return "none of its records was found"
    columns = [name for name in seen.column_names if not name.startswith("_")]
    shown = ", ".join(f"{name} {_lengths(seen[name])}" for name in columns)
    unparsable = f", {rejects} records before them cannot be parsed" if rejects else ""
    return (
        f"{len(columns)} columns; first {len(seen)} rows{unparsable}; characters by column: {shown}"
    )


def _lengths(column: pa.ChunkedArray[pa.StringScalar]) -> str:
    import pyarrow.compute as pc

    from cytoreg.sources.arrow import equal

    found = pc.min_max(pc.utf8_length(column.filter(pc.invert(equal(column, "")))))
    low: int | None = found["min"].as_py()
    high: int | None = found["max"].as_py()
    return "empty" if high is None else str(high) if low == high else f"{low}–{high}"
