"""Write a new source into a project: its section, and files to start from."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from keyword import kwlist
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.connect.doubt import check
from cytoreg.connect.draft import BY_TABLE
from cytoreg.connect.persons import has_persons, numbered, ranked
from cytoreg.connect.survival import Derived, Meaning, filled, longest, published
from cytoreg.connect.told import Told
from cytoreg.errors import ConfigError
from cytoreg.project.load import CONFIG, Project, escaped, parse
from cytoreg.sources.declaration import Headed
from cytoreg.sources.headings import words
from cytoreg.sources.items import Headings, Rows
from cytoreg.sources.kinds import kind_of, sampling
from cytoreg.sources.reader import Draft
from cytoreg.warehouse.connection import quote

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.sources.declaration import Source

_ENTITY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Added:
    """What was written: the section of cytoreg.toml, and new files relative to the project."""

    section: str
    files: list[str]
    joined: list[str]
    """Existing staging models that do not yet read the new ones beside them."""
    headings: list[Headings]
    """The headings found in each file, if there are any."""
    notes: list[str]
    """What the user should know about the columns' meaning."""


@dataclass(frozen=True)
class _Table:
    """A table of the new source, and the entity of its rows.

    columns: the words that name its columns, each with its column of the landing. cells: the SQL of
    their clean texts. derived: columns that staging adds.
    """

    source: str
    name: str
    entity: str
    columns: Mapping[str, str]
    cells: Mapping[str, str]
    meaning: Meaning
    derived: Sequence[Derived]


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
    _check_entities(tables.values())
    path, linkage = project.root / CONFIG, project.config.linkage
    before = path.read_text(encoding="utf-8").rstrip("\n")
    keys = _keys(draft, tables)
    config = parse(f"{before}\n\n{_dumped('sources', name, keys)}", path).sources[name]
    seen, headings = _columns(name, config, project.extracts)
    if "header" in type(config).model_fields:
        check(headings, seen.values(), sure=sure)
    headed = {
        table: words([column for column in rows.column_names if column[:1] != "_"])
        for table, rows in seen.items()
    }
    if isinstance(config, Headed):
        (columns,) = headed.values()
        keys["columns"] = {word: [escaped(heading)] for word, heading in columns.items()}
    said = _dumped("sources", name, keys)
    meant = Meaning(linkage)
    if told:
        table, entity = _only(tables)
        meant = told.among(headed[table], seen[table], linkage)
        _check_new(project, entity)
    if linkage.entity in tables.values():
        before = ranked(before, name)
    elif meant.survival and has_persons(project):
        before = numbered(before, *tables.values())
    files, joined = dict[str, str](), []
    for table, entity in tables.items():
        part = _table(name, table, entity, config, headed[table], meant)
        endpoint, models, beside = _files(project, part, files, tables.values())
        if endpoint:
            said += "\n" + _dumped("survival", name, endpoint)
        files |= models
        joined += beside
    text = f"{before}\n\n{said}"
    parse(text, path)
    _write(project.root, files)
    _replace(path, text)
    return Added(said, list(files), sorted(set(joined)), headings, meant.notes)


def _table(
    source: str,
    name: str,
    entity: str,
    config: Source,
    headings: Mapping[str, str],
    meaning: Meaning,
) -> _Table:
    """A table of the new source, from its words and their headings."""
    cleaned = "cleaned_lines" if kind_of(config).several else "cleaned"
    columns = headings
    if isinstance(config, Headed):  # whose landing has the words as columns
        columns = {word: word for word in headings}
    cells = {word: f"{cleaned}({quote(column)})" for word, column in columns.items()}
    derived = meaning.survival.derived(cells) if meaning.survival else []
    return _Table(source, name, entity, columns, cells, meaning, derived)


def _check_entities(entities: Iterable[str]) -> None:
    if strange := [entity for entity in entities if not _ENTITY.fullmatch(entity)]:
        raise ConfigError(
            f"an entity cannot be called {strange[0]!r}",
            remedy="use small letters, digits and underscores, as in treatment_line",
        )


def _keys(draft: Draft, tables: Mapping[str, str]) -> dict[str, object]:
    """The keys of the draft with the tables that are wanted."""
    keys: dict[str, object] = {**draft.keys, "tables": dict(tables)}
    for key in BY_TABLE:
        if isinstance(said := keys.get(key), dict) and not said.keys().isdisjoint(draft.tables):
            keys[key] = {table: said[table] for table in tables if table in said}
    return keys


def _dumped(part: str, name: str, keys: Mapping[str, object]) -> str:
    """A section of cytoreg.toml."""
    import tomlkit

    said = {key: value for key, value in keys.items() if value != {}}
    return tomlkit.dumps({part: {name: said}})


def _only(tables: Mapping[str, str]) -> tuple[str, str]:
    """The one table whose columns have a meaning, and its entity."""
    if len(tables) > 1:
        raise ConfigError(
            "a source of several tables has no single column of the person",
            remedy="add it with one of them: --table TABLE=ENTITY",
        )
    ((table, entity),) = tables.items()
    return table, entity


def _check_new(project: Project, entity: str) -> None:
    if (project.root / "schemas" / f"{entity}.py").exists():
        raise ConfigError(
            f"there are rules of {entity} already, which do not know these columns",
            remedy="name an entity that is new: --table TABLE=ENTITY",
        )


def _files(
    project: Project, table: _Table, others: Collection[str], entities: Collection[str]
) -> tuple[dict[str, object], dict[str, str], list[str]]:
    """The endpoint, if survival was told; the files; the model that does not read the new one yet.

    They are a staging model and, for an entity that is new, a schema and a suite. `others` are
    files of the source's other tables, `entities` what becomes of its tables.
    """
    model = Path("sql/staging") / f"{table.entity}.sql"
    joined = []
    if (project.root / model).exists() or str(model) in others:
        joined.append(str(model))
        model = model.with_name(f"{table.entity}_{_distinct(table.source, table.name)}.sql")
    meaning, linkage = table.meaning, project.config.linkage
    endpoint, files = dict[str, object](), dict[str, str]()
    if survival := meaning.survival:
        endpoint, files = published(table.source, table.entity, meaning, table.derived)
    facts = {
        "source": table.source,
        "table": table.name,
        "entity": table.entity,
        "columns": table.columns,
        "meaning": meaning,
        "derived": table.derived,
    }
    files[str(model)] = filled("staging.sql.j2", **facts, cells=table.cells)
    schema, suite = f"schemas/{table.entity}.py", f"expectations/accepted_{table.entity}.yaml"
    if not (project.root / schema).exists() and schema not in others:
        strange = table.entity != linkage.entity and not survival
        known = linkage.entity in entities or has_persons(project)
        files[schema] = filled(
            "schema.py.j2",
            **facts,
            name=_class_name(table.entity),
            keywords=kwlist,
            texts={word: tuple(texts) for word, texts in survival.strata.items() if texts}
            if survival
            else {},
            longest=longest(survival.unit) if survival and survival.unit else 0,
            refers=bool(meaning.person) and strange and known,
        )
        if not (project.root / suite).exists():
            files[suite] = filled(
                "accepted.yaml.j2",
                entity=table.entity,
                event=table.derived[-1].name if table.derived else "",
                number=linkage.number,
                one_record=bool(survival and not survival.only[0]),
            )
    return endpoint, files, joined


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files that are new; raises ConfigError if one exists."""
    if taken := [file for file in files if (folder / file).exists()]:
        raise ConfigError(f"{taken[0]} exists already", remedy="rename it, or the new source")
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(content, encoding="utf-8")


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
