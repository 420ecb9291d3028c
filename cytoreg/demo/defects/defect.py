"""The form of planted defects and variants.

Each is SQL over one table of an extract: `where` selects records that can carry it, `changes` gives
the changed columns. In both, `x` is the extract's record and `p` the person (all null for
strangers). `prefer` selects those among which it does least harm to the published figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RATE = 0.0005
"""Share of a table's records on which each kind is planted, at least one record."""

Action = Literal["change", "repeat", "cut", "bytes"]


@dataclass(frozen=True)
class Defect:
    """One kind of defect; or, without a `rule`, a variant: legal or commonly dirty, and harmless.

    `action`: change columns as `changes` says; repeat the record with these changes; cut the line
    short; insert bytes that are not UTF-8. `then` are statements that follow, on other records of
    the same patients: they may read the selected records as table `target` (id, pid). `weight` is
    its frequency relative to the table's other kinds when a rate is requested.
    """

    source: str
    table: str
    rule: str | None
    description: str
    changes: Mapping[str, str] = field(default_factory=dict)
    where: str = "true"
    prefer: str = "true"
    action: Action = "change"
    rate: float = RATE
    weight: float = 1.0
    then: tuple[str, ...] = ()


RARE = 0.2
"""Weight of a defect that costs a record: its key, its person or all of it. Such defects are rarer
than those that cost a cell, in hospitals too; otherwise figures would show what is lost, not what
is wrong."""
AS_OF = "date '2016-12-31'"
# No patient has such a hospital number: real ones are far smaller.
NO_PATIENT = "'99' || right(x.{0}, 5)"


def in_2092(column: str) -> str:
    """The date text of `column` with its year mistyped as one far in the future (a leap year)."""
    return f"'2092' || x.{column}[5:]"
