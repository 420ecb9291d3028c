"""A new source of a project: its section of cytoreg.toml, and staging models to start from.

Each kind drafts a declaration of all that it finds; what is not wanted of it is left out here.
Nothing is written before the whole project loads with it, and no record's value is.
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
from cytoreg.connect.drafts import DRAFTS, Draft
from cytoreg.connect.survival import Meaning, Told, filled, published
from cytoreg.errors import ConfigError, CytoregError
from cytoreg.project.load import CONFIG, Project, escaped, expand, parse
from cytoreg.sources.declaration import Headed
from cytoreg.sources.drops.address import is_address
from cytoreg.sources.files import check_text, open_bytes, open_utf8, texts
from cytoreg.sources.headings import words
from cytoreg.sources.items import Headings, Rows
from cytoreg.sources.kinds import KINDS, sampling

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.sources.config import AnySource

__all__ = ["Added", "Doubt", "Told", "add", "at_hand", "guess", "offered", "renamed"]

_ENTITY = re.compile(r"[a-z][a-z0-9_]*")
_SECRET = re.compile(
    r"://[^/@\s]*:(?!\$)[^/@\s]+@|[?&;][^=&;]*(?:pass|pwd|token|secret|key)[^=&;]*=(?!\$)",
    re.IGNORECASE,
)
"""A password before a host or among a URL's parameters; `${NAME}` in its place is none."""
_ENDINGS = {
    "cda": (".cda", ".ccda"),
    "csv": (".csv", ".tsv", ".tab"),
    "excel": (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    "fixed_width": (".txt", ".dat"),
    "hl7": (".hl7",),
    "json": (".json", ".jsonl"),
    "fhir": (".ndjson",),
    "naaccr_xml": (".xml",),
    "parquet": (".parquet", ".pq"),
    "sas": (".sas7bdat", ".sas7bcat", ".xpt"),
    "spss": (".sav", ".zsav", ".por"),
    "stata": (".dta",),
}
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_WITH_LINES = ("cda", "hl7")
"""Kinds whose cells may have several values, one a line."""
_NEITHER = "neither NAACCR XML nor CDA:"
_CDA = "{urn:hl7-org:v3}ClinicalDocument"
_LINE = 1 << 16
"""Bytes of a line that are looked at."""
_ABSTRACT = 3000
"""Bytes that a line of NAACCR exceeds, whatever its record type."""
_BY_TABLE = ("columns", "each", "items", "read_from", "views")
"""Keys of a declaration that may be mappings by table."""


_KINDS_WITH = {"header": ("csv", "excel"), "comment": ("csv",)}


@dataclass(frozen=True)
class Added:
    """What was written: the section of cytoreg.toml, and new files relative to the project."""

    section: str
    files: list[str]
    joined: list[str]
    """Staging models that do not yet read the new ones, which stand beside them."""
    headings: list[Headings]
    """What was taken for the headings of each file, where there are some."""


def guess(where: str, extracts: Path) -> str:
    """The kind that a path or a URL looks like; empty when it does not tell.

    What is called .txt may be of several kinds: its first lines tell. Raises ConfigError for XML
    that no kind reads.
    """
    text = where.casefold()
    if "://" in text and not is_address(text):
        return "" if text.startswith(("http://", "https://")) else "sql"
    for ending in _PACKED:
        text = text.removesuffix(ending)
    kind = next((kind for kind, endings in _ENDINGS.items() if text.endswith(endings)), "")
    if kind == "naaccr_xml":
        return _by_root(where, extracts)
    if kind in ("json", "fhir"):
        return "dataset_json" if _is_dataset(where, extracts) else kind
    return _by_lines(where, extracts) if kind == "fixed_width" else kind


def _is_dataset(where: str, extracts: Path) -> bool:
    """Whether the first file is CDISC Dataset-JSON."""
    from cytoreg.sources.cdisc.outline import NoDataset, outline

    try:
        path = texts("", where, extracts)[0]
        with open_utf8("", path, where, check_text("", path, where, "utf-8")) as file:
            outline(file)
    except NoDataset as error:
        return error.version != ""
    except CytoregError:  # which is said when the file is read
        return False
    return True


def _by_root(where: str, extracts: Path) -> str:
    """The kind that reads XML with these roots; raises ConfigError if none does."""
    from cytoreg.sources.naaccr.stream import NotNaaccr, OtherXml, root_of

    other = ""
    try:
        for path in texts("", where, extracts):
            with open_bytes("", path, where) as file:
                try:
                    root_of(file)
                except OtherXml as error:
                    if error.tag == _CDA:
                        return "cda"
                    root = error.tag.rpartition("}")[2]
                    other = other or f"{path.name} is XML, but {_NEITHER} its root is {root}"
                else:
                    return "naaccr_xml"
    except (CytoregError, NotNaaccr):  # which is said when the file is read
        return "naaccr_xml"
    raise ConfigError(
        other,
        remedy="in place of REDCap's or CDISC's ODM export the records as CSV, with the data"
        " dictionary; in place of FHIR in XML ask for FHIR in JSON",
    )


def _by_lines(where: str, extracts: Path) -> str:
    """The kind that the first two lines look like, of columns that begin at fixed places or not."""
    try:
        with open_bytes("", texts("", where, extracts)[0], where) as file:
            first, second = (file.readline(_LINE) for _ in range(2))
    except CytoregError:  # which is said when the file is read as what it is taken for
        return "fixed_width"
    if first.lstrip(b"\x0b")[:4] in (b"MSH|", b"FHS|", b"BHS|"):
        return "hl7"
    if len(first) > _ABSTRACT and first[16:19].isdigit():
        return "naaccr_flat"
    separated = any(first.count(sign) == second.count(sign) > 0 for sign in (b"\t", b";", b"|"))
    return "csv" if separated else "fixed_width"


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
    """All that is found at `where`, with the keys that are given in the place of those found.

    Raises ConfigError for a name or a kind that cannot be, for a key that the kind does not have,
    and for a URL with a secret in it; SourceError for what cannot be read.
    """
    check_name(project, name)
    if kind not in KINDS:
        raise ConfigError(f"there is no kind {kind}", remedy=f"there are {', '.join(KINDS)}")
    if _SECRET.search(where):
        raise ConfigError(
            "a password does not belong into cytoreg.toml",
            remedy=f"export the URL, then: cytoreg sources add {name} '${{{name.upper()}_URL}}'",
        )
    meant = str(expand(where, project.root / CONFIG))
    found = DRAFTS[kind](name, meant, project.extracts)
    keys = {key: where if value == meant else value for key, value in found.keys.items()}
    given = {
        "header": header,
        "comment": comment or None,
        "missing": list(map(escaped, missing)) or None,
    }
    if header is not None or comment == "":
        keys.pop("comment", None)  # what was found beside another line of headings, or is not one
    for key, value in given.items():
        if value is None:
            continue
        if key in _KINDS_WITH and kind not in _KINDS_WITH[key]:
            raise ConfigError(
                f"--{key} is not for {kind}", remedy=f"it is for {', '.join(_KINDS_WITH[key])}"
            )
        keys = {key: value, **keys} if key not in keys else keys | {key: value}
    return Draft({"kind": kind, **keys}, found.tables, found.called)


def renamed(draft: Draft, name: str) -> Draft:
    """The draft of a source of one table, which we have named, with this name for it.

    What cannot be a name in cytoreg.toml becomes one: `Deaths (2010)` is deaths_2010.
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

    A source of persons becomes the last in [linkage.precedence]. Where it is `told` what columns
    of one table mean, an endpoint of survival, its cohort and suites are written as well.
    A staging model that exists is not touched. Raises Doubt where headings may be a record and
    nobody is `sure` that they are none, ConfigError for an entity that cannot be and
    when the project does not load with the section, SourceError when the source cannot be read as
    it declares.
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
        return tomlkit.dumps({"sources": {name: keys}})

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
    cleaned = "cleaned_lines" if config.kind in _WITH_LINES else "cleaned"
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
    """cytoreg.toml with the source as the last of those that tell of persons."""
    import tomlkit

    document = tomlkit.parse(text)
    default = document.unwrap()["linkage"]["precedence"].get("default")
    if default is None or name in default:
        return text
    order: Any = document["linkage"]
    order["precedence"]["default"].append(name)
    return tomlkit.dumps(document)


def _class_name(entity: str) -> str:
    """A name from which the entity's follows: `Form_1` where `Form1` would be taken for form1."""
    parts = [part.capitalize() for part in entity.split("_")]
    between = "" if all(len(part) > 1 and part[0].isalpha() for part in parts) else "_"
    return between.join(parts)


def _distinct(name: str, table: str) -> str:
    return name if table == name else f"{name}_{table}"


def _columns(
    name: str, config: AnySource, extracts: Path
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
