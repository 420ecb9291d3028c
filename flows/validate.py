"""Judge without publishing, as a Prefect flow: for a delivery that is to be looked at first."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from prefect import flow

from cytoreg.nights import refresh
from cytoreg.project.load import load_project
from cytoreg.scheduling.flows import scrubbed


@flow(name="validate", persist_result=False)
def validate(
    project: str = ".",
    as_of: date | None = None,
    extracts: str | None = None,
    data: str | None = None,
) -> str:
    """Land, judge and report; returns the run's id. Fails when a gate would close."""
    with scrubbed():
        loaded = load_project(
            Path(project),
            extracts=Path(extracts) if extracts else None,
            data=Path(data) if data else None,
        )
        verdict = refresh.refresh(loaded, as_of=as_of, publish=False)
        verdict.raise_if_closed()
        return verdict.run_id
