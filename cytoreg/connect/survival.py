"""The meaning of a new source's columns: the person, and the time to an event.

With them, the files written for the source publish survival at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cytoreg.errors import ConfigError, perhaps
from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import literal

__all__ = ["Meaning", "Told", "filled", "published"]

_HAPPENED = ("1", "true", "t", "yes", "y", "dead", "deceased", "died")
_NOT = ("0", "false", "f", "no", "n", "alive", "living", "censored")
_UNKNOWN = (
    *("unknown", "unk", "?", "missing", "not recorded", "lost"),
    *(f"{left}{word}{right}" for word in ("na", "n/a", "not available", "not applicable")
      for left, right in (("", ""), ("[", "]"))),
)  # fmt: skip
"""Words that say neither: such a cell is rejected, not taken for a patient who lives."""


@dataclass(frozen=True)
class Told:
    """Headings by meaning, as the user gives them.

    Time runs from `start` to `end`, or is a number of days. `event` may be `COLUMN=VALUE,VALUE`:
    the values that mean that it happened.
    """

    person: str = ""
    start: str = ""
    end: str = ""
    days: str = ""
    event: str = ""

    def __post_init__(self) -> None:
        """Raise ConfigError unless everything that survival needs is given, or nothing of it."""
        if not any((self.start, self.end, self.days, self.event)):
            return
        if self.days and (self.start or self.end):
            raise ConfigError(
                "--days is the time itself, beside --start and --end",
                remedy="give --days, or --start and --end",
            )
        needed = ("person", "event", *(() if self.days else ("start", "end")))
        if missing := [f"--{key}" for key in needed if not getattr(self, key)]:
            raise ConfigError(
                f"survival needs {' and '.join(missing)} too",
                remedy="give --person, --event, and --start with --end (or --days)",
            )

    def among(self, columns: Mapping[str, str], linkage: Linkage) -> Meaning:
        """The columns meant, among words with their headings; ConfigError for any other heading."""
        text = self.event
        exact = self._word(text, columns) if text else None
        column, _, values = (text, "", "") if exact else text.rpartition("=")
        wanted = {
            "person": self.person, "start": self.start, "end": self.end, "days": self.days,
            "event": column or values,
        }  # fmt: skip
        found: dict[str, str] = {}
        for key, heading in wanted.items():
            if not heading:
                continue
            word = self._word(heading, columns)
            if not word:
                raise ConfigError(
                    f"--{key}: there is no column {heading}{perhaps(heading, columns.values())}",
                    remedy=f"there are {', '.join(columns.values())}",
                )
            if word in found.values():
                raise ConfigError(f"--{key}: {heading} has a meaning already")
            found[key] = word
        happened = [one.strip() for one in values.split(",") if one.strip()] if column else []
        if found and linkage.number in columns and found["person"] != linkage.number:
            raise ConfigError(
                f"the source has a column {linkage.number}, which is the number of a person in"
                " [linkage], beside the column of --person",
                remedy="name it as --person, or rename [linkage] number",
            )
        return Meaning(found, happened, linkage)

    @staticmethod
    def _word(heading: str, columns: Mapping[str, str]) -> str:
        by_heading = {column: word for word, column in columns.items()}
        return by_heading.get(heading, heading if heading in columns else "")


@dataclass(frozen=True)
class Meaning:
    """The meaning of a table's columns: `of` maps person, start, end, days and event to a word."""

    of: Mapping[str, str]
    happened: list[str]
    linkage: Linkage

    @property
    def survival(self) -> bool:
        """Whether survival can be estimated."""
        return "event" in self.of

    def role(self, word: str) -> str:
        """The meaning of a column; '' if it has none."""
        return next((role for role, column in self.of.items() if column == word), "")

    def name(self, word: str) -> str:
        """The registry's name for a column: for the person's number that of [linkage]."""
        return self.linkage.number if self.role(word) == "person" else word

    def staged(self, word: str, cleaned: str) -> str:
        """The SQL of a column in staging, from the SQL of its clean text."""
        match self.role(word):
            case "start" | "end":
                return f"iso_date({cleaned})"
            case "event":
                word = f"lower(whole_number({cleaned}))"  # spreadsheets write 2 as 2.0
                given = [value.casefold().removesuffix(".0") for value in self.happened]
                happened = ", ".join(map(literal, given or _HAPPENED))
                rest = ", ".join(map(literal, _UNKNOWN if given else _NOT))
                return (
                    f"case when {word} in ({happened}) then '1'"
                    f" when {word} {'not ' if given else ''}in ({rest}) then '0'"
                    f" else {cleaned} end"
                )
        return cleaned


def published(name: str, entity: str, meaning: Meaning) -> tuple[dict[str, str], dict[str, str]]:
    """An endpoint for these columns, and the files that it needs, by path."""
    cohort, person = f"{name.lower()}_cohort", meaning.linkage.entity
    facts = {
        "entity": entity, "person": person, "number": meaning.linkage.number, "of": meaning.of,
        "cohort": cohort,
    }  # fmt: skip
    endpoint = {
        "label": f"Survival ({name})",
        "cohort": f"marts.{cohort}",
        "origin": meaning.of.get("start", "entry"),
    }
    if person != "patient":
        endpoint["patient"] = f"{person}_id"
    return endpoint, {
        f"sql/marts/{cohort}.sql": filled("cohort.sql.j2", **facts),
        f"expectations/marts_{cohort}.yaml": filled("cohort.yaml.j2", **facts),
        f"expectations/accepted_{entity}.yaml": filled("accepted.yaml.j2", **facts),
    }


def filled(template: str, **values: object) -> str:
    """A file to start from."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("cytoreg", "connect")
    made = Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 - no HTML
    return made.get_template(template).render(**values)
