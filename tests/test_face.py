"""`from cytoreg import …`: the functions that a program needs, imported when they are called."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import kept_registry
import pyarrow as pa
import pytest

import cytoreg
from cytoreg.errors import ConfigError
from cytoreg.nights.run import Verdict
from cytoreg.project.load import Project

ROOT = Path(__file__).resolve().parents[1]


def test_importing_cytoreg_is_cheap() -> None:
    asked = "import sys, cytoreg; print([m for m in sys.modules if m.split('.')[0] in {heavy!r}])"
    heavy = ["duckdb", "pydantic", "pandas", "pyarrow", "prefect", "numpy", "typer"]
    done = subprocess.run(
        [sys.executable, "-c", asked.format(heavy=heavy)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_its_functions_are_functions_whatever_else_is_imported() -> None:
    import cytoreg.nights.refresh
    import cytoreg.publication.query

    for name in cytoreg.__all__:
        assert name == "__version__" or callable(getattr(cytoreg, name))


def test_nothing_answers_before_the_first_night(tmp_path: Path) -> None:
    project = cytoreg.load_project(ROOT, data=tmp_path)
    with pytest.raises(ConfigError, match="nothing is published yet"):
        cytoreg.query(project, "select 1")


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Verdict, Verdict]:
    """A small project, a night that was published, and a validation of what came later."""
    root = kept_registry.write(tmp_path_factory.mktemp("kept") / "registry")
    project = cytoreg.load_project(root)
    night = cytoreg.refresh(project, as_of=date(2020, 12, 31))
    kept_registry.deliver(root, new="later")
    return project, night, cytoreg.validate(project, as_of=date(2021, 12, 31))


def test_a_night_from_python(nights: tuple[Project, Verdict, Verdict]) -> None:
    project, night, judged = nights
    assert night.published
    assert not judged.published
    table = cytoreg.query(project, "select run_id, as_of from quality.run")
    assert table.to_pylist() == [{"run_id": night.run_id, "as_of": date(2020, 12, 31)}]

    asked = "select year(as_of)::int as year from quality.run"
    for run, private, year in (
        (None, False, 2020),
        (None, True, 2020),
        (judged.run_id, False, 2021),
        (judged.run_id, True, 2021),
        ("last", True, 2021),
        (night.run_id, True, 2020),
    ):
        found = cytoreg.query(project, asked, run=run, private=private)
        assert found["year"].to_pylist() == [year], (run, private)
    people = "select count(*) as n from accepted.person"
    assert cytoreg.query(project, people, run=night.run_id, private=True)["n"].to_pylist()[0] > 0
    with pytest.raises(ConfigError, match=r"accepted\.person"):
        cytoreg.query(project, people, run=night.run_id)
    with pytest.raises(ConfigError, match="run yesterday is not kept") as error:
        cytoreg.query(project, "select 1", run="yesterday", private=True)
    assert night.run_id in error.value.remedy


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """A validation of flawed extracts of the reference project."""
    from cytoreg.demo import simulate

    folder = tmp_path_factory.mktemp("registry")
    simulate(folder / "extracts", patients=60)
    project = cytoreg.load_project(ROOT, extracts=folder / "extracts", data=str(folder / "data"))
    return cytoreg.validate(project, as_of=date(2017, 12, 31))


@pytest.mark.parametrize("name", ["patient", "procedure"])
def test_judge_finds_in_a_staged_table_what_the_night_found(judged: Verdict, name: str) -> None:
    """By rules that look at the entity alone: of others the night also knows who is who."""
    from cytoreg.rules import load_schemas
    from cytoreg.rules.requirement import Exists, Has, Pairwise

    schemas = load_schemas(ROOT / "schemas")

    build = duckdb.connect(str(judged.report.parent / "build.duckdb"), read_only=True)

    def ask(sql: str) -> pa.Table:
        return build.sql(sql).to_arrow_table()

    needed = {name}
    while (
        more := {
            rule.test.other
            for one in needed
            for rule in schemas[one].rules
            if isinstance(rule.test, Exists | Has | Pairwise)
        }
        - needed
    ):
        needed |= more
    staged = {one: ask(f"select * from staging.{one}") for one in needed}
    found = cytoreg.judge(
        schemas[name].model,
        staged[name],
        as_of=date(2017, 12, 31),
        others={schemas[one].model: staged[one] for one in needed - {name}},
    )
    alone = {
        rule.id
        for rule in schemas[name].rules
        if not isinstance(rule.test, Exists | Has | Pairwise) or rule.test.other == name
    }
    told = ask(
        'select rule, severity, source, source_table, file, "row", "column", reason'
        f" from quality.finding where entity = '{name}'"
    )
    expected = [tuple(row.values()) for row in told.to_pylist() if row["rule"] in alone]
    lineage = [
        tuple(row.values())
        for row in staged[name].select(["_source", "_table", "_file", "_row"]).to_pylist()
    ]
    got = [
        (row["rule"], row["severity"], *lineage[row["row"] - 1], row["column"], row["reason"])
        for row in found.to_pylist()
        if row["rule"] in alone
    ]
    assert len({rule for rule, *_ in got}) > 2
    assert sorted(got, key=str) == sorted(expected, key=str)
    build.close()
