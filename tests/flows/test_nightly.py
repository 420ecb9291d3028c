"""`nightly_refresh` as Prefect really runs it, and what it leaves in Prefect's records."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from prefect_records import AS_OF, NIGHTS, ask, cytoreg, everything, identities

STATES = "select name, state_name from task_run order by start_time"


def refresh(registry: Path, **environment: str):
    return cytoreg("refresh", "--as-of", AS_OF, "--json", cwd=registry, **environment)


@pytest.fixture(scope="module")
def refreshed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:

    folder = Path(
        shutil.copytree(made, tmp_path_factory.mktemp("night") / "registry", symlinks=True)
    )
    done = refresh(folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published"] is True
    return folder


def test_a_night_is_a_task_a_source_and_a_task_a_stage(refreshed: Path) -> None:
    tasks = ask(refreshed, STATES)
    assert sorted(name for name, _ in tasks) == sorted(NIGHTS)
    assert {state for _, state in tasks} == {"Completed"}
    assert ask(refreshed, "select name, state_name from flow_run")[0][1] == "Completed"


def test_prefects_records_hold_counts_and_no_patient(refreshed: Path) -> None:
    kept = everything(refreshed)
    assert re.search(r"landed [\d,]+, accepted [\d,]+, quarantined \d+", kept)
    people = identities(refreshed)
    assert len(people) > 100
    words = set(re.findall(r"(?<![\w-])[\w-]+(?:, \w+)?(?![\w-])", kept))
    assert people & words == set()
    assert ask(refreshed, "select count(*) from artifact") == [(0,)]


def test_a_source_that_fails_wastes_no_other_sources_work(registry: Path) -> None:
    (registry / "extracts/or_log/or_log_2010.csv").write_bytes(b"")
    done = refresh(registry)
    assert done.returncode == 3
    assert "source or_log: or_log/or_log_2010.csv is empty" in done.stderr
    assert "Traceback" not in done.stderr
    states = dict(ask(registry, STATES))
    assert states.pop("land or_log") == "Failed"
    assert states == {
        name: "Completed" for name in NIGHTS if name[:4] == "land" and name != "land or_log"
    }
    assert ask(registry, "select state_name from flow_run") == [("Failed",)]


def test_a_server_that_is_away_is_waited_for(registry: Path) -> None:
    done = refresh(registry, HOSPITAL_URL="postgresql://nobody:s3cret@127.0.0.1:9/hospital")
    assert done.returncode == 3
    assert "no server answers there" in done.stderr
    assert "no server answers there; waiting for it" in done.stderr
    assert dict(ask(registry, STATES))["land hospital"] == "Failed"
    assert "s3cret" not in everything(registry) + done.stderr + done.stdout


def test_an_unexpected_error_tells_prefect_its_kind_and_place_only(registry: Path) -> None:
    model = registry / "sql/registry/vital_status.sql"
    header = "/* One row per patient.\ngrain: patient\n*/\n"
    model.write_text(
        f"{header}select cast(family_name as integer) as patient from accepted.patient"
    )
    done = refresh(registry)
    assert done.returncode == 2
    assert "ConversionException" in done.stderr
    kept = everything(registry)
    assert "ConversionException" in kept
    told = done.stderr + done.stdout + kept
    names = {value.split(",")[0] for value in identities(registry) if "," in value}
    assert len(names) > 20
    assert names & set(re.findall(r"\w+", told)) == set()


def test_a_closed_gate_is_a_failed_flow_and_exit_code_1(registry: Path) -> None:
    config = registry / "cytoreg.toml"
    config.write_text(
        config.read_text("utf-8").replace("max_quarantined = 0.50", "max_quarantined = 0.0"),
        "utf-8",
    )
    done = refresh(registry)
    assert done.returncode == 1
    assert "gate closed: quarantined_share" in done.stderr
    assert json.loads(done.stdout)["published"] is False
    assert ask(registry, "select state_name from flow_run") == [("Failed",)]


def test_a_server_that_stays_away_leaves_its_last_landing_in_use(
    refreshed: Path, tmp_path: Path
) -> None:
    registry = Path(shutil.copytree(refreshed, tmp_path / "registry", symlinks=True))
    done = refresh(registry, HOSPITAL_URL="postgresql://nobody:s3cret@127.0.0.1:9/hospital")
    assert done.returncode == 0, done.stderr
    assert "its last landing (0 hours old) is used" in done.stderr
    gates = {gate["name"]: gate["detail"] for gate in json.loads(done.stdout)["gates"]}
    assert gates["sources"] == "7 unchanged, 1 away, 1 warning"
    assert "s3cret" not in everything(registry) + done.stderr + done.stdout
