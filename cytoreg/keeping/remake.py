"""Remake a kept run from rewritten landings, by the same stages.

Its verdict stays: the original run decided whether its gates held. Their counts are renewed.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.nights import endings, finish
from cytoreg.nights.declared import declares_marts
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import durations, keep_step, keep_verdict, read_verdict, steps
from cytoreg.nights.run_key import run_key
from cytoreg.nights.stages import STAGES, VALIDATION
from cytoreg.progress import Progress, quiet
from cytoreg.publication import privacy, publish
from cytoreg.publication.gates import Gate, retell
from cytoreg.system import durable
from cytoreg.warehouse.connection import comment, literal, open_build

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["BUILD", "is_made", "remake"]

BUILD = "build.duckdb"
_MADE = {BUILD, f"{BUILD}.wal", publish.PUBLIC, publish.DIGEST, "report.html", "report.html.part"}


def is_made(name: str) -> bool:
    """Whether a run makes this file or folder of its own from its landings, whole or half."""
    return name in _MADE or name.startswith(".")


def remake(run: Run, data: Path, progress: Progress = quiet) -> Run:
    """Remake a run in the data folder `data`, with its landings and a list of the forgotten."""
    again = replace(run, data=data)

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name == "steps" or is_made(name)}

    shutil.copytree(run.folder, again.folder, ignore=left_out)
    for step in steps(run):
        if step.source:
            keep_step(again, step)
    for stage in VALIDATION if run.purpose == "validate" else STAGES:
        stage(again, progress)
    with open_build(again.build) as con:
        con.execute(f"attach {literal(str(run.build))} as former (read_only)")
        decided = [
            Gate(*row) for row in con.execute("select * from former.quality.gate").fetchall()
        ]
        con.execute("detach former")
        expected = run.purpose != "validate" and declares_marts(run.project)
        told = retell(con, run.project.config.gates, decided, marts_expected=expected)
        policy = privacy.policy_of(again.project)
        finish.describe(con, again, policy)
        outputs = finish.sizes(con)
        _point(con, data, run.data)
    publish.export(
        again.build,
        again.folder / publish.PUBLIC,
        pseudonym_key=run_key(again),
        policy=policy,
    )
    ending = endings.read(again)
    if ending:
        ending = replace(ending, outputs=outputs, tables=finish.counted(again))
        durable.write(again.folder / endings.NAME, json.dumps(asdict(ending)))
    verdict = read_verdict(again)
    published = verdict.counts.get("published", 0)
    counts = finish.totals(again) | {"published": published}
    retold = {gate.name: gate for gate in told}
    gates = [retold.get(gate.name, gate) for gate in verdict.gates]
    status = ending.status if ending else "published"
    finish.write_report(again, "closed" if status in ("gate closed", "held") else status)
    keep_verdict(
        again,
        replace(verdict, gates=gates, counts=counts, durations=durations(again), report=run.report),
    )
    return again


def _point(con: DuckDBPyConnection, made_in: Path, data: Path) -> None:
    """Change the views of landings to the place where these will be."""
    views: list[tuple[str, str, str]] = con.execute(
        "select view_name, sql, comment from duckdb_views()"
        " where schema_name = 'landing' and not internal"
    ).fetchall()
    for name, sql, told in views:
        moved = sql.replace(str(made_in / "landing"), str(data / "landing"))
        con.execute(moved.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
        comment(con, f"landing.{name}", told)
