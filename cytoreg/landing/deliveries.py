"""Deliveries: whether all files of a source arrived, compared with the published build's landing.

A file may have been renamed, merged into another or replaced by tonight's; then its rows, or as
many others, are in new files. Rows are compared by content, in one query, and only rows of files
that have changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from cytoreg.errors import SourceError
from cytoreg.landing.drift import HALVED, Drift, surely
from cytoreg.manifest import Landing
from cytoreg.project.load import Project
from cytoreg.sources.compression import inside
from cytoreg.sources.drops.address import matches
from cytoreg.sources.drops.fetch import beside
from cytoreg.sources.files import ABOUT, neighbours, of_endings, passed_over, relative_name
from cytoreg.sources.kinds import kind_of, kinds, reader
from cytoreg.warehouse.connection import literal, quote, scratch

__all__ = ["files", "missing", "named_in", "overlooked", "readers"]

SHRUNK = 0.10
"""Share of a file's rows whose loss is a warning; a loss of half of them is critical."""

_NAMED = 5
"""Most files that a message names."""

_ON_ITS_WAY = re.compile(
    r"(.+)(?:~|\.(?:part|partial|filepart|crdownload|download|tmp|temp|upload|uploading|incomplete"
    r"|gz|bz2|xz|zst|zip))",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"\.(.+?)(?:\.\w{6})?")
"""What copying programs add to the name of an incomplete file, and suffixes of packed files."""

_MARKS = {
    "{year}": ("%Y", r"(?P<year>\d{4})"),
    "{month}": ("%m", r"(?P<month>\d\d)"),
    "{day}": ("%d", r"(?P<day>\d\d)"),
}
"""Placeholders for a date in `expect.files`."""

_FOUND = """
with held as (
  select _file, {row} as row, row_number() over (partition by {row}) as copy
  from read_parquet({before}) where _file not in {same}
), holds as (
  select _file, {row} as row, row_number() over (partition by {row}) as copy
  from read_parquet({now}) where _file not in {same}
)
select 'lost', _file, count(*) from held anti join holds using (row, copy) group by _file
union all
select 'new', _file, count(*) from holds anti join held using (row, copy) group by _file
"""
"""By file: rows that are in no file any more, and rows that were in no file before."""


def files(published: Landing, landing: Landing) -> Iterator[Drift]:
    """Files that are gone with their rows, and files that have lost rows."""
    if not published.files or landing.kind == "sql":
        return
    before, now = _rows(published), _rows(landing)
    delivered = now.keys() | {file.name for file in landing.files}
    gone = [file for file in before if file not in delivered]
    fewer = [file for file in before if file in delivered and now[file] < before[file]]
    if not gone and not (fewer and len(before) > 1):
        return
    lost, new = _compared(published, landing, before.keys() | now.keys())
    if gone:
        held = sum(before[file] for file in gone if lost[file])
        instead = sum(rows for file, rows in new.items() if file not in before)
        missing = max(sum(lost[file] for file in gone) - instead, 0)
        severity = "info" if not missing else "critical" if missing >= HALVED * held else "warning"
        what = f"{_named('file', gone)} {'is' if len(gone) == 1 else 'are'} gone"
        where = f"{missing:,} of {held:,} rows are in no other file"
        reason = f"{what}; {where if missing else 'as many rows are in other files'}"
        yield Drift("", "", "gone", severity, reason, f"{held:,}", f"{held - missing:,}")
    for file in fewer:
        if new[file] > now[file] / 2:
            continue  # its rows were replaced; their number is checked as the table's volume
        missing = min(lost[file] - new[file], before[file] - now[file])
        if missing >= surely(SHRUNK, before[file]) * before[file]:
            halved = missing >= surely(HALVED, before[file]) * before[file]
            reason = f"file {file} has lost {missing:,} of {before[file]:,} rows"
            counts = f"{before[file]:,}", f"{now[file]:,}"
            yield Drift("", "", "shrunk", "critical" if halved else "warning", reason, *counts)


def overlooked(project: Project, source: str) -> Iterator[Drift]:
    """Files that the source's pattern just misses: other capitals, or still being copied."""
    config = project.source(source)
    endings = kind_of(config).endings
    lying: list[str] = []
    with suppress(SourceError):  # it was there when it was read
        lying = beside(source, config) if config.addresses else []
    found: list[str] = []
    for pattern in config.patterns:
        wanted = Path(inside(pattern)[0]).name.casefold()
        near = lying or [str(path) for path in neighbours(pattern, project.extracts)]
        found += (
            path
            for path in near
            if any(fnmatchcase(name, wanted) for name in _meant(path.rpartition("/")[2]))
        )
        if not config.addresses:
            with of_endings(endings):
                found += _in_archives(source, pattern, project.extracts)
    if left := sorted(path for path, by in readers(project, found).items() if not by):
        extracts = project.extracts
        names = [path if config.addresses else relative_name(Path(path), extracts) for path in left]
        verb = "lies" if len(names) == 1 else "lie"
        reason = f"{_named('file', names)} {verb} beside those of the source, which misses it"
        yield Drift("", "", "overlooked", "warning", reason, "", f"{len(names)}")


def _in_archives(source: str, pattern: str, extracts: Path) -> Iterator[str]:
    """Members of archives that are not read, and that some kind of source reads."""
    with suppress(SourceError):
        for path in passed_over(source, pattern, extracts):
            endings = {ending for kind in kinds() for ending in reader(kind).endings}
            if not ABOUT.fullmatch(path.name.casefold()) and any(
                name.endswith((*endings,)) for name in _meant(path.name)
            ):
                yield str(path)


def missing(project: Project, landing: Landing) -> Iterator[Drift]:
    """Files that `expect` names and that did not arrive."""
    names = {file.rpartition("/")[2] for file in _rows(landing)}
    absent = [
        name
        for pattern in project.source(landing.source).expect.names
        for name in _absent(pattern, names)
    ]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        reason = f"{_named('file', absent)} {verb} expected and not there"
        yield Drift("", "", "incomplete", "critical", reason, "", f"{len(names)} files")


def _absent(pattern: str, names: Collection[str]) -> list[str]:
    """Missing names of a pattern: every date in between, or the pattern if none came."""
    steps = {mark: form for mark, form in _MARKS.items() if mark in pattern}

    def named(day: date, text: str = "".join(steps)) -> str:
        for mark, (form, _) in steps.items():
            text = text.replace(mark, f"{day:{form}}")
        return text

    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    for mark, (_, digits) in steps.items():
        expression = expression.replace(re.escape(mark), digits, 1)
    matches = filter(None, (re.fullmatch(expression, name) for name in names))
    found = [match.groupdict() for match in matches]
    if not steps or not found:
        return [] if found else [pattern]
    days = []
    for parts in found:
        with suppress(ValueError):  # not a date
            days.append(date(*(int(parts.get(part, 1)) for part in ("year", "month", "day"))))
    there = {named(day) for day in days}
    every = (min(days) + timedelta(n) for n in range((max(days) - min(days)).days + 1))
    wanted = {named(day): day for day in every}
    return [named(day, pattern) for key, day in wanted.items() if key not in there]


def _rows(landing: Landing) -> Counter[str]:
    """Rows by the file that holds them, over all tables of a landing."""
    found: Counter[str] = Counter({file.name: 0 for file in landing.files})
    with scratch() as con:
        for table in landing.tables:
            if "_file" in table.columns:
                path = literal(str(landing.folder / f"{table.table}.parquet"))
                counted = f"select _file, count(*) from read_parquet({path}) group by 1"
                found.update(dict(con.execute(counted).fetchall()))
    return found


def _compared(
    published: Landing, landing: Landing, files: Collection[str]
) -> tuple[Counter[str], Counter[str]]:
    """Rows by file only in the published landing, and rows by file only in tonight's."""
    hashes = {file.name: file.sha256 for file in published.files}
    same = {file.name for file in landing.files if hashes.get(file.name) == file.sha256}
    alike = [file for file in files if not same.isdisjoint({file, inside(file)[0]})]
    found = {"lost": Counter[str](), "new": Counter[str]()}
    columns = {table.table: table.columns for table in published.tables}
    with scratch(landing.rows) as con:
        con.execute("set enable_progress_bar = false")
        for table in landing.tables:
            both = [name for name in table.columns if name in columns.get(table.table, {})]
            told = [name for name in both if not name.startswith("_")]
            if "_file" not in both or not told:
                continue
            query = _FOUND.format(
                row=f"hash({', '.join(map(quote, told))})",
                before=literal(str(published.folder / f"{table.table}.parquet")),
                now=literal(str(landing.folder / f"{table.table}.parquet")),
                same=f"({', '.join(map(literal, ['', *alike]))})",
            )
            for what, file, rows in con.execute(query).fetchall():
                found[what][file] += rows
    return found["lost"], found["new"]


def _meant(name: str) -> Iterator[str]:
    """The name in lower case, and its possible names once complete and unpacked."""
    name = name.casefold()
    if hidden := _HIDDEN.fullmatch(name):
        name = hidden[1]
    yield name
    while on_its_way := _ON_ITS_WAY.fullmatch(name):
        yield (name := on_its_way[1])


def readers(project: Project, found: Collection[str]) -> dict[str, set[str]]:
    """The sources of the project that read each of these files."""
    read: dict[str, set[str]] = {path: set() for path in found}
    for source, config in project.config.sources.items():
        mine = {path for path in found if any(matches(each, path) for each in config.addresses)}
        if not config.addresses:
            with suppress(SourceError, OSError):
                mine.update(map(str, kind_of(config).inputs(source, config, project.extracts)))
        for path in mine.intersection(found):
            read[path].add(source)
    return read


def named_in(reason: str) -> list[str]:
    """The files named in the reason of one of this module's drifts."""
    told = re.match(r"files? (.+?)(?: and \d+ more)? (?:is|are|lies?|has) ", reason)
    return told[1].split(", ") if told else []


def _named(what: str, names: Iterable[str]) -> str:
    told = sorted(names)
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"{what}{'s' * (len(told) > 1)} {', '.join(told[:_NAMED])}{more}"
