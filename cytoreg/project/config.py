"""`cytoreg.toml` as typed data: one class per section; an unknown key is an error."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from cytoreg.project.benchmarks import Benchmark
from cytoreg.project.outcomes import Outcome, Word
from cytoreg.project.thresholds import Threshold
from cytoreg.project.zone import is_zone
from cytoreg.sources.config import AnySource
from cytoreg.sources.declaration import Name, Section
from cytoreg.system.durations import duration


class Registry(Section):
    """The registry's name, and the time zone of its days."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    """Short name, in lower case with hyphens."""
    title: str
    """Title of the report."""
    time_zone: str = ""
    """A name of the time zone database, such as `America/Chicago`; by default the machine's own.
    """

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name and not is_zone(name):
            raise ValueError("the time zone database has no such name; as in America/Chicago")
        return name


class Paths(Section):
    """Folders, relative to the project; `--extracts` and `--data` override them."""

    extracts: str = "extracts"
    """Where source files arrive; the paths of sources are below it."""
    data: str = "data"
    """Where cytoreg keeps landings, builds, the ledger and the published marts."""


class Linkage(Section):
    """Record linkage: the number that systems share, and what must match without it."""

    entity: str
    """The entity that is a person."""
    number: str
    """The column that systems share."""
    other_numbers: str = ""
    """A column of `entity` with further numbers of the same person, separated by blanks: former
    numbers, merged charts.
    """
    with_number: list[str] = []
    """Further entities with the number: each of their numbers is of a person, even if no record of
    `entity` has it.
    """
    without_number: list[str] = []
    """Entities that name persons without the number."""
    match: list[str] = []
    """The columns by which those are linked, if only one person fits."""
    names: list[str] = []
    """Those of `match` that are compared as names of persons: spelling, suffixes, hyphens and cut
    fields are allowed for.
    """
    may_be_missing: list[str] = []
    """Those of `match` of which one may be unknown on one side: linked, with a finding."""
    may_be_unreadable: list[str] = []
    """Those of `match` of which one may be unknown in the record without a number: linked, with a
    finding.
    """
    cut: dict[str, dict[str, int]] = {}
    """By source and column, the number of letters that a name field holds: `death_index = {
    family_name = 20 }`.
    """
    precedence: dict[str, list[str]]
    """By field, sources from the most to the least trusted; `default` for all other fields. A
    source that is not listed for a field does not supply it.
    """
    unknown: dict[str, list[str]] = {}
    """By field, the codes that mean unknown: a known value always comes before them. `R99*` is
    every code that begins with R99.
    """
    wins: dict[str, list[str]] = {}
    """By field, the values that count whichever source has them: `vital_status = ["dead"]`."""
    weigh: list[str] = []
    """The fields in which the value that most sources give comes before `precedence`."""

    @property
    def ranked(self) -> set[str]:
        """The sources that `precedence` names."""
        return {source for order in self.precedence.values() for source in order}


class Window(Section):
    """Calendar years, from the first day of `begin` to the last day of `end`."""

    begin: int = Field(ge=1, le=9999)
    """The first year."""
    end: int = Field(ge=1, le=9999)
    """The last year."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.begin:
            raise ValueError(f"the window ends in {self.end}, before it begins in {self.begin}")
        return self


class Endpoint(Section):
    """One time-to-event analysis over a cohort mart (one row per patient)."""

    cohort: str
    """The mart with one row per patient; its comment states who is included."""
    label: str
    """Its name in the report."""
    origin: str = "operation"
    """Where follow-up starts, in words."""
    time: str = "time_days"
    """The cohort's column of time, in days."""
    event: str = "event"
    """The cohort's column of the event, 0 or 1."""
    entry: str = ""
    """The column of delayed entry: days from the origin; the patient is at risk after it."""
    cause: str = ""
    """The column with the cause of the event; the other causes are competing risks."""
    strata: list[str] = []
    """Columns by which every estimate is also given, and compared. Rows where one is empty or
    `unknown` are missing.
    """
    covariates: list[str] = []
    """Columns of a Cox model: numbers unchanged, text as categories. Empty or `unknown` is missing.
    """
    landmarks_years: list[float] = [1, 3, 5, 10, 20]
    """Years of 365.25 days at which survival is given."""
    tau_years: float = Field(default=10, gt=0, le=130)
    """Horizon of the restricted mean and of years lost."""
    min_at_risk: int = Field(default=10, ge=1)
    """An estimate at a landmark with fewer patients at risk is not `reliable`."""
    interval: Literal["log-log", "log", "plain"] = "log-log"
    """The transformation of the 95 % interval."""
    life_table: str = ""
    """`usa`, or a CSV file of the project with year, age, sex and q. The cohort then needs
    `age_days`, `sex` and `start_date`.
    """
    standard: Literal["", "icss1", "icss2", "icss3"] | dict[int, float] = ""
    """With a life table: the population to whose ages net survival is standardized. `icss1` (most
    cancers), `icss2` (those that hardly depend on age), `icss3` (those of the young), or the weight
    of each age group by its first year of age: `{ 0 = 0.4, 50 = 0.6 }`.
    """
    window: Window | None = None
    """Period analysis: the survival of those under observation in these years, `{ begin = 2008, end
    = 2012 }`, each from the day on which they enter the window. The cohort then needs `start_date`.
    """
    patient: str = "patient_id"
    """The column that identifies patients in `marts.survival_left_out_patient`, if the cohort has
    it.
    """

    @model_validator(mode="after")
    def _standardized(self) -> Self:
        if self.standard and not self.life_table:
            raise ValueError("`standard` is of net survival, which needs `life_table`")
        if isinstance(self.standard, dict) and (
            min(self.standard, default=1) != 0
            or min(self.standard.values()) < 0
            or abs(sum(self.standard.values()) - 1) > 1e-6
        ):
            raise ValueError("the weights of a standard begin at age 0, and add to 1")
        return self


class Gates(Section):
    """Limits that close the gate, besides a failed critical expectation or unbalanced books."""

    max_quarantined: float = Field(default=0.10, ge=0, le=1)
    """Closes if a larger share of any source table's rows is refused."""
    max_refused: float = Field(default=0.10, ge=0, le=1)
    """Closes if a larger share of any source table's accepted rows lost their cell in some column.
    """
    max_drop: float = Field(default=0.20, ge=0, le=1)
    """Closes if an entity lost a larger share of its accepted rows since the published build."""


class Retention(Section):
    """What stays on disk for rollback and rebuild."""

    builds: int = Field(default=7, ge=1)
    """How many builds and landings stay on disk, always including the published one."""


class Suppress(Section):
    """Small numbers in a public copy, `cytoreg publish --public`."""

    below: int = Field(default=8, ge=2)
    """Smaller counts are left out."""
    round: int = Field(default=5, ge=1)
    """Other counts are rounded to the nearest multiple of this."""


class Privacy(Section):
    """What is published of identifiers and text."""

    profile: Literal["safe-harbor", "limited", "identified"] = "limited"
    """Which columns, dates, ages and places are published, by HIPAA's lists of identifiers."""
    pseudonym_key: str = "CYTOREG_PSEUDONYM_KEY"
    """The environment variable with the key of the pseudonyms: 32 or more random hexadecimal digits
    (`cytoreg key new`). While persons are forgotten, the variable whose name ends in `_FORMER`
    has former keys.
    """
    codes: list[str] = []
    """Regular expressions of text that may be published, besides the codes of schemas and models.
    Other text is published as its pseudonym.
    """
    suppress: Suppress = Suppress()
    """Small numbers in `cytoreg publish --public`."""

    @field_validator("codes")
    @classmethod
    def _compile(cls, codes: list[str]) -> list[str]:
        for code in codes:
            try:
                re.compile(code)
            except re.error as error:
                raise ValueError(f"{code} is not a regular expression: {error.msg}") from None
        return codes


class Ledger(Section):
    """The database that records runs."""

    url: str = ""
    """SQLAlchemy URL of the database; empty means SQLite in `paths.data`."""


class Notify(Section):
    """Whom to notify when a refresh published nothing, or when there was none."""

    command: list[str] = []
    """A command with its arguments, run without a shell; it gets the message on its standard input.
    """
    silence: str = Field("", pattern=r"^(|[1-9]\d{0,3}[hd])$")
    """The longest acceptable time between two published nights (`26h`, `2d`); beyond it `cytoreg
    status` reports a problem.
    """

    @property
    def silence_allowed(self) -> timedelta:
        """`silence` as a time; zero without it."""
        return duration(self.silence)


class Config(Section):
    """The whole of cytoreg.toml; a project may have no sources yet."""

    registry: Registry
    paths: Paths = Paths()
    sources: dict[Name, AnySource] = {}
    linkage: Linkage
    survival: dict[str, Endpoint] = {}
    outcome: dict[Name, Outcome] = {}
    benchmark: dict[Name, Benchmark] = {}
    words: dict[str, Word] = {}
    gates: Gates = Gates()
    thresholds: dict[str, Threshold] = {}
    """The share of records that may violate a rule, by its name, in which * and ? stand for others.
    """
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    notify: Notify = Notify()
    ledger: Ledger = Ledger()
