"""Declarations about an entity as data: its columns, its rules, and what they refer to.

`declare` makes these from `schemas/*.py`; compiler, catalogue and Pandera's checks read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

Severity = Literal["critical", "warning", "info"]
Refused = Literal["row", "cell"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
LINEAGE = ("_source", "_table", "_file", "_row")
SHORT_NAMES = MappingProxyType(
    {
        "equal_to": "eq",
        "not_equal_to": "ne",
        "greater_than": "gt",
        "greater_than_or_equal_to": "ge",
        "less_than": "lt",
        "less_than_or_equal_to": "le",
    }
)


Period = tuple[date, date]
"""A first and a last day."""


@dataclass(frozen=True)
class ColumnMeta:
    """What a column's declaration adds to Pandera's own vocabulary."""

    key: bool
    refuses: Refused
    unit: str
    severities: Mapping[str, Severity]
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class RowRule:
    """A condition on one row; `refuses` names the cells in doubt; if empty, the whole row."""

    holds: str
    reason: str
    severity: Severity
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """An accepted row of `entity` must exist; `on` maps own columns to its columns."""

    entity: str
    on: Mapping[str, str]
    reason: str
    severity: Severity
    refuses: tuple[str, ...] = ()

    def is_wider_than(self, other: Reference) -> bool:
        """Whether it finds every row that `other` finds, because it asks for fewer columns."""
        return self.entity == other.entity and self.on.items() < other.on.items()


@dataclass(frozen=True)
class Comparison:
    """A condition on this row and each accepted row of `entity` with equal `on` columns."""

    entity: str
    on: Mapping[str, str]
    holds: str
    reason: str
    severity: Severity
    refuses: tuple[str, ...] = ()
    across_sources: bool = False


@dataclass(frozen=True)
class Newest:
    """Expressions by which the versions of a record are ordered, the highest first."""

    by: tuple[str, ...]


@dataclass(frozen=True)
class Dependency:
    """Rows with equal values of `by` have one value of `column`."""

    column: str
    by: tuple[str, ...]
    reason: str
    severity: Severity
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counterpart:
    """Each row that fulfils `when` has an accepted row of `entity` with equal columns."""

    entity: str
    on: Mapping[str, str]
    when: str
    reason: str
    severity: Severity
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listed:
    """The row's `on` columns stand together in a row of a list; `file` is its name.

    rows: each row of the list with the first and the last day on which it holds.
    day: the column with the day on which it must hold; '' if it may be any.
    """

    on: tuple[str, ...]
    file: str
    rows: Mapping[tuple[str, ...], Period]
    when: str
    day: str
    reason: str
    severity: Severity
    refuses: tuple[str, ...] = ()


Declaration = RowRule | Reference | Comparison | Dependency | Counterpart | Listed


@dataclass(frozen=True)
class Agreement:
    """`agrees` before the entity's name is known; becomes a Comparison with the entity itself."""

    column: str
    on: Mapping[str, str]
    when: str
    reason: str
    severity: Severity
    refuses: tuple[str, ...] = ()

    def comparison(self, entity: str) -> Comparison:
        """Rows of two sources with equal `on` columns must not differ in `column`."""
        holds = f"{self.column} = {entity}.{self.column}"
        if self.when:
            holds = f"not ({self.when}) or not ({_of_other(entity, self.when)}) or {holds}"
        reason = self.reason or f"{self.column} is not the same in another source."
        return Comparison(
            entity, self.on, holds, reason, self.severity, self.refuses, across_sources=True
        )


def _of_other(entity: str, condition: str) -> str:
    """The condition on another row: its unqualified columns are those of `entity`."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(condition, dialect="duckdb")
    for column in tree.find_all(exp.Column):
        if not column.table:
            column.set("table", exp.to_identifier(entity))
    return tree.sql(dialect="duckdb")


@dataclass(frozen=True)
class Given:
    """What rules can see besides the row: the reference date and accepted rows by entity."""

    as_of: date | None
    accepted: Mapping[str, pd.DataFrame]


_NOTHING = Given(None, MappingProxyType({}))
_GIVEN: ContextVar[Given] = ContextVar("given")


def what_is_given() -> Given:
    """The values of `given` for the checks that run now."""
    return _GIVEN.get(_NOTHING)


@contextmanager
def given(as_of: date | None = None, **accepted: pd.DataFrame) -> Iterator[None]:
    """Give Pandera's checks the reference date and the accepted rows of other entities.

    as_of: the value of `$as_of`.
    accepted: frames by the names of their entities.

    >>> from datetime import date
    >>> import pandas as pd
    >>> from cytoreg.rules import Entity, field, given, rule
    >>> class Stay(Entity):
    ...     "One stay in hospital."
    ...
    ...     admitted: date = field("Day of admission.")
    ...
    ...     admitted_by_extract = rule("admitted <= $as_of", "Admitted after the extract.")
    >>> stays = pd.DataFrame({"admitted": pd.array([date(2016, 1, 1)], dtype="date32[pyarrow]")})
    >>> with given(as_of=date(2016, 12, 31)):
    ...     len(Stay.validate(stays, lazy=True))
    1
    """
    token = _GIVEN.set(Given(as_of, accepted))
    try:
        yield
    finally:
        _GIVEN.reset(token)


def entity_name(model: type) -> str:
    """Name of an entity in tables and rule ids: its class name in snake case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.__name__).lower()


def check_name(check: pa.Check) -> str:
    """Name of a check in rule ids: as `field` takes it."""
    name = str(check.name)
    return SHORT_NAMES.get(name, name)
