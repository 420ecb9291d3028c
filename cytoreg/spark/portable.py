"""Refuse, before anything runs, what Spark cannot judge exactly as DuckDB does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from cytoreg.errors import ConfigError
from cytoreg.rules.catalogue import EntityRules, Rule
from cytoreg.rules.operations import to_sql
from cytoreg.rules.requirement import Condition, Exists, Has, Pairwise, Python
from cytoreg.rules.typed_rows import typed_select
from cytoreg.spark.translate import Unportable, to_spark
from cytoreg.warehouse.connection import quote


def refuse_unportable(schemas: Mapping[str, EntityRules], as_of: date) -> None:
    """Raise ConfigError for the first rule that Spark cannot judge, with file, rule and remedy."""
    for entity in schemas.values():
        place = f"{entity.path}: " if entity.path else ""
        for rule in entity.rules:
            if why := _kind_unknown(rule):
                raise ConfigError(
                    f"{place}{rule.id}: Spark cannot judge this: {why[0]}", remedy=why[1]
                )
            for sql in _expressions(rule, as_of):
                with_codes = entity.codes
                try:
                    to_spark(sql, with_codes)
                except Unportable as error:
                    raise ConfigError(
                        f"{place}{rule.id}: Spark cannot judge this: {error.construct}",
                        remedy=error.instead,
                    ) from None
        try:
            to_spark(typed_select(entity), entity.codes)
            for node in entity.newest:
                to_spark(to_sql(node, lambda _, name: quote(name), as_of), entity.codes)
        except Unportable as error:
            raise ConfigError(
                f"{place}{entity.name}: Spark cannot judge this: {error.construct}",
                remedy=error.instead,
            ) from None


def _kind_unknown(rule: Rule) -> tuple[str, str] | None:
    """Why the rule's kind cannot be judged on Spark, and what to do instead."""
    test = rule.test
    if isinstance(test, Python):
        return (
            "it is a check in Python",
            "write it as rule(…) in SQL, or judge this entity on one machine",
        )
    numbers = isinstance(test, Has) and test.numbers is not None
    if numbers or (isinstance(test, Exists | Pairwise) and test.known):
        return (
            "it looks at linked persons",
            "judge by the schemas as load_schemas gives them; records are linked on one machine",
        )
    return None


def _expressions(rule: Rule, as_of: date) -> Iterator[str]:
    test = rule.test
    if isinstance(test, Condition | Pairwise):
        yield test.sql(as_of)
    if isinstance(test, Has) and test.when:
        yield to_sql(test.when, lambda _, name: quote(name), as_of)
