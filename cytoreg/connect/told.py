"""What the user says about a new source's columns: the person, and the time to an event."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cytoreg.connect.survival import HAPPENED, NOT, Meaning, Survival
from cytoreg.errors import ConfigError, perhaps

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.project.config import Linkage

__all__ = ["Told"]

_UNITS = ("days", "months", "years")
_ANY = "*"
"""Stands for every text: the event happened where its column is filled."""
_DATE = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T].*)?|(18|19|20)\d{6}|\d{1,2}[- ]?[A-Za-z]{3}[- ]?\d{2,4}"
)
_EMPTY = re.compile(r"\s*|\[.*\]|n/?a|null|unk(nown)?|[?.*-]+", re.IGNORECASE)
_MOST = 0.9
_SHORT_NUMBER = re.compile(r"\d{1,3}")
"""Published unchanged: see publication/privacy.py."""


@dataclass(frozen=True)
class Told:
    """Headings by meaning, as the user gives them.

    Time runs from `start` to `end`, or is a number of `days`, `months` or `years`. These and `end`
    may be several headings, `COLUMN,COLUMN`: the first filled one counts. `event` may be
    `COLUMN=TEXT,TEXT`: the texts that mean that it happened, or `*` for any. `strata` may have
    texts in the same form, which are published; `only` says which records count.
    """

    person: str = ""
    start: str = ""
    end: str = ""
    days: str = ""
    months: str = ""
    years: str = ""
    event: str = ""
    strata: Sequence[str] = ()
    only: str = ""

    def __post_init__(self) -> None:
        """Raise ConfigError unless everything that survival needs is given, or nothing of it."""
        units = [unit for unit in _UNITS if self._given(unit)]
        if not any((*units, self.start, self.end, self.event, self.strata, self.only)):
            return
        if units and (len(units) > 1 or self.start or self.end):
            raise ConfigError(
                f"--{units[0]} is the time itself: it cannot be combined with another",
                remedy="give one of --days, --months and --years, or --start and --end",
            )
        needed = ("person", "event", *(() if units else ("start", "end")))
        if missing := [f"--{key}" for key in needed if not self._given(key)]:
            raise ConfigError(
                f"survival needs {' and '.join(missing)} too",
                remedy="give --person, --event, and --start with --end (or --days)",
            )

    def _given(self, key: str) -> str:
        given: str = getattr(self, key)
        return given

    def among(self, columns: Mapping[str, str], records: pa.Table, linkage: Linkage) -> Meaning:
        """The meaning of a table's columns, with what the user should know about it.

        `columns` maps words to headings, `records` are the first records under these headings.
        Raises ConfigError for any other heading, and for an event that cannot be told.
        """
        found = _Columns(columns, records)
        if not self.person:
            return Meaning(linkage)
        person = found.one("person", self.person)
        if linkage.number in columns and person != linkage.number:
            raise ConfigError(
                f"the source has a column {linkage.number}, which is the number of a person in"
                " [linkage], beside the column of --person",
                remedy="name it as --person, or rename [linkage] number",
            )
        if not self.event:
            return Meaning(linkage, person)
        unit = next((unit for unit in _UNITS if self._given(unit)), "")
        start = found.one("start", self.start) if self.start else ""
        ends = found.several(unit or "end", self._given(unit or "end"))
        event, texts = found.chosen("event", self.event)
        for key, word in (("start", start), ("event", event), *((unit or "end", w) for w in ends)):
            if word == person or (key != "event" and word == start != "" and key != "start"):
                raise ConfigError(f"--{key}: {columns[word]} has a meaning already")
        filled = texts == [_ANY] or (not texts and found.dates(event))
        if event in ends and not (filled and start):
            raise ConfigError(f"--event: {columns[event]} has a meaning already")
        if not texts and not filled:
            found.check_words(event)
        if filled and start and event not in ends and found.dates(event):
            ends = [event, *ends]
        survival = Survival(
            start=start, ends=ends, unit=unit, event=event, filled=filled,
            happened=[] if filled else texts,
            strata=dict(found.strata(self.strata)),
            only=found.chosen("only", self.only) if self.only else ("", []),
        )  # fmt: skip
        if self.only and not survival.only[1]:
            raise ConfigError(
                "--only is a column and texts", remedy="give it as --only COLUMN=TEXT"
            )
        return Meaning(linkage, person, survival, list(found.notes(person, survival)))


@dataclass(frozen=True)
class _Columns:
    """A table's columns by word, and its first records."""

    headings: Mapping[str, str]
    records: pa.Table
    _word_of: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        words = {heading: word for word, heading in self.headings.items()}
        object.__setattr__(self, "_word_of", {word: word for word in self.headings} | words)

    def one(self, key: str, heading: str) -> str:
        """The word of a column; a column is named by its heading or its word."""
        if word := self._word_of.get(heading):
            return word
        known = self.headings.values()
        raise ConfigError(
            f"--{key}: there is no column {heading}{perhaps(heading, known)}",
            remedy=f"there are {', '.join(known)}",
        )

    def several(self, key: str, text: str) -> list[str]:
        """The words of COLUMN,COLUMN."""
        parts = [text] if text in self._word_of else map(str.strip, text.split(","))
        return [self.one(key, part) for part in parts]

    def chosen(self, key: str, text: str) -> tuple[str, list[str]]:
        """The word and the texts of COLUMN=TEXT,TEXT."""
        if text in self._word_of or "=" not in text:
            return self.one(key, text), []
        column, _, texts = text.rpartition("=")
        return self.one(key, column), [one.strip() for one in texts.split(",") if one.strip()]

    def strata(self, options: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Each stratum, and the texts that it may have: []: any."""
        for option in options:
            if option not in self._word_of and "=" in option:
                yield self.chosen("strata", option)
            else:
                yield from ((word, []) for word in self.several("strata", option))

    def texts(self, word: str) -> list[str]:
        """The texts of a column in the first records, without those that mean nothing."""
        cells = (str(cell or "").strip() for cell in self.records[self.headings[word]].to_pylist())
        return [text for text in cells if not _EMPTY.fullmatch(text)]

    def dates(self, word: str) -> bool:
        """Whether a column holds dates."""
        return _most(self.texts(word), lambda text: bool(_DATE.fullmatch(text)))

    def check_words(self, event: str) -> None:
        """Raise ConfigError unless the column's own texts tell whether the event happened."""
        heading = self.headings[event]
        remedy = f"say which texts do: --event '{heading}=TEXT,TEXT', or '{heading}={_ANY}' for any"
        if heading.casefold().startswith(("cens", "cnsr")):
            raise ConfigError(
                f"--event: {heading} may say that the event happened, or that it did not",
                remedy=f"say which text means that it happened; as 0 does in CDISC's ADTTE:"
                f" --event '{heading}=0'",
            )
        if not (texts := self.texts(event)):
            raise ConfigError(
                f"--event: {heading} is empty in the records that were looked at, so that nothing"
                " shows which text means that the event happened",
                remedy=remedy,
            )
        if not _most(texts, lambda text: _plain(text) in (*HAPPENED, *NOT)):
            raise ConfigError(
                f"--event: {heading} does not say in known words whether the event happened",
                remedy=remedy,
            )

    def notes(self, person: str, survival: Survival) -> Iterator[str]:
        """What the user should know before a refresh."""
        told = {_plain(text) for text in survival.happened}
        if told and not told & {_plain(text) for text in self.texts(survival.event)}:
            yield "event      none of the records that were looked at has it: is the text right?"
        numbers = self.records[self.headings[person]]
        if not survival.only[0] and len(numbers.unique()) < len(numbers):
            yield (
                "persons    some have several records: the cohort takes the one that is followed up"
                " longest; --only COLUMN=TEXT takes certain records"
            )
        for word, named in survival.strata.items():
            if not named and not all(map(_SHORT_NUMBER.fullmatch, self.texts(word))):
                yield (
                    f"strata     the texts of {self.headings[word]} are published as pseudonyms,"
                    f" unless they are named: --strata '{self.headings[word]}=TEXT,TEXT'"
                )


def _most(texts: Sequence[str], fits: Callable[[str], bool]) -> bool:
    """Whether so few texts do not fit that their refusal leaves the gate open."""
    return bool(texts) and sum(map(fits, texts)) >= _MOST * len(texts)


def _plain(text: str) -> str:
    """A text of an event in the form in which it is compared; see survival.py."""
    word = text.casefold().removesuffix(".0")
    return word[0] if re.fullmatch("[01]:.*", word) else word
