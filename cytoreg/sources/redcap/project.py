"""The API of a REDCap project: sending requests, and the project's description."""

from __future__ import annotations

import csv
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cytoreg.errors import ConfigError, SourceError
from cytoreg.sources.files import SourceFile
from cytoreg.sources.http import Away, Host, address, client
from cytoreg.sources.redcap.config import RedcapSource
from cytoreg.sources.redcap.dictionary import dictionary
from cytoreg.system.environment import variable

_CSV = "text/csv", "text/plain", "application/csv"
_VERSION = re.compile(r"\d+(\.\d+)+")
_TYPE = re.compile(r"[\w.+/-]{1,60}")


@dataclass(frozen=True)
class Project:
    """A project's description; `expected` are the events of its first instrument, see Layout.

    `ends_lines`: whether this server also ends the last line of a response.
    """

    version: str
    repeating: bool
    forms: list[str]
    events: list[str]
    expected: frozenset[str]
    fields: list[dict[str, str]]
    ends_lines: bool

    @property
    def record_id(self) -> str:
        """The field that identifies a record: the first of the dictionary."""
        return self.fields[0]["field"]


@dataclass(frozen=True)
class Api(Host):
    """A project's API, usable until the source's deadline; `folder` is for downloads."""

    config: RedcapSource
    folder: Path
    token: str = field(repr=False)

    def ask(self, asked: dict[str, str], path: Path) -> None:
        """Download a response once."""
        form = {"token": self.token, "format": "csv", "returnFormat": "json"} | asked
        response = self.save(self.client.build_request("POST", self.config.url, data=form), path)
        if form["format"] == "csv" and asked["content"] != "version":  # plain text in any encoding
            _check_csv(response.headers.get("content-type", ""), path)


def shown(name: str, config: RedcapSource) -> str:
    """The address without secrets."""
    return address(name, config.url)


def about(name: str, config: RedcapSource) -> str:
    """The server's version and the kind of project, in words."""
    with open_api(name, config) as api:
        project = project_of(api)
    events = f", {len(project.events)} events" if project.events else ""
    repeating = ", some of them repeating" if project.repeating else ""
    return f"REDCap {project.version}: {len(project.forms)} instruments{repeating}{events}"


def project_of(api: Api) -> Project:
    """The project's description; raises SourceError if the API does not give it."""
    version = api.patiently(lambda: _version(api))
    (told,) = _table(api, "project", "is_longitudinal", "has_repeating_instruments_or_events")
    fields = api.patiently(lambda: _fields(api))
    forms = [row["instrument_name"] for row in _table(api, "instrument", "instrument_name")]
    longitudinal = told["is_longitudinal"] == "1"
    repeating: set[tuple[str, str]] = set()
    if told["has_repeating_instruments_or_events"] == "1":
        rows = _table(api, "repeatingFormsEvents", "form_name", optional=True)
        repeating = {(row.get("event_name") or "", row["form_name"]) for row in rows}
    events: list[str] = []
    first = fields[0]["form"]
    of_first = {""}
    if longitudinal:
        events = [row["unique_event_name"] for row in _table(api, "event", "unique_event_name")]
        columns = "unique_event_name", "form"
        mapping = _table(api, "formEventMapping", *columns, optional=True)
        of_first = {row["unique_event_name"] for row in mapping if row["form"] == first}
    expected = frozenset(  # an event that repeats as a whole is listed without an instrument
        event for event in of_first if not {(event, first), (event, "")} & repeating
    )
    ends = any(ends_line(path) for path in api.folder.glob("*.csv"))
    return Project(version, bool(repeating), forms, events, expected, fields, ends)


def ends_line(path: Path) -> bool:
    """Whether a file's last line has a line end."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1))
        return file.read(1) in (b"\n", b"\r")


def _version(api: Api) -> str:
    path = api.folder / "version.txt"
    api.ask({"content": "version"}, path)
    text = path.read_bytes()[:100].decode("utf-8", "replace").strip()
    if not _VERSION.fullmatch(text):
        raise Away("does not answer as the REDCap API does (maintenance, or another address)")
    return text


def _fields(api: Api) -> list[dict[str, str]]:
    path = api.folder / "metadata.csv"
    api.ask({"content": "metadata"}, path)
    try:
        return dictionary(SourceFile(api.source, path, "the API's data dictionary"))
    except SourceError as error:
        why = error.message.partition("data dictionary ")[2]
        raise Away(f"gives a data dictionary that cannot be read: {why}") from None


def _table(api: Api, content: str, *columns: str, optional: bool = False) -> list[dict[str, str]]:
    """A small response as a list of rows, which have at least these columns.

    If it is `optional`, it may be empty.
    """

    def attempt() -> list[dict[str, str]]:
        path = api.folder / f"{content}.csv"
        api.ask({"content": content}, path)
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file, strict=True))
        except (csv.Error, UnicodeDecodeError):
            rows = []
        whole = all(None not in row and None not in row.values() for row in rows)
        blank = optional and not path.read_text("utf-8", "replace").strip()
        if not blank and (not rows or not whole or not set(columns) <= rows[0].keys()):
            raise Away(f"does not give what the REDCap API gives as {content}")
        return rows

    return api.patiently(attempt)


@contextmanager
def open_api(source: str, config: RedcapSource) -> Iterator[Api]:
    """The API, usable until the source's deadline; raises ConfigError without a token."""
    token = (variable(config.token_env) or "").strip()
    where = address(source, config.url)
    if not token:
        raise ConfigError(
            f"source {source}: the environment variable {config.token_env} holds no token",
            remedy="set it to the API token of the project, or"
            f" {config.token_env}_FILE to a file that holds it",
        )
    deadline = time.monotonic() + 60 * config.deadline_minutes
    with (
        tempfile.TemporaryDirectory(prefix="cytoreg-") as folder,
        client(source, config.timeout_seconds) as sender,
    ):
        yield Api(source, where, deadline, sender, config, Path(folder), token)


def _check_csv(content_type: str, path: Path) -> None:
    """Raise Away unless the response is CSV."""
    kind = content_type.partition(";")[0].strip().casefold()
    with path.open("rb") as file:
        start = file.read(100).lstrip().removeprefix(b"\xef\xbb\xbf")
    if start.startswith(b"<") or kind == "text/html":
        raise Away("gives a web page instead of data (maintenance, or a login)")
    if kind not in _CSV:
        named = kind if _TYPE.fullmatch(kind) else "something"
        raise Away(f"gives {named} instead of CSV")
