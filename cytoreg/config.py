"""`cytoreg.toml` as typed data: one class a section, an unknown key is an error."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A section of cytoreg.toml; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Registry(Section):
    """What the registry is called."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str


class Paths(Section):
    """Folders, relative to the project: where extracts lie and where cytoreg keeps its own."""

    extracts: str = "extracts"
    data: str = "data"


class Source(Section):
    """What every kind of source declares.

    `tables` maps each table that the source lands to the entity that its rows become.
    """

    tables: dict[str, str] = Field(min_length=1)


class Files(Source):
    """A source that lies in files; `path` is a glob below `paths.extracts`."""

    path: str
    encoding: str = "utf-8"


class CsvSource(Files):
    """Delimited text, one table. `columns` gives each column the headings it goes by."""

    kind: Literal["csv"]
    columns: dict[str, list[str]]
    optional: list[str] = []
    delimiter: str = ","


class Span(Section):
    """A column of a fixed-width line: first character (counted from 1) and width."""

    start: int = Field(ge=1)
    width: int = Field(ge=1)


class FixedWidthSource(Files):
    """Fixed-width text, one table; a line of another length than `length` is refused."""

    kind: Literal["fixed_width"]
    length: int = Field(ge=1)
    columns: dict[str, Span]


class NaaccrXmlSource(Files):
    """NAACCR XML; lands `patient` and `tumor`, with item ids as column names."""

    kind: Literal["naaccr_xml"]
    items: dict[Literal["patient", "tumor"], list[str]]


class RedcapSource(Section):
    """A REDCap export: data and data dictionary; lands one table an instrument."""

    kind: Literal["redcap"]
    tables: dict[str, str] = Field(min_length=1)
    data: str
    dictionary: str
    encoding: str = "utf-8"


class SqlSource(Section):
    """A relational database by SQLAlchemy URL; `columns` lists what is read of each table."""

    kind: Literal["sql"]
    tables: dict[str, str] = Field(min_length=1)
    url: str
    columns: dict[str, list[str]]


AnySource = Annotated[
    CsvSource | FixedWidthSource | NaaccrXmlSource | RedcapSource | SqlSource,
    Field(discriminator="kind"),
]


class Linkage(Section):
    """Who is who: the number that systems share, and what must match exactly without it.

    `precedence` lists, per field of the person, the sources from the most to the least trusted;
    `default` serves the fields that are not named.
    """

    entity: str
    number: str
    without_number: list[str] = []
    match: list[str] = []
    precedence: dict[str, list[str]]


class Endpoint(Section):
    """One time-to-event analysis over a cohort mart (one row a patient)."""

    cohort: str
    label: str
    time: str = "time_days"
    event: str = "event"
    strata: list[str] = []
    landmarks_years: list[float] = [1, 3, 5, 10, 20]
    interval: Literal["log-log", "log", "plain"] = "log-log"


class Gates(Section):
    """What closes the gate besides a failed critical expectation or books that do not balance."""

    max_quarantined: float = Field(default=0.10, ge=0, le=1)
    max_drop: float = Field(default=0.20, ge=0, le=1)


class Retention(Section):
    """How many builds and landings stay on disk for rollback and rebuild."""

    builds: int = Field(default=7, ge=1)


class Privacy(Section):
    """The environment variable that holds the key of pseudonyms."""

    pseudonym_key: str = "CYTOREG_PSEUDONYM_KEY"


class Ledger(Section):
    """Where runs are remembered; an empty URL means SQLite in `paths.data`."""

    url: str = ""


class Config(Section):
    """The whole of cytoreg.toml."""

    registry: Registry
    paths: Paths = Paths()
    sources: dict[str, AnySource] = Field(min_length=1)
    linkage: Linkage
    survival: dict[str, Endpoint] = {}
    gates: Gates = Gates()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    ledger: Ledger = Ledger()
