"""What a declared measure counts, whom it asks, and how a table is read for it."""

from __future__ import annotations

import duckdb
import pytest

from cytoreg.errors import BuildError, ConfigError
from cytoreg.outcomes.rows import ROWS
from cytoreg.outcomes.summary import SUMMARY, summarize
from cytoreg.project.outcomes import Outcome

BIOPSIES = """
create schema marts;
create table marts.biopsy as from (values
  ('ann', 'left',  'alive',   true,  12.5, 3),
  ('ann', 'right', 'dead',    null,  null, 1),
  ('bob', 'left',  'unknown', false, 11.5, 2),
  ('cid', null,    'alive',   true,  'nan'::double, null),
  ('dan', ' ',     null,      true,  'inf'::double, 4)
) as v(patient, side, status, representative, core_mm, cores)
"""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(BIOPSIES)
    return con


def outcome(measure: dict[str, object], **more: object) -> dict[str, Outcome]:
    measures = more.pop("measures", {"asked": measure})
    section = {"table": "marts.biopsy", "measures": measures, **more}
    return {"biopsy": Outcome.model_validate(section)}


def rows(
    con: duckdb.DuckDBPyConnection, outcomes: dict[str, Outcome], kind: str = "proportion"
) -> dict[tuple[str, str], tuple[object, ...]]:
    summarize(con, outcomes)
    found = con.execute(
        "select stratum_variable, stratum, numerator, denominator, unknown, estimate"
        " from marts.outcome_summary where kind = ?",
        [kind],
    ).fetchall()
    return {(variable, stratum): tuple(figures) for variable, stratum, *figures in found}


def test_a_share_without_a_denominator_is_of_all_that_have_an_answer(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert rows(con, outcome({"share": "representative"})) == {("all", "all"): (3, 4, 1, 0.75)}


def test_rows_outside_the_denominator_are_unknown_whatever_the_share_says(
    con: duckdb.DuckDBPyConnection,
) -> None:
    share = {"share": "status = 'dead'", "of": "status <> 'unknown'"}
    assert rows(con, outcome(share)) == {("all", "all"): (1, 3, 2, 1 / 3)}
    share = {"share": "true", "of": "side = 'left'"}
    assert rows(con, outcome(share)) == {("all", "all"): (2, 2, 3, 1)}


def test_rows_that_are_not_asked_are_not_counted_at_all(con: duckdb.DuckDBPyConnection) -> None:
    among = {"among": "side = 'left'"}
    found = rows(con, outcome({"share": "representative", **among}, strata=["side"]))
    assert found == {("all", "all"): (1, 2, 0, 0.5), ("side", "left"): (1, 2, 0, 0.5)}
    found = rows(con, outcome({"quantity": "cores", **among}, strata=["side"]), "mean")
    assert found == {("all", "all"): (5, 2, 0, 2.5), ("side", "left"): (5, 2, 0, 2.5)}


def test_an_empty_stratum_is_called_unknown(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, outcome({"share": "representative"}, strata={"where": "side"}))
    assert found["where", "unknown"] == (2, 2, 0, 1)
    assert set(found) == {("all", "all"), *(("where", s) for s in ("left", "right", "unknown"))}


def test_a_value_that_is_no_number_is_unknown(con: duckdb.DuckDBPyConnection) -> None:
    # Sums are given of whole numbers only: these are exact.
    assert rows(con, outcome({"quantity": "core_mm"}), "mean") == {("all", "all"): (None, 2, 3, 12)}
    assert rows(con, outcome({"quantity": "cores"}), "mean") == {("all", "all"): (10, 4, 1, 2.5)}


def test_a_quantity_may_be_reckoned_from_several_columns(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, outcome({"quantity": "core_mm / cores -- of each"}), "mean")
    assert found["all", "all"][1:] == (2, 3, pytest.approx((12.5 / 3 + 11.5 / 2) / 2))


def test_a_table_is_read_once_however_many_measures_and_strata(
    con: duckdb.DuckDBPyConnection,
) -> None:
    measures = {f"share_{i}": {"share": f"cores > {i}"} for i in range(20)}
    measures |= {f"number_{i}": {"quantity": f"cores + {i}"} for i in range(20)}
    scans = []

    class Watched:
        """The connection, which counts the statements that read the table's rows."""

        def execute(self, sql: str, *rest: object) -> object:
            if sql.lstrip().startswith(("create", "insert")) and "marts.biopsy" in sql:
                scans.append(sql.count("marts.biopsy"))
            return con.execute(sql, *rest)

    summarize(Watched(), outcome({}, measures=measures, strata=["side", "status", "patient"]))
    assert scans == [1]
    assert con.execute("select count(distinct measure) from marts.outcome_summary").fetchall() == [
        (40,)
    ]


def test_whole_numbers_too_large_for_exact_powers_are_still_counted(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("create table marts.cost as select 4000000000000 + i as cents from range(5) r(i)")
    measures = {"cents": {"quantity": "cents"}}
    section = {"table": "marts.cost", "measures": measures}
    found = rows(con, {"stay": Outcome.model_validate(section)}, "sd")
    assert found["all", "all"] == (None, 5, 0, pytest.approx(1.5811388300841898, rel=1e-12))
    mean = con.execute("select numerator from marts.outcome_summary where kind = 'mean'").fetchall()
    assert mean == [(20000000000010,)]


def test_the_order_of_rows_does_not_show_in_fractions() -> None:
    found = []
    for order in ("i", "hash(i)"):
        con = duckdb.connect()
        con.execute(
            "create schema marts; create table marts.biopsy as select i % 7 as p,"
            f" exp(i / 700) as x from range(5000) as r(i) order by {order}"
        )
        section = outcome({"quantity": "x"}, by="p")
        summarize(con, section | {"other": outcome({"quantity": "x"})["biopsy"]})
        found.append(con.execute("from marts.outcome_summary").fetchall())
    assert found[0] == found[1]
    assert len(found[0]) == 10


def test_an_empty_table_has_no_rows(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.biopsy")
    both = {"share": {"share": "representative"}, "number": {"quantity": "cores"}}
    for by in ("", "patient"):
        summarize(con, outcome({}, measures=both, strata=["side"], by=by))
        assert con.execute("from marts.outcome_summary").fetchall() == []


def test_the_column_of_clusters_is_there_only_where_one_is_declared(
    con: duckdb.DuckDBPyConnection,
) -> None:
    def columns() -> list[str]:
        described = con.execute("describe marts.outcome_summary").fetchall()
        return [name for name, *_ in described]

    summarize(con, outcome({"share": "representative"}))
    assert columns() == [*SUMMARY.columns]
    summarize(con, outcome({"share": "representative"}, by="patient"))
    assert columns() == [*SUMMARY.columns, "interval_by"]


@pytest.mark.parametrize(
    ("measure", "more", "told"),
    [
        (
            {"share": "side"},
            {},
            r"\[outcome.biopsy.measures.asked\] share: side is VARCHAR, not a condition",
        ),
        ({"share": "true", "of": "cores"}, {}, r"asked\] of: cores is INTEGER, not a condition"),
        ({"quantity": "side"}, {}, r"asked\] quantity: side is VARCHAR, not a number"),
        ({"share": "sidde = 'left'"}, {}, r"asked\] share: .*sidde"),
        (
            {"share": "true"},
            {"strata": ["sidde"]},
            r"\[outcome.biopsy\] strata: .* no column sidde",
        ),
        ({"share": "true"}, {"by": "person"}, r"\[outcome.biopsy\] by: .* no column person"),
        (
            {"share": "true"},
            {"table": "marts.biopsies"},
            r"table: there is no table marts.biopsies",
        ),
    ],
)
def test_what_the_table_does_not_have_is_told_with_its_place(
    con: duckdb.DuckDBPyConnection, measure: dict[str, object], more: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        summarize(con, outcome(measure, **more))
    assert raised.value.remedy


def test_a_failure_on_values_quotes_none_of_them(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(BuildError, match=r"\[outcome.biopsy\] failed") as raised:
        summarize(con, outcome({"quantity": "cast(patient as integer)"}))
    assert "ann" not in str(raised.value)


def test_nothing_of_the_rows_is_left_behind(con: duckdb.DuckDBPyConnection) -> None:
    summarize(con, outcome({"quantity": "cores"}))
    left = con.execute("select table_name from duckdb_tables() where temporary").fetchall()
    assert left == []
    assert ROWS not in {name for (name,) in con.execute("show tables").fetchall()}
