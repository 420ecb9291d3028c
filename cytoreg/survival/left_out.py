"""Patients left out of an endpoint's estimates, and why: counted, and listed if they have an id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cytoreg.survival.analysis import Analysis
from cytoreg.survival.reasons import Reasons, first
from cytoreg.survival.tables import ORIGIN, STRATUM
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

ALL_ESTIMATES = "all estimates"
BESIDE_POPULATION = "life table"
MODEL = "cox model"
TESTS = "tests by "
"""Followed by the stratum variable whose value is missing."""

_FROM = Column(
    "varchar",
    "what they are left out of: all estimates; life table (expected and net survival, life"
    " expectancy); cox model; tests by a stratum variable",
)
_REASON = Column("varchar", "why; the first reason that holds")
LEFT_OUT = Table(
    "marts.survival_left_out",
    "Patients of a cohort who are left out of estimates, and why. A patient is counted once in each"
    " left_out_of. Grain: endpoint, left_out_of, reason.",
    {
        "endpoint": STRATUM["endpoint"],
        "left_out_of": _FROM,
        "reason": _REASON,
        "patients": Column("bigint", "patients left out for this reason"),
        "of_patients": Column("bigint", "patients in the cohort"),
        **ORIGIN,
    },
    ("endpoint", "left_out_of", "reason"),
)
LEFT_OUT_PATIENT = Table(
    "marts.survival_left_out_patient",
    "Who is left out of all estimates of an endpoint, or of those beside a life table, and why; for"
    " cohorts that name their patients (`patient` in cytoreg.toml). Grain: endpoint, left_out_of,"
    " patient.",
    {
        "endpoint": STRATUM["endpoint"],
        "left_out_of": _FROM,
        "reason": _REASON,
        "patient": Column("varchar", "the patient, as the cohort names them"),
        **ORIGIN,
    },
    ("endpoint", "left_out_of", "patient"),
)


def estimate(analysis: Analysis) -> Iterator[tuple[Table, pd.DataFrame]]:
    """The patients who are on no curve of an endpoint."""
    return _rows(analysis, ALL_ESTIMATES, "reason", by_name=True)


def left_out(
    analysis: Analysis, left_out_of: str, reasons: Reasons, *, by_name: bool = False
) -> Iterator[tuple[Table, pd.DataFrame]]:
    """The patients left out of one kind of estimate, among those on the curves.

    Rows of both tables, of LEFT_OUT_PATIENT only if `by_name`.
    """
    reason = f"case when reason is null then {first(reasons)} end"
    return _rows(analysis, left_out_of, reason, by_name=by_name)


def _rows(
    analysis: Analysis, left_out_of: str, reason: str, *, by_name: bool
) -> Iterator[tuple[Table, pd.DataFrame]]:
    told = analysis.everybody.project(f"{reason} as reason, patient").filter("reason is not null")
    counts = told.aggregate("reason, count(*) as patients", "reason").df()
    if not len(counts):
        return
    named = counts.assign(left_out_of=left_out_of, of_patients=analysis.patients)
    yield LEFT_OUT, analysis.named(named)
    if by_name:
        patients = told.filter("patient is not null").df()
        yield LEFT_OUT_PATIENT, analysis.named(patients.assign(left_out_of=left_out_of))
