"""A REDCap export: the data file and its data dictionary; one table an instrument.

A row of the data file belongs to the instrument that `redcap_repeat_instrument` names. A row
without one holds the instruments that do not repeat: it becomes a row of the first of the
dictionary, and of each other in which a field has a value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.config import RedcapSource
from cytoreg.errors import SourceError
from cytoreg.sources import Item, Reject, Rows, Unexpected
from cytoreg.sources.files import check_text, find, open_utf8, place
from cytoreg.sources.records import header, records

INSTRUMENT, INSTANCE = "redcap_repeat_instrument", "redcap_repeat_instance"
_SYSTEM = {INSTRUMENT, INSTANCE, "redcap_event_name", "redcap_data_access_group"}
_SILENT = {"descriptive"}  # field types that hold no data
UNKNOWN = "unknown"


def inputs(config: RedcapSource, extracts: Path) -> list[Path]:
    """The data file and the dictionary."""
    return [
        path for part in (config.data, config.dictionary) for path in find("redcap", part, extracts)
    ]


def read(name: str, config: RedcapSource, extracts: Path) -> Iterator[Item]:
    """Rows of each declared instrument: record id, instance and the instrument's own fields."""
    paths = find(name, config.data, extracts), find(name, config.dictionary, extracts)
    (data,), (dictionary,) = paths[0][:1], paths[1][:1]
    where = place(data, extracts)
    for path in (data, dictionary):
        check_text(name, path, place(path, extracts), config.encoding)
    forms = _forms(name, dictionary, place(dictionary, extracts), config.encoding)
    headings = header(name, data, where, config.encoding, ",")
    _check_fit(name, where, headings, forms, config)
    first = next(iter(forms))
    record_id = forms[first][0]
    skipped: dict[str, int] = {}
    for rows, bad in records(name, data, where, config.encoding, ",", headings):
        repeats = INSTRUMENT in headings
        which = rows[INSTRUMENT] if repeats else pa.array([""] * len(rows))
        for form in config.tables:
            chosen = rows.filter(_belongs(rows, which, form, forms[form], form == first))
            columns = {record_id: chosen[record_id]}
            columns[INSTANCE] = chosen[INSTANCE] if repeats else pa.nulls(len(chosen), pa.string())
            columns |= {field: chosen[field] for field in forms[form] if field in headings}
            columns["_file"] = pa.array([where] * len(chosen), pa.string())
            yield Rows(form, pa.table(columns | {"_row": chosen["_row"]}))
        for value in pc.value_counts(which).to_pylist():
            form, count = value["values"], value["counts"]
            if form and form not in forms:
                mask = pc.equal(which, form)
                for row in rows.filter(mask)["_row"].to_pylist():
                    reason = "its repeat instrument is not in the dictionary"
                    yield Reject(UNKNOWN, where, row, row + 1, reason, "")
            elif form and form not in config.tables:
                skipped[form] = skipped.get(form, 0) + count
        for item in bad:
            yield Reject(
                _table_of(item.raw, config, headings, first),
                where,
                item.row,
                item.line,
                item.reason,
                item.raw,
            )
    for form, count in sorted(skipped.items()):
        yield Unexpected(f"instrument {form}", count)


def _forms(source: str, path: Path, where: str, encoding: str) -> dict[str, list[str]]:
    """Fields of each form in the order of the dictionary, checkboxes as one column a choice."""
    with io.TextIOWrapper(open_utf8(path, encoding), "utf-8", "replace", newline="") as lines:
        rows = list(csv.reader(lines))
    names = [heading.strip() for heading in rows[0]]
    aliases = {
        "field": ("Variable / Field Name", "field_name"),
        "form": ("Form Name", "form_name"),
        "type": ("Field Type", "field_type"),
        "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
    }
    place_of = {
        key: next((names.index(name) for name in known if name in names), None)
        for key, known in aliases.items()
    }
    if missing := [aliases[key][0] for key, index in place_of.items() if index is None]:
        raise SourceError(
            source,
            f"{where} is not a REDCap data dictionary: no heading {', '.join(map(repr, missing))}",
            remedy="download the data dictionary of the project as CSV",
        )
    forms: dict[str, list[str]] = {}
    for row in rows[1:]:
        entry = {
            key: row[index] if index < len(row) else ""
            for key, index in place_of.items()
            if index is not None
        }
        fields = forms.setdefault(entry["form"], [])
        if entry["type"] == "checkbox":
            codes = [choice.split(",")[0].strip() for choice in entry["choices"].split("|")]
            fields += [f"{entry['field']}___{code.lower().replace('-', '_')}" for code in codes]
        elif entry["type"] not in _SILENT:
            fields.append(entry["field"])
    for form, fields in forms.items():
        fields.append(f"{form}_complete")
    if not forms:
        raise SourceError(
            source, f"{where} has no fields", remedy="download the data dictionary again"
        )
    return forms


def _check_fit(
    source: str, where: str, headings: list[str], forms: dict[str, list[str]], config: RedcapSource
) -> None:
    known = {field for fields in forms.values() for field in fields}
    missing = [
        field
        for form in config.tables
        for field in forms.get(form, [])
        if field not in headings and not field.endswith("_complete")
    ]
    problems = [
        (
            "the data have fields that the dictionary does not know: ",
            [f for f in headings if f not in known | _SYSTEM],
        ),
        ("the dictionary has fields that the data lack: ", missing),
        (
            "the dictionary has no instrument ",
            [form for form in config.tables if form not in forms],
        ),
    ]
    for text, names in problems:
        if names:
            shown = ", ".join(names[:10]) + (
                f" and {len(names) - 10} more" if len(names) > 10 else ""
            )
            raise SourceError(
                source,
                f"{where} and its dictionary do not fit: {text}{shown}",
                remedy="export data and dictionary of the same project at the same time",
            )


def _belongs(
    rows: pa.Table, which: pa.ChunkedArray, form: str, fields: list[str], first: bool
) -> pa.ChunkedArray:
    """Which rows hold this form."""
    own = pc.equal(which, form)
    plain = pc.equal(which, "")
    if not first:
        filled = pa.array([False] * len(rows))
        for field in fields:
            if field in rows.column_names and not field.endswith("_complete"):
                # An unchecked box is 0, which says nothing about the form.
                value = pc.not_equal(rows[field], "0" if "___" in field else "")
                filled = pc.or_(filled, pc.and_(value, pc.not_equal(rows[field], "")))
        plain = pc.and_(plain, filled)
    return pc.or_(own, plain)


def _table_of(raw: str, config: RedcapSource, headings: list[str], first: str) -> str:
    """The table that a ragged record would have gone to, if its instrument can be read."""
    fields = next(csv.reader([raw]), [])
    index = headings.index(INSTRUMENT) if INSTRUMENT in headings else None
    if index is None or index >= len(fields):
        return UNKNOWN
    form = fields[index] or first
    return form if form in config.tables else UNKNOWN
