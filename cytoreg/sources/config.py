"""`[sources.<name>]` of cytoreg.toml as typed data: a class a kind of source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A section of cytoreg.toml; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""What becomes a folder, a file and a part of a view's name."""

RESERVED = frozenset({"_source", "_table", "_file", "_row", "_parent_row", "_run_id", "_items"})
"""Columns of cytoreg's own, which no source may bring."""


class Source(Section):
    """What every kind of source declares.

    `tables` maps each table that the source lands to the entity that its rows become.
    """

    tables: dict[Name, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if "reject" in self.tables:
            raise ValueError("a table cannot be called reject: rejects are")
        return self


def _free(columns: Iterable[str]) -> None:
    if taken := sorted(RESERVED.intersection(columns)):
        raise ValueError(f"{taken[0]} is a column that cytoreg keeps for itself")


class Files(Source):
    """A source that lies in files; `path` is a glob below `paths.extracts`."""

    path: str = Field(min_length=1)
    encoding: str = "utf-8"


def _single(tables: dict[str, str]) -> None:
    if len(tables) != 1:
        raise ValueError("this kind of source lands one table; declare a source for each other")


class CsvSource(Files):
    """Delimited text, one table. `columns` gives each column the headings it goes by.

    Columns in `optional` may be missing from a file; they are null there.
    """

    kind: Literal["csv"]
    columns: dict[str, list[str]] = Field(min_length=1)
    optional: list[str] = []
    delimiter: str = ","

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _single(self.tables)
        _free(self.columns)
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n\0':
            raise ValueError("a delimiter is one ASCII character, such as ',', ';' or a tab")
        if strange := [column for column in self.optional if column not in self.columns]:
            raise ValueError(f"`optional` names {strange[0]}, which is not in `columns`")
        owner: dict[str, str] = {}
        for column, headings in self.columns.items():
            for heading in {column, *headings}:
                if owner.setdefault(heading, column) != column:
                    raise ValueError(
                        f"heading {heading!r} is given to {owner[heading]} and {column}"
                    )
        return self


class Span(Section):
    """A column of a fixed-width line: first character (counted from 1) and width."""

    start: int = Field(ge=1)
    width: int = Field(ge=1)


class FixedWidthSource(Files):
    """Fixed-width text, one table; a line of another length than `length` is refused."""

    kind: Literal["fixed_width"]
    length: int = Field(ge=1)
    columns: dict[str, Span] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _single(self.tables)
        _free(self.columns)
        for column, span in self.columns.items():
            if (last := span.start + span.width - 1) > self.length:
                raise ValueError(f"{column} ends at {last}, past the line's length {self.length}")
        return self


Items = list[str] | Literal["all"]
RecordType = Literal["A", "M", "C", "I"]
"""Abstract, modified, confidential, incidence: how much of a record an exchange holds."""


def _once(items: Items) -> None:
    """Refuse items that are listed twice, be it in other letters: a table has them once."""
    names = [] if items == "all" else [item.casefold() for item in items]
    _free(names)
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"`items` names {twice[0]} twice")


class NaaccrXmlSource(Files):
    """NAACCR XML; lands `root`, `patient` and `tumor`, with item ids as column names.

    `items` says which items of each level become columns, "all" those that its files hold. Files
    must say `record_type` if it is given. `dictionaries` are globs of the user's dictionaries.
    """

    kind: Literal["naaccr_xml"]
    items: dict[Literal["root", "patient", "tumor"], Items]
    record_type: RecordType | None = None
    dictionaries: list[str] = []

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for table in self.tables:
            if table not in ("root", "patient", "tumor"):
                raise ValueError(f"NAACCR XML has no table {table}, only root, patient and tumor")
            if table not in self.items:
                raise ValueError(f"`items` does not say what is read of table {table}")
        for items in self.items.values():
            _once(items)
        return self


class NaaccrFlatSource(Files):
    """NAACCR fixed width, versions 14 to 18: one table, a row a line, item ids as columns.

    The version and the type of each line are read from it. `columns` names parts of a line that the
    layouts leave to the registry. With `trimmed`, blanks may be missing at a line's end.
    """

    kind: Literal["naaccr_flat"]
    items: Items
    columns: dict[str, Span] = {}
    record_type: RecordType | None = None
    trimmed: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _single(self.tables)
        _free(self.columns)
        _once([*self.columns, *([] if self.items == "all" else self.items)])
        return self


class Hl7Source(Files):
    """HL7 v2 messages in files; each table has a row a message, or one a segment of `each`.

    `columns` gives each table's columns the paths of their values: `PID-3.1`, `OBX[KI67]-5`.
    """

    kind: Literal["hl7"]
    columns: dict[str, Annotated[dict[str, str], Field(min_length=1)]]
    each: dict[str, Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2}$")]] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        from cytoreg.sources.hl7_message import path_of

        for table in self.tables:
            if table not in self.columns:
                raise ValueError(f"`columns` does not say what is read of table {table}")
            _free(self.columns[table])
            for column, path in self.columns[table].items():
                if path_of(path) is None:
                    raise ValueError(
                        f"{column}: {path!r} is no path such as PID-3.1 or OBX[KI67]-5"
                    )
        if strange := sorted(set(self.each) - set(self.tables)):
            raise ValueError(f"`each` names {strange[0]}, which is not in `tables`")
        return self


class RedcapSource(Source):
    """A REDCap project, by its API or as exported; lands one table an instrument.

    Either `url` of the API and `token_env`, the environment variable that holds the token; or
    `data` and `dictionary`, the two files of an export.
    """

    kind: Literal["redcap"]
    data: str = ""
    dictionary: str = ""
    encoding: str = "utf-8"
    url: str = ""
    token_env: str = ""
    data_access_groups: bool = False
    records_per_request: int = Field(200, ge=1, le=900)
    timeout_seconds: float = Field(60, gt=0)
    deadline_minutes: float = Field(60, gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.url) == bool(self.data):
            raise ValueError("give either `url` and `token_env`, or `data` and `dictionary`")
        if self.url and not self.token_env:
            raise ValueError("`token_env` names the environment variable that holds the API token")
        if self.data and not self.dictionary:
            raise ValueError("`dictionary` names the data dictionary that `data` goes with")
        return self


class SqlSource(Source):
    """A relational database by SQLAlchemy URL; `columns` lists what is read of each table."""

    kind: Literal["sql"]
    url: str
    columns: dict[str, Annotated[list[str], Field(min_length=1)]]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for table in self.tables:
            if table not in self.columns:
                raise ValueError(f"`columns` does not say what is read of table {table}")
            _free(self.columns[table])
        return self


AnySource = Annotated[
    CsvSource
    | FixedWidthSource
    | Hl7Source
    | NaaccrXmlSource
    | NaaccrFlatSource
    | RedcapSource
    | SqlSource,
    Field(discriminator="kind"),
]
