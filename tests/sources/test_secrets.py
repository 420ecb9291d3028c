"""No secret of a source's url is in what a run keeps or says, whatever becomes of the source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cytoreg.errors import SourceError
from cytoreg.nights import ledger
from cytoreg.nights.refresh import running
from cytoreg.nights.stages import land_source
from cytoreg.project.load import Project

SECRET = "pl4nted-s3cret"
AWAY = {
    "sql": f"""
[sources.one]
kind = "sql"
url = "postgresql://reader:{SECRET}@127.0.0.1:9/hospital?password={SECRET}"
tables = {{ patients = "patient" }}
deadline_minutes = 0.01
[sources.one.columns]
patients = ["mrn"]
""",
    "redcap": f"""
[sources.one]
kind = "redcap"
url = "http://reader:{SECRET}@127.0.0.1:9/api/?token={SECRET}"
token_env = "PLANTED_TOKEN"
tables = {{ enrollment = "patient" }}
deadline_minutes = 0.01
""",
    "fhir": """
[sources.one]
kind = "fhir"
url = "http://127.0.0.1:9/fhir"
token_env = "PLANTED_TOKEN"
tables = { patient = "patient" }
views = { patient = "patient.json" }
deadline_minutes = 0.01
""",
}
VIEW = '{"resource": "Patient", "select": [{"column": [{"name": "id", "path": "id"}]}]}'


@pytest.mark.parametrize("kind", AWAY)
def test_a_planted_secret_is_nowhere(
    kind: str,
    project: Callable[[str], Project],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("PLANTED_TOKEN", SECRET)
    (tmp_path / "patient.json").write_text(VIEW)
    registry = project(AWAY[kind])
    told: list[object] = []
    with pytest.raises(SourceError) as caught, running(registry, None) as run:
        land_source(run, "one", lambda *each: told.append(each))
    (remembered,) = ledger.runs(registry.ledger_url)
    assert remembered.status == "failed"
    assert "127.0.0.1:9" in str(remembered.error)
    assert SECRET not in f"{caught.value}{told}{remembered}{caplog.text}"
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite" for path in kept)
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
