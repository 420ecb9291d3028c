"""What is told of an expectation: counts, and no values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cytoreg.suites.prove import Proved
from cytoreg.suites.suite import Suite


@dataclass(frozen=True)
class CheckResult:
    """What is counted for one row of `quality.check_result`, in the order of its columns."""

    kind: Literal["row", "table"]
    rule: str
    entity: str
    column: str | None
    severity: str
    reason: str
    violated: int
    denominator: int
    threshold: float
    status: Literal["pass", "fail", "error"]


def result_of(
    suite: Suite,
    one: Proved,
    *,
    failed: bool,
    violated: int | None = None,
    denominator: int = 1,
    error: str | None = None,
) -> CheckResult:
    """The result of an expectation of a suite, by default as one check that holds or does not."""
    item = one.item
    return CheckResult(
        kind="table",
        rule=item.rule,
        entity=suite.name,
        column=item.column,
        severity=item.severity,
        reason=f"{item.reason} Could not be run: {error}".strip() if error else item.reason,
        violated=int(failed) if violated is None else violated,
        denominator=denominator,
        threshold=item.threshold,
        status="error" if error else "fail" if failed else "pass",
    )
