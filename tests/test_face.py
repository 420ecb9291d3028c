"""`from cytoreg import …`: three functions that are all a program needs, imported when called."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import cytoreg
from cytoreg.errors import ConfigError

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


def test_a_night_from_python(tmp_path: Path) -> None:
    from cytoreg.demo import simulate

    simulate(tmp_path / "extracts", patients=60, defects=False)
    (tmp_path / "data").mkdir()
    project = cytoreg.load_project(
        ROOT, extracts=tmp_path / "extracts", data=str(tmp_path / "data")
    )
    with pytest.raises(ConfigError, match="nothing is published yet"):
        cytoreg.query(project, "select 1")
    night = cytoreg.refresh(project, as_of=date(2016, 12, 31))
    assert night.published
    table = cytoreg.query(project, "select run_id, as_of from quality.run")
    assert table.to_pylist() == [{"run_id": night.run_id, "as_of": date(2016, 12, 31)}]

    judged = cytoreg.refresh(project, as_of=date(2017, 12, 31), publish=False)
    assert not judged.published
    asked = "select year(as_of)::int as year from quality.run"
    for run, private, year in (
        (None, False, 2016),
        (None, True, 2016),
        (judged.run_id, False, 2017),
        (judged.run_id, True, 2017),
        ("last", True, 2017),
        (night.run_id, True, 2016),
    ):
        found = cytoreg.query(project, asked, run=run, private=private)
        assert found["year"].to_pylist() == [year], (run, private)
    people = "select count(*) as n from accepted.patient"
    assert cytoreg.query(project, people, run=night.run_id, private=True)["n"].to_pylist()[0] > 0
    with pytest.raises(ConfigError, match=r"accepted\.patient"):
        cytoreg.query(project, people, run=night.run_id)
    with pytest.raises(ConfigError, match="run yesterday is not kept") as error:
        cytoreg.query(project, "select 1", run="yesterday", private=True)
    assert night.run_id in error.value.remedy
