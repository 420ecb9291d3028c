"""What a registry may expect of a night, said on a whole refresh of the simulated hospital."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from whole_night import AS_OF, ROOT, assert_balanced, marts_digest

from cytoreg.demo import simulate
from cytoreg.models.build import load_models
from cytoreg.models.file import AS_OF as FIXED
from cytoreg.nights.refresh import refresh
from cytoreg.nights.run import Run, Verdict
from cytoreg.nights.run_folder import steps
from cytoreg.project.load import Project, load_project

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_the_night_is_published(night: tuple[Project, Verdict]) -> None:
    project, verdict = night
    assert verdict.published, verdict.closed
    assert project.published.exists()
    assert verdict.report.exists()


def test_every_figure_of_the_publication_agrees(night: tuple[Project, Verdict]) -> None:
    project, _ = night
    with duckdb.connect(str(project.published), read_only=True) as con:
        rows = con.execute(
            "select figure, stratum, published, observed, agrees from marts.publication_benchmark"
        ).fetchall()
    assert len(rows) == 25
    assert [row for row in rows if not row[4]] == []


def test_every_planted_defect_is_found_by_its_rule(
    night: tuple[Project, Verdict], extracts: Path
) -> None:
    _, verdict = night
    build = verdict.report.parent / "build.duckdb"
    with duckdb.connect(str(build), read_only=True) as con:
        truth = con.read_csv(str(extracts / "truth" / "defects.csv"))  # noqa: F841
        planted, kinds = con.execute(
            "select count(*), count(distinct defect) from truth"
        ).fetchone()
        missed = con.execute(
            """select rule, source, source_table, file, row from truth
            anti join quality.finding using (rule, source, source_table, file, row)"""
        ).fetchall()
    assert kinds >= 40
    assert planted >= kinds
    assert missed == []


def test_the_books_balance_for_each_source_table(night: tuple[Project, Verdict]) -> None:
    project, _ = night
    with duckdb.connect(str(project.published), read_only=True) as con:
        books = con.execute(
            "select source, source_table, landed, accepted, quarantined from quality.balance"
        ).fetchall()
    tables = {
        (name, table) for name, source in project.config.sources.items() for table in source.tables
    }
    assert {row[:2] for row in books} >= tables
    for source, table, landed, accepted, quarantined in books:
        assert landed == accepted + quarantined, (source, table)


@pytest.mark.parametrize(("seed", "defects"), [(1, True), (2, False)])
def test_books_balance_and_clean_data_are_clean_at_other_seeds(
    tmp_path: Path, no_page: None, seed: int, defects: bool
) -> None:
    """test_rates.py says the same of one more seed."""
    simulate(tmp_path / "extracts", patients=300, seed=seed, defects=defects)
    project = load_project(ROOT, extracts=tmp_path / "extracts", data=tmp_path / "data")
    verdict = refresh(project, as_of=AS_OF, publish=False)
    assert_balanced(verdict.report.parent / "build.duckdb", flawed=defects)


def test_unchanged_sources_are_recognized_and_give_the_same_marts(
    night: tuple[Project, Verdict], no_page: None, extracts: Path, tmp_path: Path
) -> None:
    """In another folder, so that nothing but what was landed is there from the first night."""
    project, first = night
    shutil.copytree(project.landing, tmp_path / "landing")
    again = load_project(ROOT, extracts=extracts, data=tmp_path)
    assert again.landing == tmp_path / "landing"
    second = refresh(again, as_of=AS_OF)
    assert second.run_id != first.run_id
    landed = {
        step.source: step.counts
        for step in steps(Run.open(again.data, second.run_id))
        if step.source
    }
    assert len(landed) == len(project.config.sources)
    assert all(counts["reused"] == 1 for counts in landed.values())
    assert marts_digest(again.published) == marts_digest(project.published)


def test_no_table_is_made_by_comparing_every_pair_of_rows(night: tuple[Project, Verdict]) -> None:
    """DuckDB does so for a left join whose condition is more than equal columns."""
    _, verdict = night
    of_short_lists = {"marts.tumor_stage", "marts.biomarker_response"}
    with duckdb.connect(str(verdict.report.parent / "build.duckdb"), read_only=True) as con:
        con.execute("create temp macro pseudonym(kind, key) as md5(kind || key)")
        slow = {
            name
            for name, model in load_models(ROOT / "sql").items()
            if model.schema != "staging"
            and "BLOCKWISE_NL_JOIN"
            in con.execute("explain " + FIXED.sub("date '2016-12-31'", model.sql)).fetchall()[0][1]
        }
    assert slow <= of_short_lists


def test_no_identity_is_in_the_published_file(night: tuple[Project, Verdict]) -> None:
    """No hospital number, case number, name or birth date is a value of any published column."""
    project, verdict = night
    private = verdict.report.parent / "build.duckdb"
    with duckdb.connect(str(project.published), read_only=True) as con:
        con.execute(f"attach '{private}' as private (read_only)")
        con.execute(
            """create temp table identity as
            select distinct unnest([hospital_number, family_name, given_name, birth_date,
                source_patient_number]) as value
            from private.staging.patient
            union select case_number from private.staging.procedure
            union select certificate_number from private.staging.death"""
        )
        # REDCap's record ids are small integers, which also are counts, ages and rows.
        con.execute("delete from identity where value is null or length(value) < 6")
        columns = con.execute(
            """select table_schema, table_name, column_name from information_schema.columns
            where table_catalog = current_database() and table_schema in ('marts', 'quality')
            and data_type in ('VARCHAR', 'DATE', 'BIGINT', 'INTEGER')"""
        ).fetchall()
        leaks = [
            (schema, table, column)
            for schema, table, column in columns
            if con.execute(
                f"""select count(*) from {schema}.{table} t
                semi join identity i on cast(t."{column}" as varchar) = i.value"""
            ).fetchone()
            != (0,)
            # Operation and death dates may fall on somebody's birthday.
            and not column.endswith("_date")
        ]
    assert leaks == []


def test_every_published_table_and_mart_column_says_what_it_is(
    night: tuple[Project, Verdict],
) -> None:
    project, _ = night
    with duckdb.connect(str(project.published), read_only=True) as con:
        silent_tables = con.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = current_database() and comment is null"
        ).fetchall()
        silent_columns = con.execute(
            "select table_name, column_name from duckdb_columns()"
            " where schema_name = 'marts' and comment is null"
            " and database_name = current_database()"
        ).fetchall()
    assert silent_tables == []
    assert silent_columns == []
