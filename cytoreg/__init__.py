"""cytoreg: data quality and ETL for clinical registries.

Land, then build, never edit: source systems' records become immutable Parquet, every row is
judged by declared rules, every row is accounted for, and outcome and survival marts are
published by one rename.

From Python three functions are enough:

    from cytoreg import load_project, query, refresh

    project = load_project("my-registry")
    night = refresh(project, as_of=date(2016, 12, 31))
    print(night.run_id, night.published)
    table = query(project, "select * from marts.publication_benchmark")

What they need is imported when they are called. Other modules are for cytoreg's own use and for a
project's flows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.system.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import pyarrow as pa

    from cytoreg.nights.run import Verdict
    from cytoreg.project.load import Project

__all__ = ["__version__", "load_project", "query", "refresh"]


def load_project(
    folder: Path | str | None = None,
    *,
    extracts: Path | str | None = None,
    data: Path | str | None = None,
) -> Project:
    """The registry project at or above `folder` (default: the working directory).

    `extracts` and `data` take the place of what [paths] says. Raises ConfigError for what is wrong
    in cytoreg.toml: with the key, what was expected, and where.
    """
    from pathlib import Path

    from cytoreg.project.load import load_project as load

    root, read, kept = (Path(it) if it is not None else None for it in (folder, extracts, data))
    return load(root, extracts=read, data=kept)


def refresh(
    project: Project,
    *,
    as_of: date | None = None,
    publish: bool = True,
    resume: bool = False,
    accept: Sequence[str] = (),
) -> Verdict:
    """A whole refresh in this process: `.published`, `.run_id`, `.gates`, `.report`, `.counts`.

    `as_of` is the last day that the extracts can speak of (default: today). With `publish=False` it
    judges and publishes nothing. `resume` continues the last refresh, which failed; the drift of
    sources in `accept` does not close the gate. A closed gate is no error. Raises SourceError when
    a source fails that never landed, ConfigError when the project is wrong.
    """
    from cytoreg.nights.refresh import refresh as run

    return run(project, as_of=as_of, publish=publish, resume=resume, accept=accept)


def query(project: Project, sql: str, *, run: str | None = None, private: bool = False) -> pa.Table:
    """The rows of one SELECT, as an Arrow table: of what is published, or of the kept run `run`.

    `run` is a run's id, or "last" for the newest that has a build. With `private` the build is
    asked that holds identities, quarantine and every schema, and the ledger's audit notes who
    asked; without, what is or would be published. Raises ConfigError when there is no such build,
    and for SQL that fails.
    """
    from cytoreg.nights.kept_runs import build_of
    from cytoreg.publication.query import query as ask

    build = build_of(project, run, private=private)
    if private:
        from cytoreg.nights import audit

        audit.record(project, "query --private", audit.of_question(sql, build.parent.name))
    return ask(build, sql).read_all()
