"""The data dictionary of a REDCap project: its fields, and the columns of an export for them."""

from __future__ import annotations

import re
from collections.abc import Collection

from cytoreg.sources.files import SourceFile
from cytoreg.sources.records import Dialect, delimited, header
from cytoreg.sources.text_file import TextFile, as_text

Field = dict[str, str]
"""A field of the dictionary: `field`, `form`, `type`, `choices`."""

EVENT = "redcap_event_name"
_WITHOUT_DATA = "descriptive"  # the only field type without a column in an export
_DICTIONARY = {  # headings of a dictionary as downloaded and from the API
    "field": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "type": ("Field Type", "field_type"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
}
_DELIMITERS = ",;\t|^"


def dictionary(file: SourceFile, encoding: str = "utf-8") -> list[Field]:
    """The dictionary's fields: `field`, `form`, `type`, `choices`."""
    text = as_text(file, encoding)
    dialect = dialect_of(text, _DICTIONARY["field"])
    headings = header(text, dialect)
    columns = {
        key: next((name for name in known if name in headings), "")
        for key, known in _DICTIONARY.items()
    }
    if missing := [_DICTIONARY[key][0] for key, column in columns.items() if not column]:
        raise file.refused(
            f"is not a REDCap data dictionary: no heading {', '.join(map(repr, missing))}",
            "download the data dictionary of the project as CSV",
        )
    fields: list[Field] = []
    for rows, bad in delimited(text, dialect, headings):
        if bad:
            raise file.refused(
                f"line {bad[0].line}: {bad[0].reason}", "download the data dictionary again"
            )
        chosen = rows.select(list(columns.values())).rename_columns(list(columns))
        found: list[Field] = chosen.to_pylist()
        fields += [field for field in found if field["field"] and field["form"]]
    if not fields:
        raise file.refused("has no fields", "download the data dictionary again")
    return fields


def dialect_of(text: TextFile, first: Collection[str]) -> Dialect:
    """With the delimiter after the first heading, one of `first`: REDCap users can choose it."""
    with text.open_utf8() as file:
        start = file.read(1000).decode("utf-8", "replace")
    for heading in first:
        for written in (heading, f'"{heading}"'):
            sign = start[len(written) : len(written) + 1]
            if start.startswith(written) and sign and sign in _DELIMITERS:
                return Dialect(sign)
    return Dialect(",")


def usual_headings(fields: list[Field], forms: Collection[str], longitudinal: bool) -> list[str]:
    """The headings that an export of these instruments must have."""
    named = [name for field in fields if field["form"] in forms for name in columns_of(field)]
    marks = [f"{form}_complete" for form in forms]
    record_id = fields[0]["field"]
    events = [EVENT] if longitudinal else []
    return [*dict.fromkeys([record_id, *events, *named, *marks])]


def columns_of(field: Field) -> list[str]:
    """The columns that an export has for a field of the dictionary."""
    if field["type"] == _WITHOUT_DATA:
        return []
    if field["type"] != "checkbox":
        return [field["field"]]
    codes = [choice.partition(",")[0].strip().lower() for choice in field["choices"].split("|")]
    return [f"{field['field']}___{re.sub('[^a-z0-9]', '_', code)}" for code in codes if code]
