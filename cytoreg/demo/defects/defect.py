"""What a planted defect is.

Each defect is SQL over one table of an extract: `where` picks records that can carry it, `changes`
gives the changed columns. In both, `x` is the extract's record and `p` the person (all null for
strangers). `prefer` names those among which it does least harm to the published figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RATE = 0.0005
"""Share of a table's records that each kind of defect is planted on, at least one."""

Action = Literal["change", "repeat", "resend", "cut", "bytes"]


@dataclass(frozen=True)
class Defect:
    """One kind of defect.

    `action`: change columns as `changes` says; repeat the record, changed so; resend a patient's
    abstract with one more tumour; cut the line short; put bytes into it that are not UTF-8.
    """

    source: str
    table: str
    rule: str
    description: str
    changes: Mapping[str, str] = field(default_factory=dict)
    where: str = "true"
    prefer: str = "true"
    action: Action = "change"
    rate: float = RATE


AS_OF = "date '2016-12-31'"
# No patient has such a hospital number: real ones end far below.
NO_PATIENT = "'99' || right(x.{0}, 5)"


def in_2092(column: str) -> str:
    """The date text of `column` with its year mistyped as one far ahead (a leap year)."""
    return f"'2092' || x.{column}[5:]"
