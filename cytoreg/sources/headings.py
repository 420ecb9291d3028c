"""Map the headings of a file or a sheet to columns, and explain missing ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from difflib import get_close_matches

from cytoreg.errors import SourceError
from cytoreg.sources.declaration import RESERVED, Headed
from cytoreg.sources.files import SourceFile
from cytoreg.sources.items import Unexpected

_VALUE = re.compile(r"\d{5,}|\d{1,4}([-./])\d{1,2}\1\d{1,4}([ T].*)?")


def known(config: Headed) -> dict[str, str]:
    """The column of each declared heading; a column's own name is also a heading."""
    return {
        heading: column
        for column, aliases in config.headings.items()
        for heading in (*aliases, column)
    }


def mapped(file: SourceFile, headings: list[str], config: Headed, line: str) -> list[str]:
    """The column of each heading; undeclared headings keep their own name.

    The second of two headings `Date` is called `Date (2)` if that is declared, or if the line of
    the headings is declared and all of them are read. `line` says where the headings were looked
    for. Raises SourceError for a declared column without a heading, for two headings of one column,
    and for a reserved name.
    """
    column_of = known(config)
    headings = _numbered(headings, config, column_of)
    columns = [column_of.get(heading, heading) for heading in headings]
    missing = [
        column
        for column in config.headings
        if column not in columns and column not in config.optional
    ]
    if missing:
        raise _missing(file, headings, missing, config, line)
    same = Counter(column.casefold() for column in columns)  # capitals are ignored
    doubled = {n: column for n, column in enumerate(columns, 1) if same[column.casefold()] > 1}
    if doubled:
        # An undeclared heading that occurs twice may be a record's value: only its place is
        # reported.
        names = sorted(
            {
                name
                for name in doubled.values()
                if name in config.headings or columns.count(name) < 2
            }
        )
        told = f"column {', '.join(map(repr, names))}" if names else "one column"
        fields = ", ".join(map(str, doubled))
        raise file.refused(
            f"has more than one heading for {told} (fields {fields})",
            "give each column its own heading in the export, or remove one of them from its"
            f" list in [sources.{file.source}.columns]; of two equal headings, such as Date,"
            " the second is called 'Date (2)' there",
        )
    if reserved := sorted(RESERVED.intersection(columns)):
        raise file.refused(
            f"has the heading {', '.join(reserved)}, a name reserved for cytoreg",
            f"give it another name: a line like  its_name = [{reserved[0]!r}]  in"
            f" [sources.{file.source}.columns]",
        )
    return columns


def _numbered(headings: list[str], config: Headed, declared: Collection[str]) -> list[str]:
    """Number equal headings, if the project declares that they are headings."""
    sure = config.columns == "all" and bool(getattr(config, "header", None))
    found: list[str] = []
    for place, heading in enumerate(headings):
        name = f"{heading} ({headings[:place].count(heading) + 1})"
        again = heading in headings[:place] and name not in headings
        found.append(name if again and (sure or name in declared) else heading)
    return found


def no_record(file: SourceFile, headings: list[str], config: Headed) -> None:
    """Raise SourceError for an undeclared heading that must be part of a record.

    The message does not show its text.
    """
    declared = known(config)
    for place, heading in enumerate(headings, 1):
        if heading not in declared and is_value(heading):
            raise SourceError(
                file.source,
                f"{file.where}: field {place} of its headings is not a heading but a date, a number"
                " or text of several lines",
                remedy="correct the line of its headings; if it has none, set `header = 0` in"
                f" [sources.{file.source}]; if it is one, name it in"
                f" [sources.{file.source}.columns]",
            )


def is_value(heading: str) -> bool:
    """Whether it is a date, a number of five digits or more, or continues on another line."""
    return _VALUE.fullmatch(heading) is not None or len(heading.splitlines()) > 1


def together(files: Collection[list[str]], config: Headed) -> tuple[list[str], list[Unexpected]]:
    """Columns of all files, declared ones first; and the undeclared with their file counts.

    If every heading is read, none is unexpected.
    """
    others = dict.fromkeys(column for own in files for column in own)
    extra = [column for column in others if column not in config.headings]
    strange = [] if config.columns == "all" else extra
    return [*config.headings, *extra], [
        Unexpected(f"column {column}", sum(column in own for own in files)) for column in strange
    ]


def words(columns: list[str]) -> dict[str, str]:
    """Column names for the registry: lower-case letters, digits, underscores."""
    found: dict[str, str] = {}
    for column in columns:
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z]\w)", "_", column)
        word = re.sub(r"[^a-z0-9]+", "_", spaced.casefold()).strip("_")
        word = word if word[:1].isalpha() else f"column_{word}".rstrip("_")
        others = sum(known == word or known.rpartition("_")[0] == word for known in found)
        found[f"{word}_{others + 1}" if word in found else word] = column
    return found


def _missing(
    file: SourceFile, headings: list[str], missing: list[str], config: Headed, line: str
) -> SourceError:
    """The message for columns that no heading names.

    A heading of the file is shown only if it resembles the missing one and most others are known:
    the first line of a file without headings is a patient's record.
    """
    column, *others = missing
    expected = ", ".join(map(repr, config.headings[column] or [column]))
    declared = known(config)
    strange = [heading for heading in headings if heading not in declared]
    if len(strange) == len(headings):
        return SourceError(
            file.source,
            f"{file.where}: none of the declared headings is in {line}, such as {expected}",
            remedy=f"deliver it with headings, or correct them in [sources.{file.source}.columns]",
        )
    more = f" (nor for {', '.join(others)})" if others else ""
    likely = _likely(column, config.headings[column], strange)
    hint = f"; perhaps it is now called {likely!r}" if likely else ""
    addition = repr(likely) if likely else "the new heading"
    return file.refused(
        f"has no heading for column {column}{more}: expected {expected}{hint}",
        f"add {addition} to {column} in [sources.{file.source}.columns] of cytoreg.toml, or list"
        f" {column} in `optional` there if it is gone for good",
    )


def _likely(column: str, aliases: list[str], strange: list[str]) -> str | None:
    """The heading that most resembles the column's previous heading.

    It is not one that may continue with a value, as the last heading does when its line end is
    lost.
    """
    folded = {
        heading.casefold(): heading
        for heading in strange
        if '"' not in heading
        and not is_value(heading)
        and not any(_goes_on(heading, name) for name in (column, *aliases))
    }
    for name, cutoff in ((column.replace("_", " "), 0.6), *((alias, 0.5) for alias in aliases)):
        if close := get_close_matches(name.casefold(), folded, 1, cutoff):
            return folded[close[0]]
    return None


def _goes_on(heading: str, name: str) -> bool:
    """Whether a heading is this name with letters or digits right after it."""
    same = heading.casefold().startswith(name.casefold())
    return same and heading[len(name) : len(name) + 1].isalnum()
