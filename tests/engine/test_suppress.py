"""A public copy tells no count of few persons, and none can be computed from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import small_registry

from cytoreg.nights.refresh import refresh
from cytoreg.project.config import Suppress
from cytoreg.project.load import load_project
from cytoreg.publication.suppress import Counts, publish_public, suppressed

RULE = Suppress()
SHARES = Counts({"yes": "all", "all": ""}, {"share": "yes"}, ("lower",), ("measure",))


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as published")
        con.execute("create schema published.marts")
        yield con


def shares(con: duckdb.DuckDBPyConnection, *rows: tuple[int, int]) -> list[tuple[object, ...]]:
    """(yes, all, share) of strata with these counts."""
    con.execute(
        'create table published.marts.t (measure varchar, stratum varchar, yes bigint, "all"'
        " bigint, share double, lower double, secret double)"
    )
    for place, (yes, whole) in enumerate(rows):
        con.execute(
            "insert into published.marts.t values ('m', ?, ?, ?, ?, 0.123, 0.987)",
            [str(place), yes, whole, yes / whole],
        )
    made = suppressed(con, "t", {"t": SHARES}, RULE)
    return con.execute(f'select yes, "all", share from ({made}) order by stratum').fetchall()


def test_small_counts_are_left_out_and_others_rounded(con) -> None:
    assert shares(con, (7, 100), (6, 100), (0, 103), (52, 103)) == [
        (None, 100, None),
        (None, 100, None),
        (0, 105, 0.0),
        (50, 105, 50 / 105),
    ]


def test_a_part_is_few_also_where_the_rest_is(con) -> None:
    told = shares(con, (98, 100), (95, 100), (50, 100))
    assert [row[0] for row in told] == [None, None, 50]


def test_of_one_small_count_the_next_smallest_is_left_out_too(con) -> None:
    told = shares(con, (3, 100), (40, 100), (20, 100), (0, 100))
    assert [row[0] for row in told] == [None, 40, None, 0]


def test_no_hidden_counts_add_up_to_a_small_number(con) -> None:
    """Whoever knows a total and subtracts what is told is left with 8 or more."""
    counts = [1, 2, 4, 9, 30]
    told = shares(con, *((count, 200) for count in counts))
    left = sum(count for count, row in zip(counts, told, strict=True) if row[0] is None)
    assert left >= RULE.below


def test_a_rate_is_made_of_rounded_counts(con) -> None:
    ((yes, whole, share),) = shares(con, (371, 423))
    assert (yes, whole, share) == (370, 425, 370 / 425)


def test_what_is_not_declared_stays_inside(con) -> None:
    shares(con, (50, 100))
    made = suppressed(con, "t", {"t": SHARES}, RULE)
    columns = [name for name, *_ in con.execute(f"describe {made}").fetchall()]
    assert columns == ["measure", "stratum", "yes", "all", "share", "lower"]
    assert con.execute(f"select lower from ({made})").fetchall() == [(None,)]
    assert suppressed(con, "t", {}, RULE) == ""


def test_a_curve_steps_where_eight_more_have_died(con) -> None:
    con.execute(
        "create table published.marts.survival_curve as select 'e' as endpoint,"
        " 'all' as stratum_variable, 'all' as stratum, i as time_days, 101 - i as at_risk,"
        " 1 as events, 0 as censored, (100 - i) / 100 as survival from range(1, 101) r(i)"
    )
    made = suppressed(con, "survival_curve", {}, RULE)
    told = con.execute(f"select time_days, at_risk, events, survival from ({made})").fetchall()
    assert [day for day, *_ in told] == [8 * step for step in range(1, 12)]
    assert {events for _, _, events, _ in told} == {8}
    assert all(at_risk % 5 == 0 for _, at_risk, _, _ in told)
    assert told[0] == (8, 95, 8, 0.92)
    assert told[5][3] == pytest.approx(0.5, abs=0.03)  # exact: 0.52


def test_a_public_copy_has_no_mart_of_persons_and_the_internal_file_stays(
    tmp_path: Path,
) -> None:
    project = load_project(small_registry.write(tmp_path / "small"))
    assert refresh(project).published
    before = project.published.read_bytes()
    out = publish_public(project, tmp_path / "web")
    assert project.published.read_bytes() == before
    with duckdb.connect(str(out), read_only=True) as con:
        tables = {
            name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()
        }
        assert "cohort" not in tables
        counts = con.execute(
            "select stratum, patients, events from marts.survival_summary order by all"
        ).fetchall()
        text = str([con.table(f"marts.{name}").fetchall() for name in tables])
    assert counts == [("all", 10, None), ("female", None, None), ("male", None, None)]
    assert "'P" not in text
