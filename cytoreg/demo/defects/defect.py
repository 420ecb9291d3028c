"""What a planted defect is, and what a variant.

Each is SQL over one table of an extract: `where` picks records that can carry it, `changes` gives
the changed columns. In both, `x` is the extract's record and `p` the person (all null for
strangers). `prefer` names those among which it does least harm to the published figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RATE = 0.0005
"""Share of a table's records that each kind is planted on, at least one record."""

Action = Literal["change", "repeat", "cut", "bytes"]


@dataclass(frozen=True)
class Defect:
    """One kind of defect; or, without a `rule`, a variant: legal or commonly dirty, and harmless.

    `action`: change columns as `changes` says; repeat the record, changed so; cut the line short;
    put bytes into it that are not UTF-8. `then` are statements that follow, on other records of the
    same patients: they may read the records chosen as table `target` (id, pid). `weight` is how
    often it comes beside the table's other kinds where a rate is asked for.
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
"""Weight of what costs a record: its key, its person or all of it. It is rarer than what costs a
cell, in hospitals too; as often as that, figures would say what is lost, not what is wrong."""
AS_OF = "date '2016-12-31'"
# No patient has such a hospital number: real ones end far below.
NO_PATIENT = "'99' || right(x.{0}, 5)"


def in_2092(column: str) -> str:
    """The date text of `column` with its year mistyped as one far ahead (a leap year)."""
    return f"'2092' || x.{column}[5:]"
