"""Rehearse a refresh on empty tables, so that what does not compile is found in the daytime.

The stages of a refresh run in order, in a temporary folder, on landings that have each source's
columns and no records. Nothing is written elsewhere. To learn its columns, a few records of each
source are read; if the source is away, its newest landing is used.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg import manifest
from cytoreg.errors import ConfigError, CytoregError, kind_and_place
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import remember_landing
from cytoreg.nights.stage import stage
from cytoreg.progress import Progress, quiet
from cytoreg.system.machine import interrupted

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.project.load import Project

__all__ = ["rehearse"]

_AS_OF = date(2000, 1, 1)
_FINGERPRINT = "rehearsal"


def rehearse(project: Project) -> Iterator[tuple[str, bool, str]]:
    """(stage, whether it compiles, what it counted or what is wrong), up to the first that fails.

    What is wrong is described without any value from the data.
    """
    from cytoreg.nights import stages
    from cytoreg.nights.run_key import REHEARSAL

    with tempfile.TemporaryDirectory(prefix="cytoreg-") as folder:
        data = Path(folder)
        run = Run(REHEARSAL, project.root, project.extracts, data, _AS_OF, project.time_zone)
        run.folder.mkdir(parents=True)
        for stage in (_land, *stages.STAGES):
            if stage is stages.judge_sources:
                continue  # it compares with earlier runs: there is nothing to compile
            try:
                counts = stage(run)
                if stage in (stages.judge_tables, stages.judge_marts):
                    _check_expectations(run)
            except CytoregError as error:
                yield stage.name, False, str(error)
                return
            except Exception as error:
                if interrupted(error):
                    raise KeyboardInterrupt from None
                yield stage.name, False, f"unexpected {kind_and_place(error)}; no values shown"
                return
            yield stage.name, True, _told(counts)


def _told(counts: dict[str, int]) -> str:
    """What a stage counted; without records, results of expectations are meaningless."""
    told = [f"{count} {name}" for name, count in counts.items() if count and name != "failed"]
    return ", ".join(told) or "compiles"


@stage("landings")
def _land(run: Run, _: Progress) -> dict[str, int]:
    """Make empty landings with the columns that each source has now."""
    from cytoreg.landing.writing import Writing
    from cytoreg.sources.items import Rows

    tables = 0
    for source, config in run.project.config.sources.items():
        home = run.project.landing / source / _FINGERPRINT
        home.mkdir(parents=True)
        with Writing(source, config, home, quiet) as writing:
            for table, schema in _schemas(run.project, source).items():
                writing.take(Rows(table, schema.empty_table()))
        landing = manifest.Landing(
            source, config.kind, _FINGERPRINT, home, "", 0, "", "", [], writing.tables(), []
        )
        manifest.write(landing, home)
        remember_landing(run, source, _FINGERPRINT)
        tables += len(landing.tables)
    return {"tables": tables}


def _schemas(project: Project, source: str) -> dict[str, pa.Schema]:
    """The columns of each table of a source."""
    import pyarrow.parquet as pq

    from cytoreg.landing.kept import newest
    from cytoreg.sources.drops.fetch import glimpsed
    from cytoreg.sources.items import Rows
    from cytoreg.sources.kinds import sampling

    config = project.source(source)
    found: dict[str, pa.Schema] = {}
    try:
        with glimpsed(source, config, project.extracts) as delivery:
            for item in sampling(source, config, delivery.extracts):
                if isinstance(item, Rows) and item.table in config.tables:
                    found.setdefault(item.table, item.rows.schema)
                    if found.keys() == config.tables.keys():
                        break
    except CytoregError:
        landing = newest(project, source)
        if landing is None:
            raise
        for table in config.tables:
            with suppress(OSError):
                found[table] = pq.read_schema(landing.folder / f"{table}.parquet")
    return found


def _check_expectations(run: Run) -> None:
    """Raise ConfigError for expectations that the stage has recorded as not runnable."""
    from cytoreg.warehouse.connection import open_build

    with open_build(run.build, read_only=True) as con:
        broken: list[tuple[str, str]] = con.execute(
            "select rule, regexp_extract(reason, 'Could not be run: (.*)', 1, 's')"
            " from quality.check_result where kind = 'table' and status = 'error' order by rule"
        ).fetchall()
    if broken:
        told = "; ".join(f"{rule} ({why.rstrip('.')})" for rule, why in broken)
        raise ConfigError(
            f"expectations that cannot be run: {told}",
            remedy="correct their type, columns and arguments in expectations/",
        )
