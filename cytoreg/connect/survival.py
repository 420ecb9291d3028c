"""The meaning of a new source's columns, and the files with which it publishes survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import literal

__all__ = ["HAPPENED", "NOT", "Meaning", "Survival", "filled", "published"]

HAPPENED = ("1", "true", "t", "yes", "y", "dead", "deceased", "died")
NOT = ("0", "false", "f", "no", "n", "alive", "living", "censored")
_UNKNOWN = (
    *("unknown", "unk", "?", "missing", "not recorded", "lost"),
    *(f"{left}{word}{right}" for word in ("na", "n/a", "not available", "not applicable")
      for left, right in (("", ""), ("[", "]"))),
)  # fmt: skip
"""Words that say neither: such a cell is rejected, not taken for a patient who lives."""
_DAYS = {"days": "{}", "months": "cast(round({} * 365.25 / 12) as integer)",
         "years": "cast(round({} * 365.25) as integer)"}  # fmt: skip
_LONGEST = {"days": 50000, "months": 1650, "years": 137}
"""The longest plausible time."""
_COHORT = ("start_date", "end_date", "time_days", "event")
"""Columns of a cohort, whose names a stratum cannot have."""


class Derived(NamedTuple):
    """A column that staging derives from others."""

    name: str
    sql: str
    what: str


@dataclass(frozen=True)
class Survival:
    """The time to an event in words for columns.

    start: the first day; '' if the time is a number in `unit`. ends: the last days, or the times,
    of which the first filled one counts. happened: the texts of `event` that say that it happened;
    if `filled`, any text does. strata: columns, with the texts they may have ([]: any). only: a
    column, and the texts of the records that count.
    """

    start: str
    ends: Sequence[str]
    unit: str
    event: str
    happened: Sequence[str] = ()
    filled: bool = False
    strata: Mapping[str, Sequence[str]] = field(default_factory=dict)
    only: tuple[str, Sequence[str]] = ("", ())

    def derived(self, cells: Mapping[str, str]) -> list[Derived]:
        """The columns of staging that the cohort reads; `cells` has the SQL of each clean text."""
        prefix = "survival"
        while any(f"{prefix}_" in f"{word}_" for word in cells):
            prefix += "_time"
        recorded = [f"recorded(trim({cells[word]}, '[]'))" for word in self.ends]
        end = recorded[0] if len(recorded) == 1 else f"coalesce({', '.join(recorded)})"
        last = ", else ".join(self.ends)
        found = [
            Derived(f"{prefix}_start", f"iso_date({cells[self.start]})", self.start),
            Derived(f"{prefix}_end", f"iso_date({end})", last),
        ] if self.start else [Derived(f"{prefix}_{self.unit}", end, last)]  # fmt: skip
        return [*found, Derived(f"{prefix}_event", self._event(cells[self.event]), self.event)]

    def _event(self, cell: str) -> str:
        if self.filled:
            return f"case when recorded(trim({cell}, '[]')) is null then '0' else '1' end"
        word = f"lower(whole_number({cell}))"  # spreadsheets write 2 as 2.0
        given = [value.casefold().removesuffix(".0") for value in self.happened]
        if not given:
            word = f"regexp_replace({word}, '^([01]):.*$', '\\1')"  # cBioPortal has 1:DECEASED
        happened = ", ".join(map(literal, given or HAPPENED))
        rest = ", ".join(map(literal, _UNKNOWN if given else NOT))
        return (
            f"case\n    when {word}\n      in ({happened}) then '1'"
            f"\n    when {word}\n      {'not ' if given else ''}in ({rest}) then '0'"
            f"\n    else {cell}\n  end"
        )


@dataclass(frozen=True)
class Meaning:
    """The meaning of a table's columns; `person` is the word of the person's number.

    `notes` are what the user should know about it.
    """

    linkage: Linkage
    person: str = ""
    survival: Survival | None = None
    notes: list[str] = field(default_factory=list)

    def name(self, word: str) -> str:
        """The registry's name for a column: for the person's number that of [linkage]."""
        return self.linkage.number if word == self.person else word


def published(
    name: str, entity: str, meaning: Meaning, derived: Sequence[Derived]
) -> tuple[dict[str, object], dict[str, str]]:
    """An endpoint for these columns, and the files that it needs, by path."""
    survival = meaning.survival
    if survival is None:
        raise ValueError("no survival was told")
    cohort, person = f"{name.lower()}_cohort", meaning.linkage.entity
    strata = {
        f"{word}_group" if word in (*_COHORT, f"{person}_id") else word: word
        for word in survival.strata
    }
    facts = {
        "entity": entity, "person": person, "number": meaning.linkage.number, "cohort": cohort,
        "columns": [column.name for column in derived], "survival": survival, "strata": strata,
        "days": _DAYS.get(survival.unit, ""), "texts": list(map(literal, survival.only[1])),
    }  # fmt: skip
    endpoint: dict[str, object] = {
        "label": f"Survival ({name})",
        "cohort": f"marts.{cohort}",
        "origin": survival.start or "entry",
    }
    if strata:
        endpoint["strata"] = list(strata)
    if person != "patient":
        endpoint["patient"] = f"{person}_id"
    return endpoint, {
        f"sql/marts/{cohort}.sql": filled("cohort.sql.j2", **facts),
        f"expectations/marts_{cohort}.yaml": filled("cohort.yaml.j2", **facts),
    }


def longest(unit: str) -> int:
    """The longest plausible time in a unit."""
    return _LONGEST[unit]


def filled(template: str, **values: object) -> str:
    """A file to start from."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("cytoreg", "connect")
    made = Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 - no HTML
    return made.get_template(template).render(**values)
