"""`nightly_refresh` as Prefect really runs it, and what it leaves in Prefect's records."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kept_registry import Person
from prefect_records import AS_OF, ask, cytoreg, everything, made

from cytoreg.scheduling.server import prefect_server

SOURCES = ("office", "clinic", "study", "index")
STAGES = ("staging", "judge sources", "judge rows", "assemble", "judge tables", "materialize")
STAGES += ("judge marts", "publish")
NOBODY = "postgresql://nobody:s3cret@127.0.0.1:9/clinic"
FLOW = "select id, state_name from flow_run order by created desc limit 1"
STATES = f"select name, state_name from task_run where flow_run_id = (select id from ({FLOW}))"


def refresh(registry: Path, **environment: str):
    return cytoreg("refresh", "--as-of", AS_OF, "--json", cwd=registry, **environment)


@pytest.fixture(scope="module")
def refreshed(prefect_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small registry after a night with a server of its own."""
    folder = made(tmp_path_factory.mktemp("refreshed") / "registry", prefect_home)
    done = refresh(folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published"] is True
    return folder


def test_a_night_is_a_task_a_source_and_a_task_a_stage(refreshed: Path) -> None:
    tasks = ask(refreshed, STATES)
    assert sorted(name for name, _ in tasks) == sorted(
        [*(f"land {source}" for source in SOURCES), *STAGES]
    )
    assert {state for _, state in tasks} == {"Completed"}
    assert ask(refreshed, FLOW)[0][1] == "Completed"


def test_prefects_records_hold_counts_and_no_patient(refreshed: Path) -> None:
    kept = everything(refreshed)
    assert re.search(r"landed [\d,]+, accepted [\d,]+, quarantined \d+", kept)
    people = {value for number in range(12) for value in Person(number).canaries}
    assert len(people) > 100
    words = set(re.findall(r"(?<![\w-])[\w-]+(?:, \w+)?(?![\w-])", kept))
    assert people & words == set()
    assert ask(refreshed, "select count(*) from artifact") == [(0,)]


@pytest.fixture(scope="module")
def server(prefect_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server for the nights of this module that need none of their own: the folder above it."""
    root = tmp_path_factory.mktemp("server")
    home = Path(shutil.copytree(prefect_home, root / "data/prefect"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PREFECT_HOME", str(home))
        with prefect_server(home, scheduling=False, meanwhile=lambda _: None):
            yield root


def test_a_source_that_fails_wastes_no_other_sources_work(server: Path, registry: Path) -> None:
    (registry / "extracts/office/people.csv").write_bytes(b"")
    done = refresh(registry)
    assert done.returncode == 3
    assert "source office: office/people.csv is empty" in done.stderr
    assert "Traceback" not in done.stderr
    states = {"clinic": "Completed", "study": "Completed", "index": "Completed", "office": "Failed"}
    assert dict(ask(server, STATES)) == {f"land {name}": how for name, how in states.items()}
    assert ask(server, FLOW)[0][1] == "Failed"


def test_a_server_that_is_away_is_waited_for(server: Path, registry: Path) -> None:
    done = refresh(registry, CLINIC_URL=NOBODY)
    assert done.returncode == 3
    assert "no server answers there" in done.stderr
    assert "no server answers there; waiting for it" in done.stderr
    assert dict(ask(server, STATES))["land clinic"] == "Failed"
    assert "s3cret" not in everything(server) + done.stderr + done.stdout


def test_an_unexpected_error_tells_prefect_its_kind_and_place_only(
    server: Path, registry: Path
) -> None:
    (registry / "sql/registry/visit.sql").write_text(
        "/* One row a visit.\ngrain: visit_id\n*/\n"
        "select cast(family_name as integer) as visit_id from accepted.person"
    )
    done = refresh(registry)
    assert done.returncode == 2
    assert "ConversionException" in done.stderr
    kept = everything(server)
    assert "ConversionException" in kept
    told = set(re.findall(r"\w+", done.stderr + done.stdout + kept))
    assert {Person(number).family for number in range(12)} & told == set()


def test_a_closed_gate_is_a_failed_flow_and_exit_code_1(server: Path, registry: Path) -> None:
    config = registry / "cytoreg.toml"
    config.write_text(
        config.read_text("utf-8").replace("max_refused = 0.5", "max_refused = 0.0"), "utf-8"
    )
    done = refresh(registry)
    assert done.returncode == 1
    assert "gate closed: refused_share" in done.stderr
    assert json.loads(done.stdout)["published"] is False
    assert ask(server, FLOW)[0][1] == "Failed"


def test_a_server_that_stays_away_leaves_its_last_landing_in_use(
    server: Path, registry: Path
) -> None:
    assert refresh(registry).returncode == 0
    done = refresh(registry, CLINIC_URL=NOBODY)
    assert done.returncode == 0, done.stderr
    assert "its last landing (0 hours old) is used" in done.stderr
    gates = {gate["name"]: gate["detail"] for gate in json.loads(done.stdout)["gates"]}
    assert gates["sources"] == "3 unchanged, 1 away, 1 warning"
    assert "s3cret" not in everything(server) + done.stderr + done.stdout
