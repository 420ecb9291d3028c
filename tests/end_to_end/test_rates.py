"""Whatever share of records is wrong or unusual, the marts say what they say of clean ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from whole_night import AS_OF, ROOT, assert_balanced

from cytoreg.demo import simulate
from cytoreg.nights import finish
from cytoreg.nights.refresh import refresh
from cytoreg.project.load import load_project

PATIENTS, SEED = 250, 5
LOSES = ("unparsable", "case_number.required", "hospital_number", "patient_exists")
"""Ends of the rules that find what costs a record: its key, its person or all of it."""


@dataclass(frozen=True)
class Night:
    """What one night found."""

    published: bool
    figures: Mapping[tuple[str, str], tuple[float | None, float | None, float | None]]
    persons: int
    deaths: int
    operations: int
    reports: int


def _night(folder: Path, rate: float | None) -> Night:
    simulate(folder / "extracts", patients=PATIENTS, seed=SEED, defects=rate is not None, rate=rate)
    project = load_project(ROOT, extracts=folder / "extracts", data=folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finish, "write_report", lambda *_: None)
        verdict = refresh(project, as_of=AS_OF)
    build = verdict.report.parent / "build.duckdb"
    assert_balanced(build, flawed=rate is not None)
    with duckdb.connect(str(build), read_only=True) as con:
        figures = con.execute(
            "select figure, stratum, observed, lower, upper from marts.publication_benchmark"
        ).fetchall()
        counts = con.execute(
            """select (select count(*) from registry.patient),
              (select count(*) from registry.vital_status where status = 'dead'),
              (select count(*) from registry.procedure),
              (select count(*) from registry.pathology where stands)"""
        ).fetchone()
    assert counts is not None
    return Night(
        verdict.published, {(name, stratum): rest for name, stratum, *rest in figures}, *counts
    )


def _lost(folder: Path, table: str) -> int:
    """Records of a table that the truth says were made unreadable or nobody's."""
    with duckdb.connect() as con:
        found = con.execute(
            "select count(*) from read_csv($path) where source_table = $table"
            " and exists (select 1 from unnest($ends) as e(ending) where suffix(rule, ending))",
            {"path": str(folder / "extracts/truth/defects.csv"), "table": table, "ends": [*LOSES]},
        ).fetchone()
    assert found is not None
    return int(found[0])


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return _night(tmp_path_factory.mktemp("clean"), None)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_figures_stay_within_the_intervals_of_clean_records(
    clean: Night, rate: float, tmp_path: Path
) -> None:
    flawed = _night(tmp_path, rate)
    assert clean.published and flawed.published
    assert (flawed.persons, flawed.deaths) == (clean.persons, clean.deaths)
    # What stays of operations and reports is all but what lost its key, its person or its line.
    assert clean.operations - _lost(tmp_path, "cases") <= flawed.operations <= clean.operations
    assert clean.reports - _lost(tmp_path, "report") <= flawed.reports <= clean.reports
    outside = {
        name: (observed, flawed.figures[name][0])
        for name, (observed, lower, upper) in clean.figures.items()
        if not _within(flawed.figures[name][0], lower, upper) and observed is not None
    }
    assert outside == {}


def _within(value: float | None, lower: float | None, upper: float | None) -> bool:
    """Whether a figure lies within an interval, of which an end may be open."""
    return (
        value is not None
        and (lower is None or value >= lower)
        and (upper is None or value <= upper)
    )
