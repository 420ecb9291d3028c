"""Texts that mean a missing value ("NA", "[Not Available]", "-9"): such cells become empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cytoreg.sources.items import Item, Rows

if TYPE_CHECKING:
    import pyarrow as pa


def emptied(items: Iterator[Item], missing: Sequence[str], empty: str | None) -> Iterator[Item]:
    """The items, with `empty` in place of every cell that is one of `missing`.

    Blanks around a cell are ignored, capitals are not. Columns that cytoreg adds stay unchanged.
    """
    import pyarrow as pa

    codes = pa.array(sorted({text.strip() for text in missing}), pa.string())
    for item in items:
        if isinstance(item, Rows):
            item = Rows(item.table, _emptied(item.rows, codes, empty))
        yield item


def _emptied(rows: pa.Table, codes: pa.StringArray, empty: str | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = rows.schema.types
    for place, name in enumerate(rows.column_names):
        column = rows.column(place)
        if name.startswith("_") or not pa.types.is_string(kinds[place]):
            continue
        found = pc.is_in(pc.utf8_trim_whitespace(column), value_set=codes)
        if pc.any(found).as_py():
            rows = rows.set_column(
                place, name, pc.if_else(found, pa.scalar(empty, pa.string()), column)
            )
    return rows
