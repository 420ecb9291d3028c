"""Read the files of expectation suites, and check them without Great Expectations.

A suite is YAML with `table`, `description`, `key` and `expectations`, or an export of Great
Expectations (JSON or YAML with `name`, `expectations` and `meta`). Any other file in the folder is
refused, so that nobody believes that it is judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from cytoreg.errors import ConfigError
from cytoreg.suites.suite import Item, Suite
from cytoreg.suites.types import TYPES
from cytoreg.warehouse.connection import SCHEMAS

SEVERITIES = ("critical", "warning", "info")
ENDINGS = (".yaml", ".yml", ".json")
_OWN = {"table", "description", "key", "expectations"}
_EXPORTED = {"name", "expectation_suite_name", "id", "ge_cloud_id", "notes", "meta"}
_EXPORTED |= {"data_asset_type", "suite_parameters", "evaluation_parameters"}
_ENTRY = {"type", "expectation_type", "kwargs", "severity", "meta", "description"}
# What Great Expectations stores beside an expectation, without effect on the verdict.
_NOTED = {"id", "ge_cloud_id", "notes", "rendered_content", "success_on_last_run", "windows"}
_NOTED |= {"expectation_context"}
# Options for reporting, on which cytoreg decides.
_RUNTIME = {"result_format", "catch_exceptions", "include_config", "batch_id"}


def load_suites(folder: Path) -> list[Suite]:
    """Every suite in `folder`; prove.py checks their arguments and tables.

    Raises ConfigError, naming file and expectation, for missing or unknown keys of a suite, for a
    type that cannot be judged, for two suites of one table, and for a file that is not a suite.
    """
    suites: list[Suite] = []
    rules: dict[str, Path] = {}
    tables: dict[str, Path] = {}
    for path in _files(folder):
        suite = _load(path)
        if suite.table in tables:
            raise ConfigError(
                f"{path}: {suite.table} also has the suite {tables[suite.table]}",
                remedy="put both into one file: a table has one suite",
            )
        tables[suite.table] = path
        for item in suite.items:
            if item.rule in rules:
                raise ConfigError(
                    f"{path}: the rule {item.rule} is also in {rules[item.rule]}",
                    remedy="give one of them another meta.rule",
                )
            rules[item.rule] = path
        suites.append(suite)
    return suites


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.stem.upper() == "README":
            continue
        if path.is_dir() or path.suffix not in ENDINGS:
            what = "a folder" if path.is_dir() else "no file of expectations"
            raise ConfigError(
                f"{path}: {what}, which would not be read",
                remedy=f"suites are files {', '.join(ENDINGS)} in {folder}; move it or rename it",
            )
        yield path


def _load(path: Path) -> Suite:
    raw = _read(path)
    if not isinstance(raw, dict):
        raise ConfigError(
            f"{path}: a suite is a mapping of table, description and expectations",
            remedy="see docs/how-to/expectations.md",
        )
    if unknown := sorted(set(map(str, raw)) - _OWN - _EXPORTED):
        raise ConfigError(
            f"{path}: unknown key {', '.join(unknown)}",
            remedy=f"a suite has {', '.join(sorted(_OWN))}, or what Great Expectations exports",
        )
    exported = "table" not in raw
    table = _table(path, raw)
    entries = raw.get("expectations")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(
            f"{path}: expectations: is a list of at least one", remedy="write one, or remove it"
        )
    parameters = raw.get("suite_parameters") or raw.get("evaluation_parameters") or {}
    items: list[Item] = []
    for number, entry in enumerate(entries, start=1):
        place = f"{path}, expectation {number}"
        item = _item(entry, place, table, items, exported=exported, parameters=parameters)
        items.append(item)
    description = raw.get("description") or (raw.get("notes") if exported else "") or ""
    return Suite(path, table, _words(description), tuple(items), _key(path, raw.get("key")))


def _read(path: Path) -> object:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            return json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, path))
        return _of_yaml(text)
    except (yaml.YAMLError, json.JSONDecodeError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        number = mark.line + 1 if mark else getattr(error, "lineno", None)
        line = f", line {number}" if number else ""
        kind = "JSON" if path.suffix == ".json" else "YAML"
        twice = str(getattr(error, "problem", "")).startswith("the key ")
        what = str(getattr(error, "problem", "")) if twice else f"not valid {kind}"
        raise ConfigError(f"{path}{line}: {what}", remedy="mend the file") from None


@lru_cache(maxsize=256)
def _of_yaml(text: str) -> object:
    """What a text says: a night reads its suites several times, and YAML is slow to parse."""
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def _once(pairs: list[tuple[str, object]], path: Path) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise ConfigError(f"{path}: the key {twice} occurs twice", remedy="keep one of them")
    return found


class _Loader(yaml.SafeLoader):
    """YAML loader that refuses duplicate keys; otherwise the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:str" and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key.value} occurs twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _table(path: Path, raw: Mapping[str, object]) -> str:
    """The suite's table: declared, or taken from the suite's name in Great Expectations."""
    meta = raw.get("meta") if isinstance(raw.get("meta"), dict) else {}
    said = raw.get("table", meta.get("table") if isinstance(meta, dict) else None)
    names = [raw.get("name"), raw.get("expectation_suite_name"), path.stem] if said is None else []
    for name in [said, *names]:
        text = str(name)
        if said is None and "." not in text:
            schema = next((schema for schema in SCHEMAS if text.startswith(f"{schema}_")), "")
            text = text.replace(f"{schema}_", f"{schema}.", 1) if schema else text
        if re.fullmatch(r"[a-z_]\w*\.[a-z_]\w*", text) and text.split(".")[0] in SCHEMAS:
            return text
    raise ConfigError(
        f"{path}: table: is a schema ({', '.join(SCHEMAS)}) and a table, such as registry.patient",
        remedy="add the line `table: registry.patient`; in an export, the key table or meta.table",
    )


def _key(path: Path, key: object) -> tuple[str, ...]:
    listed = [key] if isinstance(key, str) else key or []
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ConfigError(f"{path}: key: is a column or a list of columns", remedy="name them")
    return tuple(listed)


def _item(
    entry: object,
    place: str,
    table: str,
    before: Sequence[Item],
    *,
    exported: bool,
    parameters: object,
) -> Item:
    kind = entry.get("type", entry.get("expectation_type")) if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(kind, str):
        raise ConfigError(f"{place}: has no type", remedy="name a type of Great Expectations")
    place = f"{place} ({kind})"
    if unknown := sorted(set(map(str, entry)) - _ENTRY - _NOTED):
        raise ConfigError(
            f"{place}: unknown key {', '.join(unknown)}",
            remedy="an expectation has type, kwargs, severity, meta and description",
        )
    if entry.get("windows"):
        raise ConfigError(
            f"{place}: windows: bounds that follow earlier runs are not judged here",
            remedy="write the bounds themselves",
        )
    kwargs, meta = entry.get("kwargs") or {}, entry.get("meta") or {}
    if not isinstance(kwargs, dict) or not isinstance(meta, dict):
        raise ConfigError(f"{place}: kwargs and meta are mappings", remedy="write name: value")
    if not exported and (unknown := sorted(set(map(str, meta)) - {"rule", "reason"})):
        raise ConfigError(
            f"{place}: unknown key {', '.join(unknown)} in meta", remedy="meta has rule and reason"
        )
    # In an export, a missing severity means critical, as in Great Expectations.
    severity = entry.get("severity", "critical" if exported else None)
    if severity not in SEVERITIES:
        raise ConfigError(
            f"{place}: severity: is {', '.join(SEVERITIES)}", remedy="only critical closes the gate"
        )
    _judgeable(place, kind)
    kwargs = {
        name: _given(place, value, parameters)
        for name, value in kwargs.items()
        if name not in _RUNTIME
    }
    named = [table, kind.removeprefix("expect_"), kwargs.get("column")]
    rule = meta.get("rule") or ".".join(str(part) for part in named if part)
    twins = sum(re.sub(r"#\d+$", "", item.rule) == rule for item in before)
    if twins and not meta.get("rule"):
        rule = f"{rule}#{twins + 1}"
    reason = meta.get("reason") or entry.get("description") or ""
    return Item(kind, kwargs, str(severity), str(rule), _words(reason))


def _judgeable(place: str, kind: str) -> None:
    if kind not in TYPES:
        raise ConfigError(
            f"{place}: Great Expectations has no such type",
            remedy="see docs/how-to/expectations.md, or write unexpected_rows_expectation",
        )
    if TYPES[kind].judge == "refused":
        why, _, remedy = TYPES[kind].note.partition(". ")
        raise ConfigError(f"{place}: {why}", remedy=remedy)


def _given(place: str, value: object, parameters: object) -> object:
    """A value with the suite's parameters filled in."""
    if isinstance(value, list):
        return [_given(place, part, parameters) for part in value]
    if not isinstance(value, dict):
        return value
    if "$PARAMETER" in value:
        name = value["$PARAMETER"]
        if not isinstance(parameters, dict) or name not in parameters:
            raise ConfigError(
                f"{place}: the parameter {name} has no value in the suite",
                remedy="write the value, or add it to suite_parameters",
            )
        return parameters[name]
    return {name: _given(place, part, parameters) for name, part in value.items()}


def _words(text: object) -> str:
    return " ".join(
        " ".join(map(str, text)).split() if isinstance(text, list) else str(text).split()
    )
