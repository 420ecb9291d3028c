"""The engine knows no patient: the person of a registry has the name that cytoreg.toml gives."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from small_registry import write

from cytoreg import load_project, query, refresh


def test_a_registry_of_persons_is_published(tmp_path: Path) -> None:
    project = load_project(write(tmp_path))
    night = refresh(project, as_of=date(2010, 1, 1))
    assert night.published, night.gates
    assert night.counts["persons"] == 12
    found = query(project, "select count(person_id)::int as n from registry.person", private=True)
    assert found["n"].to_pylist() == [12]
    sizes = "select patients from marts.survival_summary where stratum_variable = 'all'"
    assert query(project, sizes)["patients"].to_pylist() == [12]
    assert night.report.is_file()
