"""cytoreg: data quality and ETL for clinical registries.

Land, then build, never edit: source systems' records become immutable Parquet, every row is judged
by declared rules, every row is accounted for, and outcome and survival marts are published by one
rename.

These functions are the Python interface:

    from cytoreg import judge, load_project, query, refresh, validate

    project = load_project("my-registry")
    night = refresh(project, as_of=date(2016, 12, 31))
    print(night.run_id, night.published)
    table = query(project, "select * from marts.publication_benchmark")
    findings = judge(Procedure, frame)  # any Pandera model and table, without a project

Their dependencies are imported when they are called. Other modules are for cytoreg's internal use
and for a project's flows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.system.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import pandera.pandas
    import pyarrow as pa

    from cytoreg.nights.run import Verdict
    from cytoreg.project.load import Project
    from cytoreg.rules.one_table import ArrowStream, Schema

__all__ = ["__version__", "judge", "load_project", "query", "refresh", "validate"]


def load_project(
    folder: Path | str | None = None,
    *,
    extracts: Path | str | None = None,
    data: Path | str | None = None,
) -> Project:
    """The registry project at or above `folder` (default: the working directory).

    `extracts` and `data` override [paths]. Raises ConfigError for mistakes in cytoreg.toml, with
    the key, the expected value and the place.
    """
    from pathlib import Path

    from cytoreg.project.load import load_project as load

    root, read, kept = (Path(it) if it is not None else None for it in (folder, extracts, data))
    return load(root, extracts=read, data=kept)


def refresh(
    project: Project,
    *,
    as_of: date | None = None,
    resume: bool = False,
    accept: Sequence[str] = (),
    full: bool = False,
) -> Verdict:
    """Run a whole refresh in this process: `.published`, `.run_id`, `.gates`, `.report`, `.counts`.

    `as_of` is the last day that the extracts can cover (default: today). `resume` continues the
    last refresh, which failed; drift of the sources in `accept` does not close the gate; `full`
    makes every table anew instead of taking over what did not change. A closed gate is not an
    error. Raises SourceError when a source fails that has never landed, ConfigError
    when the project is wrong.
    """
    from cytoreg.nights.refresh import refresh as run

    return run(project, as_of=as_of, resume=resume, accept=accept, full=full)


def validate(project: Project, *, as_of: date | None = None) -> Verdict:
    """Run a refresh without publication: it lands and judges, and makes no marts.

    `as_of` and the errors are those of `refresh`.
    """
    from cytoreg.nights.refresh import refresh as run

    return run(project, as_of=as_of, publish=False)


def query(project: Project, sql: str, *, run: str | None = None, private: bool = False) -> pa.Table:
    """The rows of one SELECT as an Arrow table, from the published build or a kept run's.

    `run` is a run's id, or "last" for the newest that has a build. With `private` the query runs on
    the private build, which holds identities, quarantine and every schema, and the ledger's audit
    records who asked; without it, on what is or would be published. Raises ConfigError when there
    is no such build, and for SQL that fails.
    """
    from cytoreg.nights.kept_runs import build_of
    from cytoreg.publication.query import query as ask

    build = build_of(project, run, private=private)
    if private:
        from cytoreg.nights import audit

        audit.record(project, "query --private", audit.of_question(sql, build.parent.name))
    return ask(build, sql).read_all()


def judge(
    schema: Schema,
    table: ArrowStream,
    *,
    as_of: date | None = None,
    others: Mapping[type[pandera.pandas.DataFrameModel], ArrowStream] | None = None,
    values: bool = False,
) -> pa.Table:
    """Findings of a table against its schema, as an Arrow table; no project is needed.

    schema: an Entity, a plain `pandera.pandas.DataFrameModel`, or a `DataFrameSchema`.
    table: a DuckDB relation, an Arrow table, a pandas or Polars frame, or any object with the Arrow
    PyCapsule interface. Its columns are the schema's; `_source`, `_table`, `_file` and `_row` are
    optional, and without them all rows count as one source. Text is read by cytoreg's grammars, a
    typed column as its text.
    as_of: the value of `$as_of` in rules (default: today).
    others: the tables of other entities, by their models, to which rules of `schema` refer. They
    are judged too, but their findings are not returned.
    values: add the column `value`, the text of the cell.

    The columns: rule, severity, entity, row (position in the table, from 1), the columns of the
    record's key as the table has them (those with `key=True`, else the first that are unique; one
    named like another column here gets the prefix `key_`), column (null if the rule looks at
    several), reason. Ordered by row. What a refresh would refuse is critical.

    Raises ConfigError for a table whose columns are not the schema's, for a schema with
    requirements that cannot be judged, and for a rule that refers to a table that is not given.
    """
    from cytoreg.rules.one_table import judge_table

    return judge_table(schema, table, as_of=as_of, others=others or {}, values=values)
