"""A REDCap project by its API: the project's description, then its records in portions.

Only the declared instruments are requested: here for all records, in incremental.py for those that
changed.

Each portion is a CSV file in a private folder until it is read. A response that lacks a record, or
has one that was not requested, is not trusted: it was cut off, or the server read only half of the
request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.errors import SourceError
from cytoreg.sources.arrow import strings
from cytoreg.sources.files import SourceFile
from cytoreg.sources.http import Away
from cytoreg.sources.items import Headings, Item, Reject, Served, Unexpected
from cytoreg.sources.records import Dialect, delimited, header
from cytoreg.sources.redcap.config import RedcapSource
from cytoreg.sources.redcap.dictionary import EVENT, usual_headings
from cytoreg.sources.redcap.layout import (
    Layout,
    instruments,
    layout_of,
    refused,
    table_of,
)
from cytoreg.sources.redcap.project import Api, Project, ends_line, open_api, project_of
from cytoreg.sources.text_file import TextFile

WHERE = "api"
"""The value of `_file` for rows from the API."""

_DIALECT = Dialect(",")


def read(name: str, config: RedcapSource) -> Iterator[Item]:
    """Rows of each declared instrument; `_row` counts the rows of all portions."""
    with open_api(name, config) as api:
        yield from whole(api, checked(api))


def checked(api: Api) -> Project:
    """The project's description; raises SourceError if it lacks a declared instrument."""
    project = project_of(api)
    if strange := [form for form in api.config.tables if form not in project.forms]:
        raise SourceError(
            api.source,
            f"the project has no instrument {', '.join(strange)}",
            remedy=f"it has {', '.join(project.forms)}: correct [sources.{api.source}.tables]",
        )
    return project


def whole(api: Api, project: Project) -> Iterator[Item]:
    """All records, including those created during the export."""
    yield served(api, project, "all records")
    yield from export(api, project, _every_portion(api, project))


def served(api: Api, project: Project, records: str) -> Served:
    """The server and its queries, for the manifest."""
    step = api.config.records_per_request
    how = f"{records}, flat, raw, with record id and survey fields, {step} records a request"
    return Served(
        f"REDCap {project.version}",
        {form: f"instrument {form} of {how}" for form in api.config.tables},
    )


def export(
    api: Api, project: Project, portions: Iterator[Path | None], done: int = 0
) -> Iterator[Item]:
    """The rows of these portions, numbered from `done` + 1."""
    config = api.config
    usual = usual_headings(project.fields, config.tables, bool(project.events))
    layout: Layout | None = None
    events: Counter[str] = Counter()
    gone = 0
    for path in portions:
        if path is None:
            gone += 1
            continue
        found = header(_text(api, path), _DIALECT)
        if layout is None:
            layout = _layout(api, project, found)
            yield Headings(WHERE, found)
        if found != layout.headings:
            raise SourceError(
                api.source,
                "the project was changed while it was exported",
                remedy="try again when its design is no longer changed",
                transient=True,
            )
        done = yield from _items(api, path, layout, done, events)
    layout = layout or _layout(api, project, usual)
    names = [*layout.headings, "_row"]
    nothing = pa.table([pa.array([], pa.string())] * len(names), names)
    yield from instruments(nothing, layout, config, WHERE)
    yield from _unexpected(project, config, events, gone)


def _unexpected(
    project: Project, config: RedcapSource, events: Counter[str], gone: int
) -> Iterator[Unexpected]:
    for form in project.forms:
        if form not in config.tables:
            yield Unexpected(f"instrument {form} is not declared", 1)
    for event in sorted(events.keys() - {*project.events, ""}):
        yield Unexpected("row of an event that the project does not list", events[event])
    if gone:
        yield Unexpected("record without a row in the declared instruments", gone)


def _layout(api: Api, project: Project, headings: list[str]) -> Layout:
    answer = SourceFile(api.source, api.folder, "the API's answer")
    layout = layout_of(answer, headings, project.fields, api.config, api.config.tables)
    return replace(layout, expected=project.expected)


def _text(api: Api, path: Path) -> TextFile:
    return TextFile(api.source, path, WHERE, "utf-8")


def _items(
    api: Api, path: Path, layout: Layout, done: int, events: Counter[str]
) -> Generator[Item, None, int]:
    """The rows of a portion; returns the number of rows up to its end."""

    def refuse(rows: pa.Table) -> dict[int, str]:
        return refused(rows, layout)

    before = done
    for rows, bad in delimited(_text(api, path), _DIALECT, layout.headings, refuse):
        place = rows.column_names.index("_row")
        rows = rows.set_column(place, "_row", pc.add(rows["_row"], before))
        yield from instruments(rows, layout, api.config, WHERE)
        if EVENT in layout.headings:
            values, counts = pc.value_counts(rows[EVENT]).flatten()
            events.update(dict(zip(strings(values), counts.to_numpy().tolist(), strict=True)))
        for item in bad:
            table = table_of(item.raw, _DIALECT, api.config, layout)
            yield Reject(table, WHERE, before + item.row, item.line, item.reason, item.raw)
        done += len(rows) + len(bad)
    return done


def _every_portion(api: Api, project: Project) -> Iterator[Path | None]:
    """The portions of all records, including records created during the export."""
    seen: set[str] = set()
    while new := [record for record in record_ids(api, project) if record not in seen]:
        seen.update(new)
        yield from portions_of(api, project, new)


def portions_of(api: Api, project: Project, records: list[str]) -> Iterator[Path | None]:
    """Files with the rows of some records each, together of all; None for a record without any.

    When a response lacks a record, its records are requested again in halves: it was cut off or is
    too much for the server, or somebody deleted the record. A single record counts as deleted after
    two such responses, if the list of all records no longer has it. Raises SourceError for a record
    that is listed and not returned.
    """
    step = api.config.records_per_request
    waiting = [records[first : first + step] for first in range(0, len(records), step)]
    waiting.reverse()
    while waiting:
        asked = waiting.pop()
        path = api.folder / "records.csv"
        missing = api.patiently(partial(_fetch, api, project, asked, path))
        if not missing:
            yield path
        elif len(asked) == 1:
            again = api.patiently(partial(_fetch, api, project, asked, path))
            if again and asked[0] in record_ids(api, project):
                raise SourceError(
                    api.source,
                    f"{api.shown} lists a record that it does not give",
                    remedy="refresh again; if it happens again, ask who runs the server",
                    transient=True,
                )
            yield None if again else path
        else:
            half = len(asked) // 2
            waiting += [asked[half:], asked[:half]]


def _fetch(api: Api, project: Project, asked: list[str], path: Path) -> int:
    """Download the rows of these records; returns how many records have none.

    Raises Away for a response that was cut off, SourceError for one to another request.
    """
    wanted = {"content": "record", "type": "flat", "exportSurveyFields": "true"}
    if api.config.data_access_groups:
        wanted["exportDataAccessGroups"] = "true"
    wanted["fields[0]"] = project.record_id
    wanted |= {f"forms[{number}]": form for number, form in enumerate(api.config.tables)}
    wanted |= {f"records[{number}]": record for number, record in enumerate(asked)}
    api.ask(wanted, path)
    found, unparsable = _ids(api, project, path)
    if not found.keys() <= set(asked):
        raise SourceError(
            api.source,
            f"{api.shown} gives records that were not asked for",
            remedy="lower `records_per_request`; and give the token's owner full data set rights,"
            " for without them record ids are hashed",
        )
    lacking = len(set(asked) - found.keys())
    return 0 if len(asked) == 1 and unparsable else lacking


def _ids(api: Api, project: Project, path: Path) -> tuple[dict[str, None], int]:
    """The records of a response in order, and how many of its rows cannot be parsed."""
    with path.open("rb") as file:
        if not file.read(100).strip():
            return {}, 0
    if project.ends_lines and not ends_line(path):
        raise Away("ends its answer early in the middle of a line")
    headings = header(_text(api, path), _DIALECT)
    if project.record_id not in headings:
        raise Away("gives a table that was not asked for")
    found: dict[str, None] = {}
    unparsable, last_row, last_bad = 0, 0, 0
    for rows, bad in delimited(_text(api, path), _DIALECT, headings):
        found |= dict.fromkeys(strings(pc.unique(rows[project.record_id])))
        unparsable += len(bad)
        last_row += len(rows) + len(bad)
        last_bad = bad[-1].row if bad else last_bad
    if last_bad and last_bad == last_row:
        raise Away("ends its answer early in the middle of a row")
    return found, unparsable


def record_ids(api: Api, project: Project, since: str = "") -> list[str]:
    """The ids of all records, or of those that changed `since`, in the server's order."""

    def attempt() -> list[str]:
        path = api.folder / "ids.csv"
        asked = {"content": "record", "type": "flat", "fields[0]": project.record_id}
        asked |= {"dateRangeBegin": since} if since else {}
        api.ask(asked, path)
        found = list(_ids(api, project, path)[0])
        if not path.read_bytes()[:100].strip():  # no records, or no response: in JSON these differ
            api.ask(asked | {"format": "json"}, path)
            if path.read_bytes()[:100].strip() != b"[]":
                raise Away("gives no list of records, and does not say that there are none")
        return found

    return api.patiently(attempt)
