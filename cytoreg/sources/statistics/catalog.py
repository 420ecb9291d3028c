"""Catalogs of SAS (.sas7bcat): the labels of codes under user-defined formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from cytoreg.sources.arrow import as_text
from cytoreg.sources.files import SourceFile
from cytoreg.sources.statistics import values

Labels = dict[str, dict[str, str]]
"""By format name, in upper case: the label of each code, which is text in its landed form."""


def add(labels: Labels, found: Iterable[pa.Table], file: SourceFile) -> None:
    """Add a catalog's labels; raises SourceError for a format that differs in another catalog."""
    formats: Labels = {}
    for table in found:
        for name, code, label in zip(
            *(column.to_pylist() for column in table.columns), strict=True
        ):
            formats.setdefault(name.upper(), {})[code] = label
    for name, known in formats.items():
        if labels.setdefault(name, known) != known:
            raise file.refused(
                f"gives format {name} other labels than another catalog",
                "let `catalog` match the one that belongs to the data",
            )


def of(labels: Mapping[str, dict[str, str]], format_: str) -> dict[str, str]:
    """The labels of a format such as `SEX8.`, whose name never ends in a digit."""
    return labels.get(re.sub(r"[0-9]*(\.[0-9]*)?$", "", format_.upper()), {})


def labelled(rows: pa.Table, formats: list[str], labels: Labels) -> pa.Table:
    """Rows with codes replaced by labels; `formats` are those of the first columns."""
    for place, format_ in enumerate(formats):
        if known := of(labels, format_):
            name = rows.column_names[place]
            column = values.labelled(as_text(rows.column(place).combine_chunks()), known)
            rows = rows.set_column(place, name, column)
    return rows
