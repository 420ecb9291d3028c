"""Extracts without a defect pass every rule and every expectation, warnings included."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cytoreg import suites
from cytoreg.demo import simulate
from cytoreg.landing.kept import attach
from cytoreg.landing.land import land
from cytoreg.linkage import link
from cytoreg.models import build
from cytoreg.project.load import load_project
from cytoreg.rules import judge, load_schemas
from cytoreg.warehouse.connection import open_build

ROOT = Path(__file__).parents[2]
AS_OF = date(2016, 12, 31)


@pytest.fixture(scope="module")
def sound_build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    simulate(folder / "extracts", patients=250, seed=11, defects=False)
    project = load_project(ROOT, extracts=folder / "extracts", data=folder / "data")
    landings = [land(project, source) for source in project.config.sources]
    sql = build.load_models(ROOT / "sql")
    path = folder / "build.duckdb"
    with open_build(path) as con:
        attach(con, landings, "run")
        build.build(con, sql, schemas=("staging",), as_of=AS_OF)
        judge(con, load_schemas(ROOT / "schemas"), as_of=AS_OF)
        link.define_pseudonym(con, "key")
        link.link(con, project.config.linkage, pseudonym_key="key")
        build.build(con, sql, schemas=("registry",), as_of=AS_OF)
    return path


def test_no_rule_finds_anything(sound_build):
    with open_build(sound_build, read_only=True) as con:
        found = con.execute("select rule, count(*) from quality.finding group by rule").fetchall()
    assert found == []


def test_every_row_reaches_the_registry(sound_build):
    with open_build(sound_build, read_only=True) as con:
        for table in (
            "tumor",
            "encounter",
            "diagnosis",
            "procedure",
            "complication",
            "follow_up",
            "laboratory",
        ):
            landed, kept = con.execute(
                f"select (select count(*) from staging.{table}),"
                f" (select count(*) from registry.{table})"
            ).fetchone()
            assert landed == kept > 0, table


def test_every_report_reaches_the_registry_once(sound_build):
    with open_build(sound_build, read_only=True) as con:
        messages, reports, kept, operated = con.execute(
            "select count(*), count(distinct report_number),"
            " (select count(*) from registry.pathology),"
            " (select count(procedure_id) from registry.pathology) from staging.pathology"
        ).fetchone()
    assert messages > reports == kept == operated > 0


def test_every_expectation_holds(sound_build):
    results = suites.judge_tables(sound_build, ROOT / "expectations")
    assert [result.rule for result in results if result.status != "pass"] == []
    assert {result.status for result in results} == {"pass"}
