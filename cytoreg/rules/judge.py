"""Judge every staged row: accept or refuse it, with a finding for each rule that it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from cytoreg.errors import BuildError, ConfigError
from cytoreg.rules.catalogue import Column, EntityRules
from cytoreg.rules.lacking import lacking
from cytoreg.rules.outcome import kept, told
from cytoreg.rules.requirement import Python
from cytoreg.rules.statement import cells, numbered, rows, tables
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.system.machine import machine_error
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote, transaction
from cytoreg.warehouse.errors import scrub
from cytoreg.warehouse.names import define_names
from cytoreg.warehouse.tables import REFUSED_CELL, REJECT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def judge(con: DuckDBPyConnection, schemas: Mapping[str, EntityRules], *, as_of: date) -> None:
    """Judge `staging.<entity>` for every schema, in the order given (load_schemas' order).

    Writes `accepted.<entity>` (typed; a refused cell is null), `quarantine.<entity>` (text, with
    `_rules` and `_reasons`: why the row was refused), `quarantine.cell` (text and reason of each
    refused cell of an accepted row), `quality.finding`, `quality.check_result` (one row per rule,
    violated or not; the denominator is the number of rows to which it applies) and
    `quality.cell_balance`. Lines that no reader could parse (`landing.reject`) are findings
    `<entity>.unparsable`, and count in its denominator.

    Raises ConfigError when a staging table and its schema do not have the same columns, and for a
    Python check that fails.
    """
    begin(con, schemas)
    for entity in schemas.values():
        judge_alone(con, entity, as_of)
        judge_beside_others(con, entity, as_of)
    finish(con, schemas, as_of)


def begin(con: DuckDBPyConnection, schemas: Mapping[str, EntityRules]) -> None:
    """Make the tables that judging fills; raises ConfigError if staging and schemas differ."""
    define_names(con)
    for entity in schemas.values():
        _check_columns(con, entity)
    for table in ("finding", "check_result", "cell_balance"):
        con.execute(f"drop table if exists quality.{table}")
    quality.ensure(con, "finding", "check_result", "cell_balance")
    with transaction(con):
        REFUSED_CELL.make(con)
        REJECT.make(con, anew=False)


def judge_alone(con: DuckDBPyConnection, entity: EntityRules, as_of: date) -> None:
    """Judge cells, then rows, into `judged_<entity>`; Pandera judges what SQL cannot."""

    def ask_pandera(*, of_columns: bool) -> None:
        tests = numbered(entity, Python)
        if any((entity.rules[p - 1].column is not None) is of_columns for p, _ in tests):
            from cytoreg.rules.fallback import judge_in_pandera

            judge_in_pandera(con, entity, of_columns=of_columns)

    with scrubbed(entity):
        _run(con, cells(entity))
        ask_pandera(of_columns=True)
        _run(con, rows(entity, as_of))
        ask_pandera(of_columns=False)


def judge_beside_others(con: DuckDBPyConnection, entity: EntityRules, as_of: date) -> None:
    """Compare rows with other rows and tables after `judge_alone`, and write the results."""
    with scrubbed(entity):
        _run(con, tables(entity, as_of))
        _run(con, kept(entity))
        if not entity.awaits_others:
            _run(con, told(entity))
    _describe(con, entity)


def finish(con: DuckDBPyConnection, schemas: Mapping[str, EntityRules], as_of: date) -> None:
    """Judge the rules that need all entities; number lines, and count unreadable ones."""
    for entity in schemas.values():
        if entity.awaits_others:
            with scrubbed(entity):
                _run(con, lacking(entity, as_of))
                _run(con, told(entity))
    _tell_lines(con)
    _count_unparsable(con, schemas)


def _run(con: DuckDBPyConnection, statements: Iterable[str]) -> None:
    for statement in statements:
        con.execute(statement)


@contextmanager
def scrubbed(entity: EntityRules) -> Iterator[None]:
    """An error of the database without values."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if failure := machine_error(error):
            raise failure from None
        raise BuildError(
            f"entity {entity.name}: the database could not judge its rows: {scrub(error)}",
            remedy=f"run sql/staging/{entity.name}.sql and `cytoreg rules --show-sql"
            f" {entity.name}` by hand on the build",
        ) from None


def _check_columns(con: DuckDBPyConnection, entity: EntityRules) -> None:
    rows = con.execute(
        "select column_name, data_type from duckdb_columns()"
        " where schema_name = 'staging' and table_name = ? and database_name = current_database()",
        [entity.name],
    ).fetchall()
    if not rows:
        raise ConfigError(
            f"the schema {entity.name} has no table staging.{entity.name}",
            remedy=f"write sql/staging/{entity.name}.sql, or remove the schema",
        )
    staged = dict(rows)
    expected = {**{column.name: "VARCHAR" for column in entity.columns}, **_lineage_types()}
    missing = [name for name in expected if name not in staged]
    unknown = [name for name in staged if name not in expected]
    if missing or unknown:
        parts = [
            f"the schema has no column {', '.join(unknown)}" if unknown else "",
            f"staging.{entity.name} has no column {', '.join(missing)}" if missing else "",
        ]
        raise ConfigError(
            f"staging.{entity.name} and the schema {entity.name} differ: "
            + "; ".join(filter(None, parts)),
            remedy=f"make sql/staging/{entity.name}.sql and schemas/{entity.name}.py agree",
        )
    typed = [name for name, kind in expected.items() if staged[name] != kind]
    if typed:
        raise ConfigError(
            f"staging.{entity.name}: {typed[0]} is {staged[typed[0]]}, not {expected[typed[0]]}",
            remedy="staging passes text on; the schema casts it, so that a bad value is found",
        )


def _lineage_types() -> dict[str, str]:
    return {name: "BIGINT" if name == "_row" else "VARCHAR" for name in LINEAGE}


def _tell_lines(con: DuckDBPyConnection) -> None:
    """Add the line on which the record of each finding and refused cell begins, where it is known.

    Readers of line-based files keep it as `_line`. Only the lines needed are looked up.
    """
    place = 'source, source_table, file, "row"'
    con.execute(
        f"create or replace temp table wanted as select {place} from quality.finding"
        f" union select {place} from quarantine.cell"
    )
    con.execute(
        "create or replace temp table place as select *, 0::bigint as line from wanted limit 0"
    )
    rows = con.execute(
        "select table_name from duckdb_columns() where schema_name = 'landing'"
        " and column_name = '_line' and database_name = current_database() order by table_name"
    ).fetchall()
    for (name,) in rows:
        con.execute(
            "insert into place\n"
            f"select wanted.*, min(landed._line) from landing.{quote(name)} as landed\n"
            "join wanted on wanted.source = landed._source\n"
            "  and wanted.source_table = landed._table\n"
            '  and wanted.file = landed._file and wanted."row" = landed._row\n'
            "group by all"
        )
    for table in ("quality.finding", "quarantine.cell"):
        con.execute(
            f"update {table} as told set line = place.line from place\n"
            "where told.source = place.source and told.source_table = place.source_table\n"
            '  and told.file = place.file and told."row" = place."row"'
        )
    con.execute("drop table wanted")
    con.execute("drop table place")


def _describe(con: DuckDBPyConnection, entity: EntityRules) -> None:
    table = f"accepted.{quote(entity.name)}"
    told = [
        f"comment on table {where}.{quote(entity.name)}"
        f" is {literal((what + entity.description).strip())}"
        for where, what in (("accepted", ""), ("quarantine", "Refused rows, as text. "))
    ]
    told += [
        f"comment on column {table}.{quote(name)} is {literal(text)}"
        for column in entity.columns
        for name, text in zip(column.stored, _texts(column), strict=False)
    ]
    with transaction(con):
        con.execute("; ".join(told))


def _texts(column: Column) -> tuple[str, str, str]:
    """Descriptions of the column, and of its bounds if it is a partial date."""
    told = f"{column.description} [{column.unit}]" if column.unit else column.description
    return told, f"First day that {column.name} may be.", f"Last day that {column.name} may be."


def _count_unparsable(con: DuckDBPyConnection, schemas: Mapping[str, EntityRules]) -> None:
    """Rejected lines as findings, with one check per schema, and one for all other lines."""
    con.execute(
        f"{quality.TABLES['finding'].into()}"
        " select entity || '.unparsable', 'critical', entity, null, null, source, source_table,"
        ' file, "row", line, reason from landing.reject'
        ' order by entity, source, source_table, file, "row", line'
    )
    entities = ", ".join(f"({literal(name)})" for name in schemas) or "(null)"
    judged = " union all ".join(
        f"select {literal(name)} as entity, count(*) as rows from {where}.{quote(name)}"
        for name in schemas
        for where in ("accepted", "quarantine")
    )
    con.execute(
        f"{quality.TABLES['check_result'].into(*quality.COUNTED)}\n"
        f"with entity as (\n  select * from (values {entities}) as listed(entity)\n"
        "  where entity is not null\n  union\n  select distinct entity from landing.reject\n),\n"
        "rejected as (\n  select entity, count(*) as violated from landing.reject group by entity\n"
        "),\n"
        f"judged as (\n  select entity, sum(rows) as rows from (\n    "
        f"{judged or 'select null as entity, 0 as rows'}\n  ) as tables group by entity\n)\n"
        "select 'row', entity.entity || '.unparsable', entity.entity, null, 'critical',\n"
        "  'The line could not be read.', coalesce(rejected.violated, 0),\n"
        "  coalesce(judged.rows, 0) + coalesce(rejected.violated, 0), 0.0,\n"
        "  case when rejected.violated > 0 then 'fail' else 'pass' end\n"
        "from entity\n"
        "left join rejected on rejected.entity = entity.entity\n"
        "left join judged on judged.entity = entity.entity\n"
        "order by entity.entity"
    )
