"""Catalogs of SAS (.sas7bcat): what the codes under a user's own formats mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.statistics import values

Labels = dict[str, dict[str, str]]
"""By the name of a format, in capitals, the label of each code, which is text as it lands."""


def add(labels: Labels, found: Iterable[pa.Table], source: str, where: str) -> None:
    """Take a catalog's labels; raises SourceError for a format that another has differently."""
    formats: Labels = {}
    for table in found:
        for name, code, label in zip(
            *(column.to_pylist() for column in table.columns), strict=True
        ):
            formats.setdefault(name.upper(), {})[code] = label
    for name, known in formats.items():
        if labels.setdefault(name, known) != known:
            raise SourceError(
                source,
                f"{where} gives format {name} other labels than another catalog",
                remedy="let `catalog` match the one that belongs to the data",
            )


def of(labels: Mapping[str, dict[str, str]], format_: str) -> dict[str, str]:
    """The labels of a format such as `SEX8.`, whose name never ends in a digit."""
    return labels.get(re.sub(r"[0-9]*(\.[0-9]*)?$", "", format_.upper()), {})


def labelled(rows: pa.Table, formats: list[str], labels: Labels) -> pa.Table:
    """Rows with labels in the place of codes; `formats` are those of the first columns."""
    for place, format_ in enumerate(formats):
        if known := of(labels, format_):
            name = rows.column_names[place]
            column = values.labelled(rows.column(place).combine_chunks(), known)
            rows = rows.set_column(place, name, column)
    return rows
