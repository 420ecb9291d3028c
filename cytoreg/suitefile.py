"""Expectation suites as their YAML files have them, checked without Great Expectations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import yaml

from cytoreg.errors import ConfigError

__all__ = ["Item", "Suite", "load_suites"]

SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True)
class Item:
    """One expectation of a suite, as its file has it."""

    type: str
    kwargs: Mapping[str, object]
    severity: str
    rule: str
    reason: str

    @property
    def column(self) -> str | None:
        """The column that it looks at, if it is one."""
        column = self.kwargs.get("column")
        return column if isinstance(column, str) else None

    @property
    def threshold(self) -> float:
        """Share of records that may violate it: what `mostly` leaves."""
        mostly = self.kwargs.get("mostly", 1)
        return round(1 - float(mostly), 12) if isinstance(mostly, int | float) else 0.0


@dataclass(frozen=True)
class Suite:
    """What is expected of one table (`schema.name`)."""

    path: Path
    table: str
    description: str
    items: tuple[Item, ...]

    @property
    def schema(self) -> str:
        """Schema of the table."""
        return self.table.split(".")[0]

    @property
    def name(self) -> str:
        """Name of the table in its schema."""
        return self.table.split(".")[1]


def load_suites(folder: Path) -> list[Suite]:
    """Every suite in `folder`, checked without Great Expectations (`judge_tables` checks kwargs).

    Raises ConfigError, naming file and expectation, for what a suite lacks or does not know.
    """
    suites: list[Suite] = []
    taken: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        suite = _load(path)
        for item in suite.items:
            if item.rule in taken:
                raise ConfigError(f"{path}: the rule {item.rule} is also in {taken[item.rule]}")
            taken[item.rule] = path
        suites.append(suite)
    return suites


class _Entry(TypedDict, total=False):
    type: str
    kwargs: dict[str, object]
    severity: str
    meta: dict[str, str]


def _load(path: Path) -> Suite:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not valid YAML") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: a suite is a mapping of table, description and expectations")
    if unknown := sorted(set(map(str, raw)) - {"table", "description", "expectations"}):
        raise ConfigError(f"{path}: unknown key {', '.join(unknown)}")
    table = raw.get("table")
    if not isinstance(table, str) or not re.fullmatch(r"[a-z_]\w*\.[a-z_]\w*", table):
        raise ConfigError(f"{path}: table: is a schema and a table, such as registry.patient")
    entries = raw.get("expectations")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"{path}: expectations: is a list of at least one")
    items: list[Item] = []
    for number, entry in enumerate(entries, start=1):
        items.append(_item(entry, f"{path}, expectation {number}", table, items))
    return Suite(path, table, " ".join(str(raw.get("description", "")).split()), tuple(items))


def _item(entry: object, place: str, table: str, before: Sequence[Item]) -> Item:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise ConfigError(f"{place}: has no type")
    given = cast(_Entry, entry)
    place = f"{place} ({given['type']})"
    if unknown := sorted(set(map(str, given)) - {"type", "kwargs", "severity", "meta"}):
        raise ConfigError(f"{place}: unknown key {', '.join(unknown)}")
    kwargs, meta = given.get("kwargs") or {}, given.get("meta") or {}
    if not isinstance(kwargs, dict) or not isinstance(meta, dict):
        raise ConfigError(f"{place}: kwargs and meta are mappings")
    if given.get("severity") not in SEVERITIES:
        raise ConfigError(f"{place}: severity: is {', '.join(SEVERITIES)}")
    named = [table, given["type"].removeprefix("expect_"), kwargs.get("column")]
    rule = meta.get("rule") or ".".join(str(part) for part in named if part)
    twins = sum(re.sub(r"#\d+$", "", item.rule) == rule for item in before)
    if twins and not meta.get("rule"):
        rule = f"{rule}#{twins + 1}"
    reason = " ".join(str(meta.get("reason", "")).split())
    return Item(given["type"], kwargs, given["severity"], str(rule), reason)
