"""Judge an entity's rows on Spark, with the outputs of rules/judge.py as Parquet."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cytoreg.errors import ConfigError
from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.load import load_schemas
from cytoreg.rules.requirement import Has
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.spark.alone import count_alone, judge_alone
from cytoreg.spark.beside import Judged, judge_beside_others, judge_lacking
from cytoreg.spark.frames import Frame, Session
from cytoreg.spark.portable import refuse_unportable
from cytoreg.spark.results import write_accepted, write_findings
from cytoreg.spark.run import Run, condition_of, told
from cytoreg.spark.session import check_session
from cytoreg.spark.writing import literal

_TABLES = ("finding", "cell", "check_result", "cell_balance")


@dataclass(frozen=True)
class Judgement:
    """Where a whole judging lies.

    folder: holds, as Parquet, `accepted/<entity>`, `quarantine/<entity>`, and by entity `finding`,
    `cell`, `check_result` and `cell_balance`, with the columns of the tables on one machine.
    """

    session: Session
    folder: str

    def accepted(self, entity: str) -> Frame:
        """The accepted rows, typed; a refused cell is null."""
        return self.session.read.parquet(f"{self.folder}/accepted/{entity}")

    def quarantine(self, entity: str) -> Frame:
        """The refused rows as text, with `_rules` and `_reasons`."""
        return self.session.read.parquet(f"{self.folder}/quarantine/{entity}")

    def table(self, name: str) -> Frame:
        """All rows of `finding`, `cell`, `check_result` or `cell_balance`."""
        if name not in _TABLES:
            raise ConfigError(f"judging gives no table {name}", remedy=", ".join(_TABLES))
        return self.session.read.parquet(f"{self.folder}/{name}/*")


def judge(
    session: Session,
    frames: Mapping[str, Frame],
    schemas: Mapping[str, EntityRules] | Path | str,
    warehouse: Path | str,
    *,
    as_of: date,
) -> Judgement:
    """Judge the frame of each entity by its schema, and write the results below `warehouse`.

    frames: by entity, as staging gives it on one machine: every column of the schema as text, and
    `_source`, `_table`, `_file` (text), `_row` (bigint). schemas: a folder, or what load_schemas
    returns; entities to which rules refer must be among the frames.
    warehouse: a folder, or an address that Spark can write (`s3a://…`). The judging gets a folder
    of its own there. Its table `whole` is written last: a judging without it did not end, and
    `latest` passes over it.

    Raises ConfigError, before anything runs, for a rule that Spark cannot judge as DuckDB does, for
    frames and schemas that differ, and for a warehouse that cannot be written; BuildError for a
    failure of Spark, without values.
    """
    check_session(session)
    rules = load_schemas(Path(schemas)) if isinstance(schemas, Path | str) else schemas
    chosen = {name: entity for name, entity in rules.items() if name in frames}
    _check(frames, rules, chosen)
    refuse_unportable(chosen, as_of)
    token = secrets.token_hex(4)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    run = Run(session, f"{str(warehouse).rstrip('/')}/{moment}-{token}", token, as_of)
    _begin(run, warehouse)
    try:
        with told("judging on Spark"):
            _judge(run, chosen, frames)
    finally:
        run.forget_names()
    return Judgement(session, run.folder)


def latest(session: Session, warehouse: Path | str) -> Judgement:
    """The newest judging in a warehouse that is whole. Raises ConfigError if there is none."""
    try:
        rows = session.read.parquet(f"{str(warehouse).rstrip('/')}/*/whole").collect()
    except Exception as error:
        if condition_of(error) is None:
            raise
        rows = []
    folders = sorted(str(row[0]) for row in rows)
    if not folders:
        raise ConfigError(
            f"{warehouse}: no whole judging there", remedy="judge into it: cytoreg.spark.judge(…)"
        )
    return Judgement(session, f"{str(warehouse).rstrip('/')}/{folders[-1]}")


def _judge(run: Run, chosen: Mapping[str, EntityRules], frames: Mapping[str, Frame]) -> None:
    judged: dict[str, Judged] = {}
    for name, entity in chosen.items():
        with told(f"entity {name}"):
            rows = judge_alone(run, entity, run.call(f"staging_{name}", frames[name]))
            one = Judged(run, entity, rows, counts=[count_alone(run, entity, rows)])
            judge_beside_others(one)
            write_accepted(one)
            judged[name] = one
    for name, one in judged.items():
        with told(f"entity {name}"):
            judge_lacking(one, run.name(f"cell_{name}"))
            write_findings(one)
    folder = run.folder.rsplit("/", 1)[-1]
    run.keep("whole", f"SELECT {literal(folder)} AS folder, DATE'{run.as_of}' AS as_of", "whole")


def _begin(run: Run, warehouse: Path | str) -> None:
    """Write a first table, so that a warehouse that refuses it does so before hours of work."""
    try:
        run.keep("begun", f"SELECT DATE'{run.as_of}' AS as_of", "begun")
    except Exception as error:
        condition = condition_of(error)
        if condition is None:
            raise
        raise ConfigError(
            f"{warehouse}: Spark cannot write there ({condition})",
            remedy="name a folder, or an address for which executors have a file system and rights",
        ) from None


def _check(
    frames: Mapping[str, Frame],
    rules: Mapping[str, EntityRules],
    chosen: Mapping[str, EntityRules],
) -> None:
    """Raise ConfigError if frames and schemas differ."""
    if unknown := sorted(set(frames) - set(rules)):
        raise ConfigError(
            f"no schema declares the entity {unknown[0]}", remedy=f"entities: {', '.join(rules)}"
        )
    for name, entity in chosen.items():
        if missing := sorted((entity.refers_to | _counterparts(entity)) - set(chosen)):
            raise ConfigError(
                f"{name} refers to {missing[0]}, whose frame is not given",
                remedy=f"give frames of both: {{{name!r}: …, {missing[0]!r}: …}}",
            )
        expected = {column.name: "string" for column in entity.columns}
        expected |= {column: "bigint" if column == "_row" else "string" for column in LINEAGE}
        given = {field.name: field.dataType.simpleString() for field in frames[name].schema.fields}
        for column in expected:
            if column not in given:
                raise ConfigError(
                    f"the frame of {name} has no column {column}",
                    remedy="make it as sql/staging does on one machine: every column of the schema,"
                    " and _source, _table, _file and _row",
                )
            if given[column] != expected[column]:
                raise ConfigError(
                    f"the frame of {name}: {column} is {given[column]}, not {expected[column]}",
                    remedy="give text as it came (string, without a collation); the schema casts"
                    " it, so that a bad value is found",
                )
        if unknown := [column for column in given if column not in expected]:
            raise ConfigError(
                f"the schema {name} has no column {unknown[0]}",
                remedy="drop it from the frame, or declare it",
            )


def _counterparts(entity: EntityRules) -> frozenset[str]:
    tests = (rule.test for rule in entity.rules)
    return frozenset(test.other for test in tests if isinstance(test, Has))
