"""The steps of a view's query: named SQL, each of which adds columns or multiplies rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from cytoreg.sources.fhir.definition import ViewError
from cytoreg.sources.fhir.expression import compiled
from cytoreg.sources.fhir.fhirpath import Unsupported, parse
from cytoreg.sources.fhir.scope import Scope
from cytoreg.sources.fhir.values import Value
from cytoreg.warehouse.connection import literal


@dataclass
class Query:
    """The steps of a view so far: `repeats` and `shuffles` say what they do to its rows."""

    steps: list[tuple[str, Callable[[], str]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    repeats: bool = False
    shuffles: bool = False

    def name(self) -> str:
        """A name for a new step."""
        return f"s{next(self.numbers)}"

    def step(self, sql: str | Callable[[], str], name: str = "") -> str:
        """Add a step; its SQL is requested when everything is compiled."""
        name = name or self.name()
        self.steps.append((name, sql if callable(sql) else lambda: sql))
        return name


@dataclass(frozen=True)
class Point:
    """Where the compilation of a view stands: in its definition (`at`), and in its query.

    `rows` is the last step, `carried` are its columns that later steps need, and `columns` the
    view's columns so far, by name. `scope` is where expressions are evaluated.
    """

    query: Query
    scope: Scope
    rows: str
    carried: tuple[str, ...]
    columns: tuple[tuple[str, str], ...] = ()
    at: str = "the view"

    def below(self, at: str) -> Point:
        """The same point, in a part of the definition."""
        return replace(self, at=at)

    def step(self, sql: str | Callable[[], str]) -> Point:
        """The point after another step."""
        return replace(self, rows=self.query.step(sql))

    def value(self, path: str) -> Value:
        """The value of an expression; raises ViewError."""
        return value_of(path, self.scope, self.at)


def value_of(path: str, scope: Scope, at: str) -> Value:
    """The value of an expression in a scope; raises ViewError that names the place `at`."""
    try:
        return compiled(parse(path), scope)
    except Unsupported as error:
        raise ViewError(f"{at}: {error}") from None


def taken(item: str, scope: Scope) -> str:
    """The elements that expressions use, extracted from the JSON at once."""
    paths = ", ".join(f"'$.{key}'" for key in scope.keys)
    return f"json_extract({item}, [{paths}])" if scope.keys else "null::json[]"


def note(condition: str, text: str) -> str:
    """A text where a condition holds, else null."""
    return f"case when {condition} then {literal(text)} end"


def noted(condition: str, text: str) -> str:
    """The first thing that is wrong with a row, after this one."""
    return f"coalesce(wrong, {note(condition, text)})"
