"""`cytoreg.toml` as typed data: one class per section; an unknown key is an error."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from cytoreg.project.benchmarks import Benchmark
from cytoreg.project.outcomes import Outcome, Word
from cytoreg.project.zone import is_zone
from cytoreg.sources.config import AnySource
from cytoreg.sources.declaration import Name, Section
from cytoreg.system.durations import duration


class Registry(Section):
    """The registry's name, and the time zone of its days.

    `time_zone` is a name of the time zone database, such as America/Chicago: today, the `as_of` of
    a refresh, the schedule, and the day of every instant with an offset are in this zone. The
    default is the machine's own zone.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str
    time_zone: str = ""

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name and not is_zone(name):
            raise ValueError("the time zone database has no such name; as in America/Chicago")
        return name


class Paths(Section):
    """Folders, relative to the project: the extracts, and cytoreg's own data."""

    extracts: str = "extracts"
    data: str = "data"


class Linkage(Section):
    """Record linkage: the number that systems share, and what must match without it.

    `other_numbers` is a column with further numbers of the same person, separated by blanks.
    Without a number, the columns of `match` must agree with exactly one person; `names` are those
    of them that are compared as names of persons, and one of `may_be_missing` may be unknown on one
    side. One of `may_be_unreadable` may be unknown in the record without a number. `cut` gives, by
    source and column, the number of letters that a name's field holds.

    `precedence` lists, for each field of the person, the sources from the most to the least
    trusted; `default` applies to all other fields. `unknown` lists a field's codes for unknown,
    `wins` those that win whichever source gives them; in the fields of `weigh` the value that most
    sources give wins.
    """

    entity: str
    number: str
    other_numbers: str = ""
    without_number: list[str] = []
    match: list[str] = []
    names: list[str] = []
    may_be_missing: list[str] = []
    may_be_unreadable: list[str] = []
    cut: dict[str, dict[str, int]] = {}
    precedence: dict[str, list[str]]
    unknown: dict[str, list[str]] = {}
    wins: dict[str, list[str]] = {}
    weigh: list[str] = []


class Endpoint(Section):
    """One time-to-event analysis over a cohort mart (one row per patient).

    `entry` names a column of delayed entry, `cause` one with the cause of the event; `covariates`
    are those of a Cox model; `life_table` is the name of a built-in table or a CSV file of the
    project, and adds expected and net survival and life expectancy. `tau_years` is the horizon.
    Strata, covariates and sex are missing where they are empty or `unknown`. `patient` identifies
    the patients in marts.survival_left_out_patient, if the cohort has that column.
    """

    cohort: str
    label: str
    origin: str = "operation"
    time: str = "time_days"
    event: str = "event"
    entry: str = ""
    cause: str = ""
    strata: list[str] = []
    covariates: list[str] = []
    landmarks_years: list[float] = [1, 3, 5, 10, 20]
    tau_years: float = Field(default=10, gt=0, le=130)
    interval: Literal["log-log", "log", "plain"] = "log-log"
    life_table: str = ""
    patient: str = "patient_id"


class Gates(Section):
    """Limits that close the gate, besides a failed critical expectation or unbalanced books."""

    max_quarantined: float = Field(default=0.10, ge=0, le=1)
    max_refused: float = Field(default=0.10, ge=0, le=1)
    max_drop: float = Field(default=0.20, ge=0, le=1)


class Retention(Section):
    """How many builds and landings stay on disk for rollback and rebuild."""

    builds: int = Field(default=7, ge=1)


class Suppress(Section):
    """For a public copy: counts below `below` are left out, others rounded to `round`."""

    below: int = Field(default=8, ge=2)
    round: int = Field(default=5, ge=1)


class Privacy(Section):
    """What is published: by HIPAA's lists of identifiers, and only declared text.

    `pseudonym_key` is the environment variable with the key of pseudonyms. Text that is not a code
    of schemas or models is published as its pseudonym, unless one of the regular expressions
    `codes` matches all of it.
    """

    profile: Literal["safe-harbor", "limited", "identified"] = "limited"
    pseudonym_key: str = "CYTOREG_PSEUDONYM_KEY"
    codes: list[str] = []
    suppress: Suppress = Suppress()

    @field_validator("codes")
    @classmethod
    def _compile(cls, codes: list[str]) -> list[str]:
        for code in codes:
            try:
                re.compile(code)
            except re.error as error:
                raise ValueError(f"{code} is no regular expression: {error.msg}") from None
        return codes


class Ledger(Section):
    """The database that records runs; an empty URL means SQLite in `paths.data`."""

    url: str = ""


class Notify(Section):
    """Whom to notify when a refresh published nothing, or when there was none.

    `command` gets the message on its standard input, without a shell. `silence` (`26h`, `2d`) is
    the longest time between two publications: `cytoreg status` reports a longer one as a problem.
    """

    command: list[str] = []
    silence: str = Field("", pattern=r"^(|[1-9]\d{0,3}[hd])$")

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
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    notify: Notify = Notify()
    ledger: Ledger = Ledger()
