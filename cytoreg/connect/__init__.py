"""Add a source to a project: its section of cytoreg.toml, and staging models to start from.

Each kind drafts a declaration of everything that it finds; unwanted parts are left out here.
Nothing is written unless the whole project loads with it, and no value of a record is written.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from keyword import kwlist
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytoreg.connect.at_hand import NAME, at_hand, check_name
from cytoreg.connect.doubt import Doubt, check
from cytoreg.connect.survival import Meaning, Told, filled, published
from cytoreg.errors import ConfigError
from cytoreg.project.load import CONFIG, Project, escaped, expand, parse
from cytoreg.sources.beginnings import without_packing
from cytoreg.sources.declaration import Headed
from cytoreg.sources.drops.address import is_address
from cytoreg.sources.headings import words
from cytoreg.sources.items import Headings, Rows
from cytoreg.sources.kinds import kind_of, kinds, reader, sampling
from cytoreg.sources.reader import Draft

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.sources.declaration import Source

__all__ = ["Added", "Doubt", "Told", "add", "at_hand", "guess", "offered", "renamed"]

_ENTITY = re.compile(r"[a-z][a-z0-9_]*")
_SECRET = re.compile(
    r"://[^/@\s]*:(?!\$)[^/@\s]+@|[?&;][^=&;]*(?:pass|pwd|token|secret|key)[^=&;]*=(?!\$)",
    re.IGNORECASE,
)
"""A password before a host or among a URL's parameters; a `${NAME}` in its place is not one."""
_BY_TABLE = ("columns", "each", "groups", "items", "read_from", "views")
"""Keys of a declaration that may be mappings by table."""


@dataclass(frozen=True)
class Added:
    """What was written: the section of cytoreg.toml, and new files relative to the project."""

    section: str
    files: list[str]
    joined: list[str]
    """Existing staging models that do not yet read the new ones beside them."""
    headings: list[Headings]
    """The headings found in each file, if there are any."""


def guess(where: str, extracts: Path) -> str:
    """The likely kind of a path or a URL; '' if it is unclear.

    If several kinds have files with such a name, the content decides. Raises ConfigError for files
    that none of them reads.
    """
    if "://" in where and not is_address(where):
        return "" if where.casefold().startswith(("http://", "https://")) else "sql"
    name = without_packing(where)
    found = {kind: reader(kind) for kind in kinds()}
    named = {kind: its for kind, its in found.items() if name.endswith(its.endings)}
    if len(named) < 2:
        return next(iter(named), "")
    perhaps, refused = "", None
    for kind, its in named.items():
        try:
            told = its.recognizes(where, extracts)
        except ConfigError as error:
            refused = error
            continue
        if told:
            return kind
        if told is None:
            perhaps = perhaps or kind
    if refused and not perhaps:
        raise refused
    return perhaps


def offered(
    project: Project,
    name: str,
    kind: str,
    where: str,
    *,
    header: int | None = None,
    comment: str | None = None,
    missing: Sequence[str] = (),
) -> Draft:
    """Everything found at `where`, with the given keys in place of those found.

    Raises ConfigError for an invalid name or kind, for a key that the kind does not have, and for a
    URL with a secret in it; SourceError if it cannot be read.
    """
    check_name(project, name)
    its = reader(kind)
    if _SECRET.search(where):
        raise ConfigError(
            "a password does not belong in cytoreg.toml",
            remedy=f"export the URL, then: cytoreg sources add {name} '${{{name.upper()}_URL}}'",
        )
    meant = str(expand(where, project.root / CONFIG))
    found = its.draft(name, meant, project.extracts)
    keys = {key: where if value == meant else _literal(value) for key, value in found.keys.items()}
    given = {
        "header": header,
        "comment": comment or None,
        "missing": list(map(escaped, missing)) or None,
    }
    if header is not None or comment == "":
        keys.pop("comment", None)  # found beside another line of headings, or not a comment
    for key, value in given.items():
        if value is None:
            continue
        if key not in its.config.model_fields:
            fit = (one for one in kinds() if key in reader(one).config.model_fields)
            raise ConfigError(f"--{key} is not for {kind}", remedy=f"it is for {', '.join(fit)}")
        keys = {key: value, **keys} if key not in keys else keys | {key: value}
    return Draft({"kind": kind, **keys}, found.tables, found.called)


def _literal(value: object) -> object:
    """The found declaration, escaped so that cytoreg.toml takes its texts literally."""
    if isinstance(value, dict):
        return {key: _literal(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_literal(one) for one in value]
    return escaped(value) if isinstance(value, str) else value


def renamed(draft: Draft, name: str) -> Draft:
    """The draft of a source whose single table is named by cytoreg, with this name for it.

    A name that is not valid in cytoreg.toml is changed: `Deaths (2010)` becomes deaths_2010.
    """
    (old,) = draft.tables
    word = name if NAME.fullmatch(name) and name != "reject" else next(iter(words([name])))
    word = f"{word}_table" if word == "reject" else word
    keys = {
        key: {word: value[old]} if key in _BY_TABLE and isinstance(value, dict) and old in value
        else value
        for key, value in draft.keys.items()
    }  # fmt: skip
    return Draft(keys, [word], {word: name})


def add(
    project: Project,
    name: str,
    draft: Draft,
    tables: Mapping[str, str],
    *,
    sure: bool = False,
    told: Told | None = None,
) -> Added:
    """Append the section to cytoreg.toml, with these tables and their entities; write the models.

    A source of persons becomes the last in [linkage.precedence]. If `told` gives the meaning of one
    table's columns, an endpoint of survival, its cohort and suites are written as well. An existing
    staging model is not changed. Raises Doubt if headings may be a record and the caller is not
    `sure` that they are not, ConfigError for an invalid entity and when the project does not load
    with the section, SourceError when the source cannot be read as it declares.
    """
    import tomlkit

    if strange := [entity for entity in tables.values() if not _ENTITY.fullmatch(entity)]:
        raise ConfigError(
            f"an entity cannot be called {strange[0]!r}",
            remedy="use small letters, digits and underscores, as in treatment_line",
        )

    chosen = {**draft.keys, "tables": dict(tables)}
    for key in _BY_TABLE:
        if isinstance(said := chosen.get(key), dict) and not said.keys().isdisjoint(draft.tables):
            chosen[key] = {table: said[table] for table in tables if table in said}
    path = project.root / CONFIG
    before = path.read_text(encoding="utf-8").rstrip("\n")

    def section(keys: Mapping[str, object]) -> str:
        return tomlkit.dumps({"sources": {name: {k: its for k, its in keys.items() if its != {}}}})

    config = parse(f"{before}\n\n{section(chosen)}", path).sources[name]
    seen, headings = _columns(name, config, project.extracts)
    if "header" in type(config).model_fields:
        check(headings, seen.values(), sure=sure)
    found = {
        table: [column for column in rows.column_names if column[:1] != "_"]
        for table, rows in seen.items()
    }
    headed = {table: words(columns) for table, columns in found.items()}
    if isinstance(config, Headed):
        chosen["columns"] = {word: [escaped(its)] for word, its in words(*found.values()).items()}
        found = {table: list(words(columns)) for table, columns in found.items()}
    linkage = project.config.linkage
    ranked = _ranked(before, name) if linkage.entity in tables.values() else before
    said = section(chosen)
    meanings = {table: Meaning({}, [], linkage) for table in tables}
    files: dict[str, str] = {}
    joined = []
    if told:
        if len(tables) > 1:
            raise ConfigError(
                "a source of several tables has no single column of the person",
                remedy="add it with one of them: --table TABLE=ENTITY",
            )
        ((table, entity),) = tables.items()
        meanings[table] = told.among(headed[table], linkage)
        if (project.root / "schemas" / f"{entity}.py").exists():
            raise ConfigError(
                f"there are rules of {entity} already, which do not know these columns",
                remedy="name an entity that is new: --table TABLE=ENTITY",
            )
        if meanings[table].survival:
            endpoint, files = published(name, entity, meanings[table])
            said += "\n" + tomlkit.dumps({"survival": {name: endpoint}})
    text = f"{ranked}\n\n{said}"
    parse(text, path)
    cleaned = "cleaned_lines" if kind_of(config).several else "cleaned"
    for table, entity in tables.items():
        model = Path("sql") / "staging" / f"{entity}.sql"
        if (project.root / model).exists() or str(model) in files:
            joined.append(str(model))
            model = model.with_name(f"{entity}_{_distinct(name, table)}.sql")
        schema = Path("schemas") / f"{entity}.py"
        facts = {
            "source": name, "table": table, "entity": entity, "columns": words(found[table]),
            "meaning": meanings[table],
        }  # fmt: skip
        files[str(model)] = filled("staging.sql.j2", **facts, cleaned=cleaned)
        if not (project.root / schema).exists():
            files[str(schema)] = filled(
                "schema.py.j2",
                **facts,
                name=_class_name(entity),
                keywords=kwlist,
                refers="person" in meanings[table].of and entity != linkage.entity,
            )
    if taken := [file for file in files if (project.root / file).exists()]:
        raise ConfigError(f"{taken[0]} exists already", remedy="rename it, or the new source")
    for file, content in files.items():
        (project.root / file).parent.mkdir(parents=True, exist_ok=True)
        (project.root / file).write_text(content, encoding="utf-8")
    _replace(path, text)
    return Added(said, list(files), sorted(set(joined)), headings)


def _ranked(text: str, name: str) -> str:
    """cytoreg.toml with the source as the last of the sources of persons."""
    import tomlkit

    document = tomlkit.parse(text)
    default = document.unwrap()["linkage"]["precedence"].get("default")
    if default is None or name in default:
        return text
    order: Any = document["linkage"]
    order["precedence"]["default"].append(name)
    return tomlkit.dumps(document)


def _class_name(entity: str) -> str:
    """A name from which the entity's follows: `Form_1`, since `Form1` would become form1."""
    parts = [part.capitalize() for part in entity.split("_")]
    between = "" if all(len(part) > 1 and part[0].isalpha() for part in parts) else "_"
    return between.join(parts)


def _distinct(name: str, table: str) -> str:
    return name if table == name else f"{name}_{table}"


def _columns(
    name: str, config: Source, extracts: Path
) -> tuple[dict[str, pa.Table], list[Headings]]:
    """The first records of each table, and the headings of their columns."""
    found: dict[str, pa.Table] = {}
    headings: list[Headings] = []
    for item in sampling(name, config, extracts):
        if isinstance(item, Headings):
            headings.append(item)
        if isinstance(item, Rows) and item.table in config.tables:
            found.setdefault(item.table, item.rows)
            if found.keys() == config.tables.keys():
                break
    return found, headings


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)  # noqa: PTH105 - replaces what is there, on every system
