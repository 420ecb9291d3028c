"""The tables of schema `quality`: their columns, their comments, and how a step finds them.

Every step that judges writes to them, so they belong to no single step.
"""

from __future__ import annotations

import duckdb

from cytoreg.warehouse.connection import transaction
from cytoreg.warehouse.tables import Column, Table

_COLUMNS: dict[str, dict[str, tuple[str, str]]] = {
    "finding": {
        "rule": ("varchar", "id of the rule that the record violates"),
        "severity": ("varchar", "critical (a cell or the row was refused), warning or info"),
        "entity": ("varchar", "kind of record"),
        "key": ("varchar", "the record's key; a pseudonym in the published file"),
        "column": ("varchar", "column that the rule looks at; empty if it looks at several"),
        "source": ("varchar", "source system"),
        "source_table": ("varchar", "table of the source"),
        "file": ("varchar", "file, or table of the database, that the record came from"),
        "row": ("bigint", "record in its file, counted from 1 without the header"),
        "line": ("bigint", "line of the file on which the record begins, where it has lines"),
        "reason": ("varchar", "what the rule wants, in words"),
    },
    "check_result": {
        "kind": ("varchar", "row (judged record by record) or table (judged as a whole)"),
        "rule": ("varchar", "id of the rule or expectation"),
        "entity": ("varchar", "kind of record, or table, that was judged"),
        "column": ("varchar", "column that the rule looks at; empty if it looks at several"),
        "severity": ("varchar", "critical, warning or info"),
        "reason": ("varchar", "what the rule wants, in words"),
        "violated": ("bigint", "records that violate the rule"),
        "denominator": ("bigint", "records that the rule applies to"),
        "threshold": ("double", "share of those records that may violate the rule"),
        "status": (
            "varchar",
            "pass, fail, not applicable (to any record), or error if the rule could not be run",
        ),
        "not_applicable": ("bigint", "records that the rule does not apply to; empty for tables"),
        "percent": ("double", "violated of the records that the rule applies to, in per cent"),
        "threshold_from": ("varchar", "the rule, or the entry of [thresholds] in cytoreg.toml"),
        "threshold_note": ("varchar", "why the threshold is what it is, as cytoreg.toml says"),
    },
    "made": {
        "step": ("varchar", "step that made the table, or a part of it"),
        "fingerprint": ("varchar", "hash of the step, of what it reads and of the code that ran"),
        "table": ("varchar", "table with its schema"),
        "part": ("varchar", "rows of the table that the step made, as a condition"),
        "content": ("varchar", "columns with their types, number of rows, sum of the rows' hashes"),
        "definition": ("varchar", "hash of each thing that decides what the step makes, as JSON"),
        "reads": ("varchar", "tables that the step reads, as a JSON list"),
    },
    "expectation_row": {
        "rule": ("varchar", "id of the expectation that the row fails"),
        "entity": ("varchar", "table, with its schema"),
        "key": ("varchar", "the row's key, by the suite; what a query returned, if it has none"),
        "row": ("bigint", "row of the table, counted from 1; empty for views and queries"),
    },
    "balance": {
        "source": ("varchar", "source system"),
        "source_table": ("varchar", "table of the source"),
        "entity": ("varchar", "kind of record that the table's rows become"),
        "landed": ("bigint", "records that the source held, unparsable ones included"),
        "accepted": ("bigint", "records that were let through"),
        "quarantined": ("bigint", "records that were refused, unparsable ones included"),
        "forgotten": ("bigint", "records of persons who were forgotten: they are kept nowhere"),
    },
    "cell_balance": {
        "source": ("varchar", "source system"),
        "source_table": ("varchar", "table of the source"),
        "entity": ("varchar", "kind of record that the table's rows become"),
        "column": ("varchar", "column of the entity"),
        "present": ("bigint", "cells that held something when they were judged"),
        "accepted": ("bigint", "cells that were let through"),
        "refused": ("bigint", "cells that were refused, alone or with their row"),
        "with_row": ("bigint", "those of the refused whose whole row was refused"),
    },
    "source": {
        "source": ("varchar", "source system"),
        "kind": ("varchar", "kind of source, as in cytoreg.toml"),
        "state": (
            "varchar",
            "read (new tonight), unchanged, away (its last landing serves), or refused (it was"
            " read and is not what cytoreg.toml says; its last landing serves, the gate closes)",
        ),
        "landed_at": ("timestamptz", "when the landing in use was made"),
        "seen_at": ("timestamptz", "when the source last was as that landing says"),
        "rows": ("bigint", "records that were parsed"),
        "rejects": ("bigint", "records that were not"),
        "version": ("varchar", "what a server says that it is; empty for files"),
        "reason": ("varchar", "why the last landing serves; empty if it is tonight's"),
    },
    "drift": {
        "source": ("varchar", "source system"),
        "source_table": ("varchar", "table of the source; empty if it is about all of it"),
        "column": ("varchar", "column; empty if it is about the table"),
        "what": (
            "varchar",
            "new, missing, renamed, retyped, written, emptier, codes, shares, volume, gone or"
            " shrunk (files), overlooked, incomplete, stale or refused",
        ),
        "severity": ("varchar", "critical (closes gate sources), warning or info"),
        "reason": ("varchar", "the difference in words"),
        "before": ("varchar", "what the published build was made of: counts and shares, no value"),
        "now": ("varchar", "what is landed now"),
    },
    "completeness": {
        "entity": ("varchar", "kind of record"),
        "source": ("varchar", "source system of the rows"),
        "column": ("varchar", "field of the entity"),
        "rows": ("bigint", "accepted rows of this source"),
        "present": ("bigint", "rows in which the field is not null"),
        "share": ("double", "present / rows"),
        "unknown": ("bigint", "present rows whose value is the word unknown"),
    },
    "run": {
        "run_id": ("varchar", "the run that made this file"),
        "as_of": ("date", "the last day that its extracts can speak of"),
        "time_zone": ("varchar", "the zone whose days its dates are"),
        "code_version": ("varchar", "version of cytoreg"),
        "project_hash": ("varchar", "digest of cytoreg.toml, schemas, SQL and suites"),
        "registry": ("varchar", "title of the registry"),
        "pseudonym_key": ("varchar", "fingerprint of the pseudonym key; demo for the demo's"),
    },
    "gate": {
        "name": ("varchar", "what must hold before a build is published"),
        "passed": ("boolean", "whether it holds"),
        "detail": ("varchar", "the counts that decided"),
    },
}
COUNTED = tuple(_COLUMNS["check_result"])[:10]
"""The columns of `quality.check_result` that judging fills."""

_COLUMNS["check_count"] = {name: _COLUMNS["check_result"][name] for name in COUNTED}

_COMMENTS = {
    "finding": "One row per rule and record that violates it.",
    "check_result": "One row per rule: how many records violate it, of how many.",
    "check_count": "What was counted, one row per rule, with its own threshold; in the"
    " private build alone.",
    "made": "What made each table: the next build takes over a table that would come out the"
    " same. One row per step and table; in the private build alone.",
    "expectation_row": "One row per failed expectation and row; in the private build alone.",
    "balance": "The books, one row per source table: landed = accepted + quarantined + forgotten.",
    "cell_balance": "The books of the cells, by source table and column:"
    " present = accepted + refused.",
    "source": "One row per source: how it stands in this run.",
    "drift": "One row per difference between a source's landing and the published build's.",
    "completeness": "How many accepted rows have each field, by source.",
    "run": "The run that made this file: one row.",
    "gate": "One row per condition of publication.",
}


TABLES = {
    name: Table(
        f"quality.{name}",
        _COMMENTS[name],
        {column: Column(kind, text) for column, (kind, text) in columns.items()},
    )
    for name, columns in _COLUMNS.items()
}


def ensure(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Make those `quality` tables that do not exist yet, and describe them and their columns."""
    rows: list[tuple[str]] = con.execute(
        "select table_name from duckdb_tables() where schema_name = 'quality'"
        " and database_name = current_database() and comment is not null"
    ).fetchall()
    for table in sorted(set(tables) - {name for (name,) in rows}):
        with transaction(con):
            TABLES[table].make(con, anew=False)
