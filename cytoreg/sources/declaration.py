"""Declarations common to every kind of source in `[sources.<name>]` of cytoreg.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cytoreg.sources.compression import inside
from cytoreg.sources.drops.address import Address, is_remote, parse
from cytoreg.system.durations import duration


class Section(BaseModel):
    """A section of cytoreg.toml; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""Names that become a folder, a file and a part of a view's name."""

NO_TABLE = "unknown"
"""The table under which records are counted that belong to no table."""

RESERVED = frozenset(
    {"_source", "_table", "_file", "_row", "_parent_row", "_line", "_run_id", "_items"}
)
"""Columns that cytoreg adds, which no source may have."""


class Expect(Section):
    """How to recognize a complete delivery of files."""

    files: str | list[str] = []
    """One name or a list. With `{year}`, `{month}`, `{day}`: every file from the first to the last
    one present; else at least one match (`*`). Otherwise gate `sources` closes; `refresh
    --accept SOURCE` publishes once.
    """
    trailer: str = ""
    r"""A regular expression for each file's last line, which is not a record; its group, if any, is
    the number of records: `'END;(\d+)'`. For csv, fixed_width and naaccr_flat. If it does not
    match, the source is refused: gate `sources` closes, and its last landing is used.
    """
    done: str = ""
    """A marker in the folder of the files, written after them: `"*.ok"` for a delivery,
    `"{name}.ok"` or `"{stem}.ok"` for each file (`or_log_2010.csv.ok`, `or_log_2010.ok`).
    Without it the source is unavailable: its last landing is used.
    """
    settle: str = Field("", pattern=r"^(|\d+[smh])$")
    """For how long the files must not have been written to: `"30s"`, `"2m"`, `"1h"`. Until then
    cytoreg waits, at most for `deadline_minutes`.
    """

    @property
    def names(self) -> list[str]:
        """The patterns of `files`."""
        return [self.files] if isinstance(self.files, str) else self.files

    @property
    def settle_seconds(self) -> float:
        """`settle` in seconds; 0 without it."""
        return duration(self.settle).total_seconds()

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for name in self.names:
            marks: list[str] = re.findall(r"\{(.*?)\}", name)
            for mark in marks:
                if mark not in ("year", "month", "day"):
                    raise ValueError(f"`files` knows {{year}}, {{month}}, {{day}}, not {{{mark}}}")
        try:
            groups = re.compile(self.trailer).groups
        except re.error:
            raise ValueError("`trailer` is not a regular expression") from None
        if groups > 1:
            raise ValueError("`trailer` has more than one group: which is the number of records?")
        return self


class Server(Section):
    """Access to files on a server: the user, the secret, and the place if it is not the default."""

    user: str = ""
    """For SFTP the user, by default the one who runs cytoreg; for S3 the id of an access key."""
    password: str = Field("", repr=False)
    """For SFTP the user's password, or the passphrase of `key_file`; for S3 the secret of the
    access key. From the environment: `"${MARKERS_PASSWORD}"`.
    """
    key_file: str = ""
    """For SFTP, the file of a private key. Without it and `password`, the keys in `~/.ssh` and
    those of an agent are used.
    """
    known_hosts: str = ""
    """For SFTP, the file of known hosts; by default `~/.ssh/known_hosts`."""
    endpoint: str = ""
    """For S3, the URL of a store that is not Amazon's: `"https://s3.hospital.example"`."""

    @model_validator(mode="after")
    def _anywhere(self) -> Self:
        for key, path in (("key_file", self.key_file), ("known_hosts", self.known_hosts)):
            if path and path[0] not in "/~":
                raise ValueError(f"`{key}` is an absolute path, or begins with ~/")
        return self


class Source(Section):
    """Declarations common to every kind of source."""

    lines: ClassVar[bool] = False
    """Whether its files have one record per line, and may end with a trailer."""

    kind: str
    """The kind of source; it determines which other keys apply."""
    tables: Annotated[dict[Name, str], Field(min_length=1)]
    """Each table that the source lands, with the entity of its rows."""
    missing: list[Annotated[str, Field(min_length=1)]] = []
    """Texts that mean an empty cell, such as `["NA", "-99"]`, with or without surrounding blanks.
    """
    deadline_minutes: float = Field(60, gt=0)
    """How long reading may take, including retries."""
    required: bool = False
    """Whether gate `sources` closes while the source is unavailable; otherwise its last landing is
    used.
    """
    max_age_days: float | None = Field(None, gt=0)
    """How many days ago that landing may have been seen; by default any number."""
    expect: Expect = Expect()
    """What a complete delivery of files is."""
    password: str = Field("", repr=False)
    """Opens encrypted zip archives (ZipCrypto and AES) and workbooks: `"${LAB_PASSWORD}"`, never
    the password itself.
    """
    server: Server = Server()
    """User and password for files on a server."""
    archive: str = ""
    """A folder into which files are moved once a published run has read them: below that of each
    file, or from the root if it begins with a slash. `{run}` in it is the run's id.
    """

    @property
    def patterns(self) -> list[str]:
        """The globs of all its files; none for a server of tables."""
        return []

    @property
    def described_by(self) -> list[str]:
        """The globs of further files that are needed to understand the others."""
        return []

    @property
    def urls(self) -> list[str]:
        """The URLs of a server of tables; none for files."""
        return []

    @property
    def archive_parts(self) -> list[str]:
        """The parts of the path `archive`; none if one of them is not a plain name."""
        parts = [part for part in self.archive.split("/") if part]
        return [] if {".", ".."}.intersection(parts) or "\0" in self.archive else parts

    @property
    def addresses(self) -> list[Address]:
        """The globs of all its files, and of those that describe them, if they are on a server."""
        patterns = [*self.patterns, *self.described_by]
        remote = any(map(is_remote, patterns))
        return [parse(inside(pattern)[0]) for pattern in patterns] if remote else []

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.patterns:
            for key in ("expect", "password", "archive"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"`{key}` is for sources in files")
        if self.archive and not self.archive_parts:
            raise ValueError("`archive` is a folder, such as done or /archive/lab")
        if self.server != Server() and not self.addresses:
            raise ValueError("`server` is for files at an address: sftp://… or s3://…")
        if len({address.server for address in self.addresses}) > 1:
            raise ValueError("the files of one source lie on one server")
        if self.expect.trailer and not self.lines:
            raise ValueError("`trailer` is for kinds with one record per line, such as csv")
        for name, what in (("reject", "rejects are"), (NO_TABLE, "records of no table are")):
            if name in self.tables:
                raise ValueError(f"a table cannot be called {name}: {what}")
        return self


def free(columns: Iterable[str]) -> None:
    """Refuse names that cytoreg reserves."""
    if taken := sorted(RESERVED.intersection(columns)):
        raise ValueError(f"{taken[0]} is a name reserved for cytoreg")


class InFiles(Source):
    """A source in files."""

    path: Annotated[str, Field(min_length=1)]
    """The files: a glob below `paths.extracts`, in which `**` descends into folders, or an address
    on a server, such as `sftp://files.example.org/out/*.csv`.
    """

    @property
    def patterns(self) -> list[str]:
        """The globs of all its files."""
        return [self.path]


class Files(InFiles):
    """A source in text files."""

    encoding: str = "utf-8"
    """The encoding of the files, a name that Python knows, such as `cp1252`. A byte-order mark
    takes precedence in its file.
    """


class Headed(Source):
    """A source whose columns have headings."""

    columns: Annotated[dict[str, list[str]], Field(min_length=1)] | Literal["all"]
    """For each column the headings that it may have, so that files with older headings still fit;
    the column's own name is always one of them. `"all"`: every column under its own heading.
    """
    optional: list[str] = []
    """Columns that a file, or one of its sheets, may lack; they are null there."""

    @property
    def headings(self) -> dict[str, list[str]]:
        """The declared columns with their headings; none when all headings are read."""
        return {} if self.columns == "all" else self.columns

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        free(self.headings)
        if strange := [column for column in self.optional if column not in self.headings]:
            raise ValueError(f"`optional` names {strange[0]}, which is not in `columns`")
        owner: dict[str, str] = {}
        for column, headings in self.headings.items():
            for heading in {column, *headings}:
                if owner.setdefault(heading, column) != column:
                    raise ValueError(
                        f"heading {heading!r} is given to {owner[heading]} and {column}"
                    )
        return self


def single(tables: dict[str, str]) -> None:
    """Refuse a second table."""
    if len(tables) != 1:
        raise ValueError(
            "this kind of source lands one table; declare a source for each further one"
        )


class Span(Section):
    """The place of a column in a fixed-width line."""

    start: Annotated[int, Field(ge=1)]
    """The column's first character, counted from 1: characters, not bytes."""
    width: Annotated[int, Field(ge=1)]
    """How many characters it has."""
