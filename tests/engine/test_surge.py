"""A surge of findings closes its gate until somebody accepts it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cytoreg.publication import surge
from cytoreg.warehouse import quality


def build(path: Path, findings: int, rows: int, rule: str = "patient.alive_after_death") -> Path:
    """A file with so many findings of a rule in so many rows of a source table."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute("create schema quality")
        quality.ensure(con, "finding", "balance", "check_result")
        con.execute(
            "insert into quality.balance values ('ehr', 'people', 'patient', ?, ?, 0, 0)",
            [rows, rows],
        )
        con.execute(
            f"{quality.TABLES['check_result'].into(*quality.COUNTED)} "
            " values ('row', ?, 'patient', null, 'warning', '', ?, ?, 0, 'pass')",
            [rule, findings, rows],
        )
        con.execute(
            "insert into quality.finding (rule, source, source_table)"
            " select ?, 'ehr', 'people' from range(?)",
            [rule, findings],
        )
    return path


def passed(folder: Path, before: tuple[int, int], now: tuple[int, int], **more: str) -> bool:
    previous = build(folder / "published.duckdb", *before)
    with duckdb.connect(str(build(folder / "build.duckdb", *now, **more))) as con:
        return surge.gate(con, previous, ()).passed


def test_a_surge_closes_the_gate_and_is_told_in_counts(tmp_path: Path) -> None:
    previous = build(tmp_path / "published.duckdb", 10, 1000)
    with duckdb.connect(str(build(tmp_path / "build.duckdb", 300, 1100))) as con:
        gate = surge.gate(con, previous, ())
        assert not gate.passed
        told = "patient.alive_after_death in ehr.people: 300 of 1,100 after 10 of 1,000"
        assert told in gate.detail
        assert surge.gate(con, previous, ("ehr",)).passed
        assert surge.gate(con, None, ()).passed


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((10, 1000), (60, 1000)),
        ((0, 20), (8, 20)),
        ((300, 1000), (600, 2000)),
        ((0, 500), (40, 500)),
    ],
)
def test_chance_few_rows_and_growth_close_nothing(
    tmp_path: Path, before: tuple[int, int], now: tuple[int, int]
) -> None:
    assert passed(tmp_path, before, now)


def test_findings_where_there_were_none_are_a_surge_and_a_new_rule_is_none(tmp_path: Path) -> None:
    assert not passed(tmp_path, (0, 1000), (200, 1000))
    assert passed(tmp_path, (0, 1000), (200, 1000), rule="patient.new_rule")


def test_an_unreadable_published_file_closes_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "published.duckdb"
    broken.write_bytes(b"broken" * 10_000)
    with duckdb.connect(str(build(tmp_path / "build.duckdb", 200, 1000))) as con:
        assert surge.gate(con, broken, ()).passed
