"""Assign the rows of a REDCap export to instruments, by the project's data dictionary.

A row belongs to the instrument in `redcap_repeat_instrument`, if one of its fields has a value: an
instance that was opened and left blank gives no row. A row without an entry there holds the
instruments that do not repeat: it becomes a row of the first instrument of the dictionary, and of
each other one in which a field has a value.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.errors import SourceError
from cytoreg.sources.arrow import Column, equal
from cytoreg.sources.declaration import NO_TABLE
from cytoreg.sources.files import SourceFile
from cytoreg.sources.items import Rows, Unexpected
from cytoreg.sources.records import Dialect
from cytoreg.sources.redcap.config import RedcapSource
from cytoreg.sources.redcap.dictionary import EVENT, Field, columns_of

INSTRUMENT, INSTANCE = "redcap_repeat_instrument", "redcap_repeat_instance"
_CONTEXT = EVENT, "redcap_data_access_group", "redcap_survey_identifier"
_NAME = re.compile(r"(?!column_[0-9]+$)[a-z][a-z0-9_]*")
"""REDCap's field names; `column_3` is a heading without a name."""
_REMEDY = "export data and dictionary of the same project at the same time"


@dataclass(frozen=True)
class Layout:
    """The columns of the data for each instrument; `first` is the main one.

    `expected` are the events ("" in a project without events) in which the first instrument is
    filled in once; None if this is unknown, as for an export's files: then it is expected in every
    event.
    """

    headings: list[str]
    record_id: str
    forms: dict[str, list[str]]
    expected: frozenset[str] | None = None

    @property
    def repeats(self) -> bool:
        """Whether an instrument may have several rows of a record."""
        return INSTRUMENT in self.headings

    @property
    def first(self) -> str:
        """The instrument in which a record begins."""
        return next(iter(self.forms))


def layout_of(
    file: SourceFile,
    headings: list[str],
    fields: list[Field],
    config: RedcapSource,
    asked: Collection[str] | None = None,
) -> Layout:
    """Columns by instrument; raises SourceError when data and dictionary do not match.

    Columns of instruments that are not in `asked` may be missing.
    """
    record_id = fields[0]["field"]
    _check_headings(file, headings, record_id)
    forms: dict[str, list[str]] = {}
    missing = []
    for field in fields:
        columns = forms.setdefault(field["form"], [])
        wanted = columns_of(field)
        if field["type"] == "checkbox":  # missing data codes have checkboxes of their own
            prefix = f"{field['field']}___"
            wanted += [name for name in headings if name.startswith(prefix) and name not in wanted]
        columns += [name for name in wanted if name in headings and name != record_id]
        if asked is None or field["form"] in asked:
            missing += [name for name in wanted if name not in headings]
    for form, columns in forms.items():
        columns += [name for name in (f"{form}_timestamp", f"{form}_complete") if name in headings]
    own = {name for columns in forms.values() for name in columns}
    known = own | {record_id, INSTRUMENT, INSTANCE, *_CONTEXT}
    problems = {
        "a column that occurs twice": sorted({n for n in headings if headings.count(n) > 1}),
        "fields that the dictionary does not know": [n for n in headings if n not in known],
        "no column for fields of the dictionary": missing,
    }
    for what, names in problems.items():
        if names:
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            raise file.refused(
                f"and its dictionary do not fit, the data have {what}:"
                f" {', '.join(names[:10])}{more}",
                _REMEDY,
            )
    if strange := [form for form in config.tables if form not in forms]:
        raise SourceError(
            file.source,
            f"the dictionary has no instrument {', '.join(strange)}",
            remedy=f"it has {', '.join(forms)}: correct [sources.{file.source}.tables]",
        )
    return Layout(headings, record_id, forms)


def _check_headings(file: SourceFile, headings: list[str], record_id: str) -> None:
    """Raise SourceError, without a heading, for headings that may be a patient's record."""
    if any(not _NAME.fullmatch(heading) for heading in headings):
        what = "has headings that are not names of fields"
    elif record_id not in headings:
        what = f"has no column {record_id}, the dictionary's first field, in its first line"
    else:
        return
    raise file.refused(what, _REMEDY + ", with raw headings")


def instruments(
    rows: pa.Table, layout: Layout, config: RedcapSource, where: str
) -> Iterator[Rows | Unexpected]:
    """The rows of each declared instrument, with its own columns, and `_line` where it is known.

    An instance without a value is not a row; it is counted.
    """
    filled = _filled(rows, layout)
    which = _which(rows, layout)
    plain = equal(which, "")
    shared = [layout.record_id, *(name for name in _CONTEXT if name in rows.column_names)]
    for form in config.tables:
        named = equal(which, form)
        told = pc.and_(pc.or_(plain, named), pa.array(filled[form]))
        if form == layout.first:
            told = pc.or_(told, pc.and_(plain, _expected(rows, layout)))
        chosen = rows.filter(told)
        columns: dict[str, Column] = {name: chosen[name] for name in (*shared, *layout.forms[form])}
        nothing = pa.nulls(len(chosen), pa.string())
        columns[INSTANCE] = chosen[INSTANCE] if INSTANCE in rows.column_names else nothing
        columns["_file"] = pa.repeat(where, len(chosen))
        places = [name for name in ("_row", "_line") if name in rows.column_names]
        columns |= {name: chosen[name].cast(pa.int64()) for name in places}
        yield Rows(form, pa.Table.from_pydict(columns))
        if blank := len(rows.filter(pc.and_not(named, pa.array(filled[form])))):
            yield Unexpected(f"row of instrument {form} without a value", blank)


def undeclared(rows: pa.Table, layout: Layout, config: RedcapSource) -> dict[str, int]:
    """How many rows each instrument has that belong to no table."""
    filled = _filled(rows, layout)
    which = _which(rows, layout).to_numpy(zero_copy_only=False)
    counts = {
        form: int(((which == form) | ((which == "") & filled[form])).sum())
        for form in layout.forms
        if form not in config.tables
    }
    return {form: count for form, count in counts.items() if count}


def _expected(rows: pa.Table, layout: Layout) -> pa.BooleanArray:
    """Whether the first instrument has a row here even if nobody filled it in."""
    if layout.expected is None:
        return pa.repeat(True, len(rows))
    if EVENT not in rows.column_names:
        return pa.repeat("" in layout.expected, len(rows))
    return pc.is_in(rows[EVENT], pa.array(sorted(layout.expected), pa.string()))


def refused(rows: pa.Table, layout: Layout) -> dict[int, str]:
    """Positions of rows that belong to no instrument, or not only to the one that they name."""
    if not layout.repeats:
        return {}
    which = _which(rows, layout)
    filled = _filled(rows, layout)
    named = ~equal(which, "").to_numpy(zero_copy_only=False)
    known = pc.is_in(which, pa.array(list(layout.forms))).to_numpy(zero_copy_only=False)
    refused = dict.fromkeys(
        np.flatnonzero(named & ~known).tolist(),
        "a repeat instrument that the dictionary does not have",
    )
    for form in layout.forms:
        of_form = equal(which, form).to_numpy(zero_copy_only=False)
        if not of_form.any():
            continue
        others = [filled[other] for other in layout.forms if other != form]
        strange = of_form & np.logical_or.reduce(others) if others else np.zeros_like(of_form)
        refused |= dict.fromkeys(
            np.flatnonzero(strange).tolist(), "values in fields of another instrument"
        )
    return refused


def has_labels(rows: pa.Table, layout: Layout) -> bool:
    """Whether these are the labels of an export for reading, instead of codes.

    Each instrument's status is a REDCap code, 0 to 2, and a checkbox is 0 or 1.
    """
    marks = [f"{form}_complete" for form in layout.forms]
    boxes = [name for columns in layout.forms.values() for name in columns if "___" in name]
    found = {
        value
        for name in (*marks, *boxes)
        if name in rows.column_names
        for value in pc.unique(rows[name]).to_pylist()
    }
    return bool(found - {""}) and not found & {"0", "1", "2"}


def _which(rows: pa.Table, layout: Layout) -> pa.ChunkedArray[pa.StringScalar]:
    return rows[INSTRUMENT] if layout.repeats else pa.chunked_array([pa.repeat("", len(rows))])


def _filled(rows: pa.Table, layout: Layout) -> dict[str, np.ndarray]:
    """By instrument: which rows have a value in one of its fields.

    An unchecked box and the status "incomplete" do not count: REDCap writes them for forms that
    nobody opened.
    """
    filled = {}
    for form, columns in layout.forms.items():
        any_ = np.zeros(len(rows), dtype=bool)
        for name in columns:
            zero = "___" in name or name == f"{form}_complete"
            empty = pa.array(["", "0"] if zero else [""])
            trimmed = pc.utf8_trim_whitespace(rows[name])
            any_ |= ~pc.is_in(trimmed, empty).to_numpy(zero_copy_only=False)
        filled[form] = any_
    return filled


def table_of(raw: str, dialect: Dialect, config: RedcapSource, layout: Layout) -> str:
    """The table to which an unparsable record would belong, if its instrument can be read."""
    form = layout.first
    if layout.repeats:
        try:
            fields = next(csv.reader([raw], delimiter=dialect.delimiter), [])
            form = fields[layout.headings.index(INSTRUMENT)] or layout.first
        except (csv.Error, IndexError):
            return NO_TABLE
    return form if form in config.tables else NO_TABLE
